//! Acts on futures, their guards and cancellers.
#![forbid(unsafe_code)]

use core::fmt::Write as _;
use core::future::Future as _;
use core::pin::Pin;
use core::task::{Context, Poll};

use concurrent_futures_core::{CancelOnDrop, Canceller, Future, TaskError, Waitable as _};

use super::{Acts, act_on};
use crate::life::{Bell, Value};
use crate::sleep::sleeper;
use crate::world::Subject;
use crate::world::Who::{self, Done, Front, Member, Next, Promised, QueuedMember, Started};

/// Those whose future is at hand.
const WITH_FUTURE: [Who; 5] = [Front, Next, Promised, Started, Done];

impl Acts {
    pub(super) fn of_futures(&mut self) {
        let whose = &WITH_FUTURE;
        self.on_each(whose, "poll", &["Future::poll"], Subject::poll);
        self.on_each(whose, "try result", &["Future::try_result"], Subject::look);
        self.on_each(whose, "drop a future", &["Future::drop"], |s| act_on(s.future.take(), drop));
        self.on_each(whose, "cancel", &["Future::cancel"], |s| {
            act_on(s.future.with(Future::cancel), |cancelled| s.life.note_cancel(cancelled))
        });
        self.on_each(whose, "add a callback", &["Future::add_static_callback"], |s| {
            act_on(s.future.with(|f| f.add_static_callback(s.callback)), |added| {
                if added.is_ok() {
                    s.life.callback_added();
                }
            })
        });
        let about = &[
            "Future::state",
            "Future::done",
            "Future::is_done",
            "Waitable::is_done",
            "Future::running",
            "Future::cancelled",
            "Future::stop_requested",
            "Future::id",
        ];
        self.on_each(whose, "look", about, |s| s.future.with(look_at).is_some());
        self.on_each(&[Front, Started], "request stop", &["Future::request_stop"], |s| {
            s.future.with(Future::request_stop).is_some()
        });
        self.on_each(&[Front, Promised], "canceller", &["Future::canceller"], |s| {
            act_on(s.future.with(Future::canceller), |canceller| s.canceller.renew(canceller))
        });
        self.of_guards();
    }

    fn of_guards(&mut self) {
        let whose = &[Front, Promised];
        let about = &["Future::cancel_on_drop", "CancelOnDrop::drop"];
        self.on_each(whose, "cancel on drop", about, |s| {
            act_on(s.future.take(), |future| {
                s.life.left.up();
                drop(future.cancel_on_drop());
            })
        });
        let about = &["CancelOnDrop::poll", "CancelOnDrop::into_inner"];
        self.on_each(&[Front, Started], "poll a guard", about, |s| {
            act_on(s.future.take(), |future| {
                let mut guard = future.cancel_on_drop();
                s.forget_poll();
                let (_, waker) = Bell::new();
                let polled = Pin::new(&mut guard).poll(&mut Context::from_waker(&waker));
                if let Poll::Ready(outcome) = polled {
                    s.life.note_outcome(outcome);
                }
                act_on(CancelOnDrop::into_inner(guard), |future| s.future.put(future));
            })
        });
    }

    pub(super) fn of_cancellers(&mut self) {
        let whose = &[Front, Next, Promised, Started, Done, Member, QueuedMember];
        self.on_each(whose, "cancel by canceller", &["Canceller::cancel"], |s| {
            act_on(s.canceller.with(Canceller::cancel), |cancelled| s.life.note_cancel(cancelled))
        });
        self.on_each(whose, "drop a canceller", &["Canceller::drop"], |s| {
            act_on(s.canceller.take(), drop)
        });
        let about = &["Canceller::clone", "Canceller::done", "Canceller::stop_requested"];
        self.on_each(&[Front, Done], "clone a canceller", about, |s| {
            let look = |canceller: &Canceller| canceller.done() || canceller.stop_requested();
            s.canceller.with(|canceller| look(&canceller.clone())).is_some()
        });
        self.on_each(&[Front, Started], "stop by canceller", &["Canceller::request_stop"], |s| {
            s.canceller.with(Canceller::request_stop).is_some()
        });
    }

    pub(super) fn waiting_for_futures(&mut self) {
        for who in [Front, Promised, Started, Done] {
            self.add(format!("result, {who:?}"), &["Future::result_with"], move |w| {
                let subject = w.of(who);
                act_on(subject.future.take(), |future| {
                    subject.life.note_outcome(future.result_with(&sleeper(w)));
                })
            });
            let about = &["Future::result_deadline_with"];
            self.add(format!("result until a deadline, {who:?}"), about, move |w| {
                let subject = w.of(who);
                let sleep =
                    |future: &mut Future<Value>| future.result_deadline_with(&sleeper(w), ());
                subject.forget_poll();
                act_on(subject.future.with_mut(sleep), |outcome| {
                    if !outcome.as_ref().is_err_and(TaskError::is_timed_out) {
                        subject.life.note_outcome(outcome);
                    }
                })
            });
        }
    }
}

/// Everything that only looks.
///
/// # Panics
/// If a state that is stable was not.
fn look_at(future: &Future<Value>) {
    let (cancelled, done) = (future.cancelled(), future.is_done());
    let _ = (future.running(), future.stop_requested(), future.id());
    let state = future.state();
    let mut text = String::new();
    write!(text, "{future:?} {state}").expect("text can be written");
    assert!(!done || future.done(), "done, and then not");
    assert!(!cancelled || future.cancelled(), "cancelled, and then not");
}
