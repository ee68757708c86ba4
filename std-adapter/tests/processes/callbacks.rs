//! Callbacks that do what they should not, or may.

use std::sync::{Arc, Mutex, mpsc};

use concurrent_futures::{Future, ProcessPoolExecutor, Shutdown, ShutdownError};

use crate::kit::{Case, alone, builder, result, until, usable, within};
use crate::tasks::{act, act_at, add};

/// A call that ends when its gate is opened, so that callbacks can be added before.
fn held(case: &mut Case, pool: &ProcessPoolExecutor) -> (Future<u64>, crate::kit::Gate) {
    let gate = case.gate();
    let call = case.watch("held", pool.submit(act_at, (1000, gate.name())).unwrap());
    (call, gate)
}

#[test]
fn a_callback_that_panics_stops_nobody() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        let (call, gate) = held(case, &pool);
        let (told, tell) = mpsc::channel();
        concurrent_futures::set_callback_panic_hook(move |payload| {
            told.send(*payload.downcast::<&str>().unwrap()).unwrap();
        });
        let (done, after) = mpsc::channel();
        call.add_done_callback(|_| panic!("in a callback"));
        call.add_done_callback(move |_| done.send(()).unwrap());
        gate.open();
        after.recv().unwrap();
        assert_eq!(tell.recv().unwrap(), "in a callback");
        assert_eq!(result(call).unwrap(), 1000);
        usable(&pool);
        concurrent_futures::set_callback_panic_hook(|_| {});
    });
}

#[test]
fn a_callback_that_blocks_holds_up_callbacks_and_nothing_else() {
    alone(|case| {
        let pool = builder(2).build().unwrap();
        let (call, gate) = held(case, &pool);
        let (open, closed) = mpsc::channel::<()>();
        let (entered, inside) = mpsc::channel();
        call.add_done_callback(move |_| {
            entered.send(()).unwrap();
            closed.recv().unwrap();
        });
        gate.open();
        inside.recv().unwrap();
        for id in 0..200 {
            assert_eq!(result(pool.submit(act, id).unwrap()).unwrap(), id);
        }
        open.send(()).unwrap();
        drop(pool);
    });
}

#[test]
fn a_callback_may_submit_also_where_the_queue_is_full() {
    alone(|case| {
        let pool = Arc::new(builder(1).queue_capacity(1).build().unwrap());
        let (call, gate) = held(case, &pool);
        until("it runs", || call.running().then_some(()));
        let queued = case.watch("queued", pool.submit(act, 1).unwrap());
        let (done, outcomes) = mpsc::channel();
        let theirs = pool.clone();
        call.add_done_callback(move |_| {
            // Others would wait for room; a callback, for which all wait, must not.
            let submitted: Vec<_> = (10..20).map(|id| theirs.submit(act, id).ok()).collect();
            done.send(submitted).unwrap();
        });
        gate.open();
        let submitted = outcomes.recv().unwrap();
        assert_eq!(result(queued).unwrap(), 1);
        for call in submitted.into_iter().flatten() {
            assert!(result(case.watch("submitted", call)).is_ok());
        }
        usable(&pool);
    });
}

#[test]
fn a_callback_may_cancel() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        let (call, gate) = held(case, &pool);
        let gate_of_second = case.gate();
        let second = pool.submit(act_at, (2000, gate_of_second.name())).unwrap();
        let second = case.watch("second", second);
        let queued = case.watch("queued", pool.submit(act, 1).unwrap());
        let canceller = queued.canceller();
        let (done, outcome) = mpsc::channel();
        call.add_done_callback(move |_| done.send(canceller.cancel()).unwrap());
        gate.open();
        assert!(outcome.recv().unwrap());
        assert!(result(queued).unwrap_err().is_cancelled());
        gate_of_second.open();
        assert_eq!(result(second).unwrap(), 2000);
        assert!(!case.begun().contains(&1));
    });
}

#[test]
fn a_callback_may_drop_the_pool() {
    alone(|case| {
        let pool = Arc::new(Mutex::new(Some(builder(1).build().unwrap())));
        let (call, gate) = held(case, pool.lock().unwrap().as_ref().unwrap());
        let queued = pool.lock().unwrap().as_ref().unwrap().submit(act, 1).unwrap();
        let queued = case.watch("queued", queued);
        let (done, dropped) = mpsc::channel();
        call.add_done_callback(move |_| {
            drop(pool.lock().unwrap().take());
            done.send(()).unwrap();
        });
        gate.open();
        within("the pool is dropped", move || dropped.recv().unwrap());
        assert_eq!(result(queued).unwrap(), 1, "what was accepted is run");
    });
}

#[test]
fn a_callback_may_shut_the_pool_down_and_not_wait_for_it() {
    alone(|case| {
        let pool = Arc::new(builder(1).build().unwrap());
        let (call, gate) = held(case, &pool);
        let queued = case.watch("queued", pool.submit(act, 1).unwrap());
        let (done, outcome) = mpsc::channel();
        let theirs = pool.clone();
        call.add_done_callback(move |_| {
            let waiting = theirs.shutdown(Shutdown::wait());
            let again = theirs.shutdown(Shutdown::detach());
            done.send((waiting, again)).unwrap();
        });
        gate.open();
        let (waiting, again) = outcome.recv().unwrap();
        assert_eq!(waiting, Err(ShutdownError::WouldDeadlock));
        assert_eq!(again, Ok(()));
        assert_eq!(result(queued).unwrap(), 1);
        assert!(pool.submit(add, (1, 1)).is_err());
        pool.shutdown(Shutdown::wait()).unwrap();
    });
}

#[test]
fn a_callback_may_kill_the_workers() {
    alone(|case| {
        let pool = Arc::new(builder(2).build().unwrap());
        let (call, gate) = held(case, &pool);
        let other_gate = case.gate();
        let other = pool.submit(act_at, (2000, other_gate.name())).unwrap();
        let other = case.watch("other", other);
        until("it runs", || other.running().then_some(()));
        let theirs = pool.clone();
        call.add_done_callback(move |_| theirs.kill_workers());
        gate.open();
        let error = result(other).unwrap_err();
        assert_eq!(error.kind(), concurrent_futures::TaskErrorKind::Killed);
        assert_eq!(result(call).unwrap(), 1000);
    });
}

#[test]
fn callbacks_of_a_future_that_is_gone_are_called() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        for id in 0..20 {
            drop(case.watch(format!("call {id}"), pool.submit(act, id).unwrap()));
        }
        drop(pool);
        assert_eq!(case.begun().len(), 20);
    });
}
