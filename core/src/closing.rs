//! [`Closing`]: who wants to know that an executor accepts nothing any more.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::task::Waker;
// Not the model's: nothing is ordered by it, and what looks at it again is not modelled.
use std::sync::Mutex;

/// Whether an executor was closed, and whom to tell.
#[derive(Debug, Default)]
pub(crate) struct Closing(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    closed: bool,
    watching: Vec<Waker>,
}

impl Closing {
    /// It was; tells everybody, once.
    pub(crate) fn close(&self) {
        let watching = self.with(|state| {
            state.closed = true;
            core::mem::take(&mut state.watching)
        });
        for waker in watching {
            let _ = crate::contain::contain(|| waker.wake());
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.0.lock().unwrap_or_else(|poison| poison.into_inner()))
    }
}

crate::sync::not_modeled! {
    impl Closing {
        /// Whether it was closed; registers the waker if not.
        pub(crate) fn poll_closed(&self, waker: &Waker) -> core::task::Poll<()> {
            let entry = waker.clone();
            let (closed, unused) = self.with(|state| {
                let known = state.watching.iter().any(|other| other.will_wake(&entry));
                if state.closed || known {
                    return (state.closed, Some(entry));
                }
                state.watching.push(entry);
                (false, None)
            });
            drop(unused);
            if closed { core::task::Poll::Ready(()) } else { core::task::Poll::Pending }
        }

        /// Whether it was closed.
        pub(crate) fn is_closed(&self) -> bool {
            self.with(|state| state.closed)
        }
    }
}
