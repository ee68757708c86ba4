//! The end of a link that is wanted.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use concurrent_futures::{
    CallErrorReason, FutureState, RefusedReason, Shutdown, ShutdownError, TaskErrorKind,
};

use crate::support::{Gate, area, builder, hold, link, pipes, until_running, within};

#[test]
fn dropping_it_waits_for_what_was_accepted() {
    within(|| {
        let (link, worker) = link();
        let gate = Gate::closed();
        let held = link.submit(hold, gate.number()).expect("accepted");
        let behind = link.submit(area, (6, 7)).expect("accepted");
        let dropping = thread::spawn(move || drop(link));
        until_running(&held);
        assert!(!dropping.is_finished());
        drop(gate);
        dropping.join().expect("it does not panic");
        assert!(held.done() && behind.done());
        worker.join().expect("it was told to go");
    });
}

#[test]
fn dropping_it_waits_for_callbacks() {
    within(|| {
        let (link, _worker) = link();
        let (sender, receiver) = mpsc::channel();
        let future = link.submit(area, (6, 7)).expect("accepted");
        future.add_done_callback(move |_| {
            thread::sleep(Duration::from_millis(20)); // long enough for a drop that does not wait
            sender.send(()).expect("somebody listens");
        });
        drop(link);
        receiver.try_recv().expect("it was called");
    });
}

#[test]
fn an_unused_link_ends_at_once() {
    within(|| {
        let (link, _) = link();
        drop(link);
        let [(reader, writer), _silent] = pipes();
        drop(builder().build(reader, writer).expect("threads"));
    });
}

#[test]
fn what_has_not_started_can_be_cancelled_at_the_end() {
    within(|| {
        let (link, _worker) = link();
        let gate = Gate::closed();
        let held = link.submit(hold, gate.number()).expect("accepted");
        let behind = link.submit(area, (6, 7)).expect("accepted");
        until_running(&held);
        link.shutdown(Shutdown::detach().cancel_futures()).expect("it does not wait");
        assert_eq!(behind.state(), FutureState::Cancelled);
        drop(gate);
        assert!(held.result().is_ok());
        let refused = link.submit(area, (6, 7)).expect_err("it is closed");
        assert_eq!(*refused.reason(), CallErrorReason::Refused(RefusedReason::ShutDown));
    });
}

#[test]
fn an_end_that_takes_too_long_says_what_is_left() {
    within(|| {
        let (link, _worker) = link();
        let gate = Gate::closed();
        let held = link.submit(hold, gate.number()).expect("accepted");
        let _behind = link.submit(area, (6, 7)).expect("accepted");
        until_running(&held);
        match link.shutdown(Shutdown::wait_timeout(Duration::from_millis(10))) {
            Err(ShutdownError::TimedOut(left)) => assert_eq!((left.tasks, left.workers), (1, 1)),
            other => panic!("{other:?}"),
        }
        drop(gate);
        link.shutdown(Shutdown::wait()).expect("it ends");
        link.shutdown(Shutdown::wait()).expect("it has ended");
    });
}

#[test]
fn a_callback_cannot_wait_for_the_end() {
    within(|| {
        let (link, _worker) = link();
        let link = std::sync::Arc::new(link);
        let (sender, receiver) = mpsc::channel();
        let gate = Gate::closed();
        let future = link.submit(hold, gate.number()).expect("accepted");
        future.add_done_callback({
            let link = link.clone();
            move |_| sender.send(link.shutdown(Shutdown::wait())).expect("somebody listens")
        });
        drop(gate);
        let ended = receiver.recv().expect("it is called");
        assert_eq!(ended, Err(ShutdownError::WouldDeadlock));
        link.shutdown(Shutdown::wait()).expect("elsewhere one can");
    });
}

#[test]
fn the_last_handle_may_be_dropped_in_a_callback() {
    within(|| {
        let (link, worker) = link();
        let gate = Gate::closed();
        let future = link.submit(hold, gate.number()).expect("accepted");
        future.add_done_callback(move |_| drop(link));
        drop(gate);
        assert!(future.result().is_ok());
        worker.join().expect("it was told to go");
    });
}

#[test]
fn a_callback_that_blocks_holds_up_no_call() {
    within(|| {
        let (link, _worker) = link();
        let (sender, receiver) = mpsc::channel::<()>();
        let future = link.submit(area, (1, 1)).expect("accepted");
        future.add_done_callback(move |_| {
            let _ = receiver.recv(); // an end, when the test has seen enough
        });
        for n in 0..10 {
            assert_eq!(link.submit(area, (n, 1)).expect("accepted").result().expect("a value"), n);
        }
        drop(sender);
    });
}

#[test]
fn disconnected_it_waits_for_nobody() {
    within(|| {
        let (link, _worker) = link();
        let gate = Gate::closed();
        let held = link.submit(hold, gate.number()).expect("accepted");
        let behind = link.submit(area, (6, 7)).expect("accepted");
        until_running(&held);
        link.disconnect();
        assert_eq!(held.result().expect_err("it is lost").kind(), TaskErrorKind::Killed);
        assert_eq!(behind.result().expect_err("it is over").kind(), TaskErrorKind::Cancelled);
        let refused = link.submit(area, (6, 7)).expect_err("it is over");
        assert_eq!(*refused.reason(), CallErrorReason::Refused(RefusedReason::ShutDown));
        drop(link); // while the worker is still at it
        drop(gate);
    });
}
