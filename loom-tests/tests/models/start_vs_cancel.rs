//! A promise starts while its future is cancelled.

use concurrent_futures_core::{FutureState, promise};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::support::Tracked;

/// I1: what has started cannot be cancelled, what was cancelled cannot start, and one of the two happens.
///
/// Turned red by: a cancel of what is running, a start of what was cancelled.
#[test]
fn one_of_them_is_refused() {
    model(Bound::Exhaustive, || {
        let (promise, future) = promise();
        let starter = thread::spawn(move || match promise.start() {
            Ok(running) => {
                running.complete(Tracked::new(7));
                true
            }
            Err(_) => false,
        });
        let cancelled = future.cancel();
        let state = future.state();
        assert_eq!(cancelled, state == FutureState::Cancelled);
        assert!(cancelled || state != FutureState::Pending);
        assert_ne!(cancelled, starter.join().unwrap());
    });
}
