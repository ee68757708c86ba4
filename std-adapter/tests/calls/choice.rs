//! One program over threads and over processes, chosen at run time.

use std::process;

use concurrent_futures::{
    AnyTaskExecutor, MapOptions, ProcessPoolExecutor, Shutdown, TaskErrorKind, TaskExecutor,
    ThreadPoolExecutor,
};

use crate::functions::{Unsendable, add, double, own_pid, parse, pid_of, touch};
use crate::support::{pool, within, workers};

/// What a program might do, whatever it is given.
fn program(executor: &impl TaskExecutor) {
    assert_eq!(executor.submit_task(double, 21).unwrap().result().unwrap(), 42);
    assert_eq!(executor.submit_task(add, (40, 2)).unwrap().result().unwrap(), 42);
    let parsed = executor.submit_task(parse, "x".into()).unwrap().result();
    assert!(parsed.unwrap().is_err(), "a value");
    let failed = executor.submit_task_fallible(parse, "x".into()).unwrap().result().unwrap_err();
    assert_eq!(failed.kind(), TaskErrorKind::Failed);
    assert!(failed.message().starts_with("x: "));

    assert_eq!(executor.map_task(double, 0..3).into_vec().unwrap(), [0, 2, 4]);
    let options = MapOptions::new().chunk_size(7);
    let doubled = executor.map_task_with(options, double, 0..100).into_vec().unwrap();
    assert_eq!((doubled.len(), doubled[99]), (100, 198));
    let texts = || ["1", "x", "3"].map(String::from);
    let outcomes: Vec<_> = executor.map_task_fallible(parse, texts()).collect();
    assert!(matches!(&outcomes[..], [Ok(1), Err(_), Ok(3)]), "{outcomes:?}");
    let chunked = executor.map_task_fallible_with(options, parse, texts());
    assert!(matches!(&chunked.collect::<Vec<_>>()[..], [Ok(1), Err(_), Ok(3)]));

    executor.shutdown(Shutdown::wait()).unwrap();
    assert_eq!((executor.remaining().tasks, executor.counters().failed), (0, 1 + 1));
    let refused = executor.submit_task(double, 5).unwrap_err();
    assert_eq!(refused.into_inner(), 5, "the arguments come back");
}

/// As `program` counts: chunks count as one task, and only a task that fails as a whole is one that failed.
#[test]
fn a_program_runs_in_threads_as_in_processes() {
    within(|| {
        program(&ThreadPoolExecutor::new(2).unwrap());
        program(&workers(2));
    });
}

#[test]
fn which_of_the_two_can_be_chosen_at_run_time() {
    fn choose(kind: &str) -> AnyTaskExecutor {
        match kind {
            "io" => ThreadPoolExecutor::new(2).unwrap().into(),
            _ => ProcessPoolExecutor::builder().quiet().max_workers(2).build().unwrap().into(),
        }
    }
    within(|| {
        for (kind, here) in [("io", true), ("cpu", false)] {
            let executor = choose(kind);
            let pid = executor.submit_task(own_pid, ()).unwrap().result().unwrap();
            assert_eq!(pid == process::id(), here, "{kind}");
            let pids = executor.map_task(pid_of, 0..4).into_vec().unwrap();
            assert!(pids.iter().all(|pid| (*pid == process::id()) == here), "{kind}");
            program(&executor);
        }
    });
}

#[test]
fn threads_encode_nothing() {
    within(|| {
        let threads = ThreadPoolExecutor::new(1).unwrap();
        let touched = threads.submit_task(touch, Unsendable(1)).unwrap().result().unwrap();
        assert_eq!(touched, Unsendable(2));
        let options = MapOptions::new().chunk_size(2);
        let items = [Unsendable(1), Unsendable(2)];
        let touched = threads.map_task_with(options, touch, items).into_vec().unwrap();
        assert_eq!(touched, [Unsendable(2), Unsendable(3)]);

        let refused = pool().max_workers(1).build().unwrap().submit_task(touch, Unsendable(1));
        assert_eq!(refused.unwrap_err().into_inner(), Unsendable(1));
    });
}
