//! [`Closing`]: who wants to know that an executor accepts nothing any more, and who submits to it
//! without keeping it.
//!
//! It outlives the executor, so that whoever only asks never has the backend in its hands.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::task::Waker;
// Not the model's: nothing is ordered by it, and what looks at it again is not modelled.
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread::{self, ThreadId};

/// Whether an executor was closed, and whom to tell.
#[derive(Debug, Default)]
pub(crate) struct Closing {
    state: Mutex<State>,
    /// A visitor has left.
    left: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    watching: Vec<Waker>,
    /// The threads that are holding the executor while they submit. Some may do so several times.
    visitors: Vec<ThreadId>,
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

    /// Blocks until nobody else holds the executor, which was closed. A thread does not wait for
    /// itself: it lets the executor go later, and is the one that dropped it all the same.
    pub(crate) fn wait_alone(&self) {
        let mut state = self.lock();
        while state.others_visit() {
            state = self.left.wait(state).unwrap_or_else(|poison| poison.into_inner());
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poison| poison.into_inner())
    }
}

impl State {
    fn others_visit(&self) -> bool {
        !self.visitors.is_empty() && {
            let this = thread::current().id();
            self.visitors.iter().any(|visitor| *visitor != this)
        }
    }
}

crate::sync::not_modeled! {
    impl Closing {
        /// Registers the calling thread as one that is about to hold the executor, unless closed.
        pub(crate) fn enter(&self) -> bool {
            let this = thread::current().id();
            self.with(|state| {
                if !state.closed {
                    state.visitors.push(this);
                }
                !state.closed
            })
        }

        /// The calling thread holds it no longer: takes back one `enter`.
        pub(crate) fn leave(&self) {
            let this = thread::current().id();
            self.with(|state| {
                let at = state.visitors.iter().position(|visitor| *visitor == this);
                at.map(|at| state.visitors.swap_remove(at))
            });
            self.left.notify_all();
        }

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
