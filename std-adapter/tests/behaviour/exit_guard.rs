//! A pool in a static, and the guard that ends it.

use std::sync::LazyLock;

use concurrent_futures::{AnyExecutor, InlineBackend, RefusedReason, Shutdown, ThreadPoolExecutor};

use crate::support::{Blocker, Counter, in_child, is_child, pool, within};

static POOL: LazyLock<ThreadPoolExecutor> =
    LazyLock::new(|| ThreadPoolExecutor::new(1).expect("one is a number of threads"));

const TASKS: usize = 200;

/// What `main` does in a program: tasks that print, behind one another.
fn submit_to_the_static_pool() {
    for _ in 0..TASKS {
        drop(POOL.submit(|| println!("\nran")).unwrap());
    }
}

#[test]
fn a_pool_in_a_static_loses_nothing_when_the_program_returns() {
    if is_child() {
        let _guard = POOL.exit_guard();
        submit_to_the_static_pool();
        return;
    }
    within(|| {
        let test = "exit_guard::a_pool_in_a_static_loses_nothing_when_the_program_returns";
        let ended = in_child(&[], test);
        assert!(ended.status.success(), "{}", ended.printed);
        assert_eq!(ended.lines("ran"), TASKS, "{}", ended.printed);
    });
}

#[test]
fn nor_when_it_panics() {
    if is_child() {
        let _guard = POOL.exit_guard();
        submit_to_the_static_pool();
        panic!("as `main` may");
    }
    within(|| {
        let ended = in_child(&[], "exit_guard::nor_when_it_panics");
        assert!(!ended.status.success(), "{}", ended.printed);
        assert_eq!(ended.lines("ran"), TASKS, "{}", ended.printed);
    });
}

#[test]
fn the_guard_closes_the_pool_and_waits_for_its_threads() {
    within(|| {
        let pool = pool(2);
        let ran = Counter::new();
        let guard = pool.exit_guard();
        for _ in 0..100 {
            let ran = ran.clone();
            drop(pool.submit(move || ran.count()).unwrap());
        }
        drop(guard);
        assert_eq!((ran.get(), ran.handles()), (100, 1));
        assert_eq!((pool.remaining().tasks, pool.remaining().workers), (0, 0));
        assert_eq!(*pool.submit(|| ()).unwrap_err().reason(), RefusedReason::ShutDown);
        drop(pool.exit_guard()); // a second one finds nothing to do
    });
}

#[test]
fn it_shuts_down_as_it_is_told_to() {
    within(|| {
        let pool = pool(1);
        let blocker = Blocker::occupy(&pool);
        let queued = pool.submit(|| ()).unwrap();
        drop(pool.exit_guard().with(Shutdown::detach().cancel_futures()));
        assert!(queued.cancelled());
        blocker.release();
    });
}

#[test]
fn dropped_in_a_task_of_the_pool_it_does_not_wait() {
    within(|| {
        let pool = std::sync::Arc::new(pool(1));
        let inside = pool.clone();
        let future = pool.submit(move || drop(inside.exit_guard())).unwrap();
        future.result().unwrap();
        assert_eq!(*pool.submit(|| ()).unwrap_err().reason(), RefusedReason::ShutDown);
    });
}

#[test]
fn an_executor_chosen_at_run_time_has_one_too() {
    let executor = AnyExecutor::new(InlineBackend);
    drop(executor.exit_guard());
    assert_eq!(*executor.submit(|| ()).unwrap_err().reason(), RefusedReason::ShutDown);
}
