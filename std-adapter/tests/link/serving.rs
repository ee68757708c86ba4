//! A worker that does what it should: the futures are the usual ones.

use std::sync::mpsc;
use std::time::Duration;

use concurrent_futures::calls::{Limits, ServeSettings};
use concurrent_futures::{
    CallErrorReason, CallOptions, RefusedReason, Shutdown, ShutdownError, TaskErrorKind,
    as_completed,
};

use crate::support::{
    Gate, area, builder, fails, half, hold, length, link, link_with, unknown, unregistered, until,
    until_running, within, zeros,
};

#[test]
fn a_call_returns_what_the_function_returns() {
    within(|| {
        let (link, worker) = link();
        assert_eq!(link.submit(area, (6, 7)).expect("accepted").result().expect("a value"), 42);
        drop(link);
        worker.join().expect("it was told to go");
    });
}
