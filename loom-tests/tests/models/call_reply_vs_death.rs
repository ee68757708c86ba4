//! A worker's reply is heard while somebody else notices that it died.

use concurrent_futures_core::TaskErrorKind;
use concurrent_futures_core::calls::Exit;
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::call_support::{outcome, running};
use crate::support::Count;

/// I1, I3, I5: a reply that was heard counts, otherwise the call is lost; its callback is called once.
///
/// Turned red by: a dead worker whose calls are forgotten, or all come home; an aftermath that forgets its callbacks.
#[test]
fn it_has_a_value_or_is_lost() {
    model(Bound::Exhaustive, || {
        let (calls, worker, call, mut future) = running(7);
        let told = Count::default();
        let tell = told.clone();
        future.add_done_callback(move |_| tell.up());
        let (desk, worker) = (calls.clone(), std::sync::Arc::new(worker));
        let replier = worker.clone();
        let reply = thread::spawn(move || replier.reply(&desk, &call));
        worker.die(&calls, Exit::Signal(11));
        reply.join().unwrap();
        let outcome = outcome(&mut future);
        assert!(matches!(outcome, Ok(7) | Err(TaskErrorKind::WorkerLost)), "{outcome:?}");
        assert_eq!(told.get(), 1);
        calls.end([]);
    });
}

/// I1, I2, I3, I5: whoever waits for it is told, once it is either.
///
/// Turned red by: a dead worker whose calls are forgotten; a landing that does not wake the waiter.
#[test]
fn the_blocked_thread_is_told() {
    // Three actors: two seconds with 3 preemptions.
    model(Bound::Preemptions(3), || {
        let (calls, worker, call, future) = running(7);
        let worker = std::sync::Arc::new(worker);
        let (desk, replier) = (calls.clone(), worker.clone());
        let reply = thread::spawn(move || replier.reply(&desk, &call));
        let desk = calls.clone();
        let death = thread::spawn(move || worker.die(&desk, Exit::Signal(11)));
        match future.result() {
            Ok(value) => assert_eq!(value, 7),
            Err(error) => assert_eq!(error.kind(), TaskErrorKind::WorkerLost),
        }
        reply.join().unwrap();
        death.join().unwrap();
        calls.end([]);
    });
}
