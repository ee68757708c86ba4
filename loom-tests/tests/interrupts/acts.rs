//! What a context may do: each act can be interrupted, and each but those that wait can be what an interrupt
//! does.
#![forbid(unsafe_code)]

use core::fmt::Write as _;
use core::future::Future as _;
use core::pin::Pin;
use core::task::{Context, Poll};

use concurrent_futures_core::{
    CancelOnDrop, Canceller, Failure, Future, Promise, Running, TaskError,
};

use crate::life::{Bell, Value};
use crate::sleep::Sleeper;
use crate::world::{Set, Subject, Who, World};

/// Who may do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// A thread, and an interrupt handler.
    Anybody,
    /// A thread only: it waits.
    Thread,
}

/// One act.
pub(crate) struct Act {
    pub(crate) name: String,
    /// The public functions that it is about, as `Type::function`.
    pub(crate) about: &'static [&'static str],
    pub(crate) by: By,
    /// Does it; says whether there was anything to do.
    pub(crate) act: Box<dyn Fn(&World) -> bool + Sync>,
}

/// All acts.
pub(crate) fn acts() -> Vec<Act> {
    let mut acts = Acts(Vec::new());
    acts.of_executors();
    acts.of_promises();
    acts.of_futures();
    acts.of_cancellers();
    acts.of_mailboxes();
    acts.of_sets();
    acts.that_wait();
    acts.0
}

use Who::{Done, Front, Member, Next, Promised, QueuedMember, Spare, Started};

/// Those whose future is at hand.
const WITH_FUTURE: [Who; 5] = [Front, Next, Promised, Started, Done];

static OVERRUN: Failure = Failure::new(7, "read too late");

struct Acts(Vec<Act>);

impl Acts {
    fn add(
        &mut self,
        name: impl Into<String>,
        about: &'static [&'static str],
        act: impl Fn(&World) -> bool + Sync + 'static,
    ) {
        self.0.push(Act { name: name.into(), about, by: By::Anybody, act: Box::new(act) });
    }

    /// An act on each of those.
    fn on_each(
        &mut self,
        whose: &[Who],
        name: &str,
        about: &'static [&'static str],
        act: impl Fn(&Subject) -> bool + Sync + Copy + 'static,
    ) {
        for &who in whose {
            self.add(format!("{name}, {who:?}"), about, move |world| act(world.of(who)));
        }
    }

    fn of_executors(&mut self) {
        self.add("submit", &["ArenaExecutor::submit"], World::submit);
        self.add("submit fallible", &["ArenaExecutor::submit_fallible"], World::submit_fallible);
        self.add("submit until full", &["ArenaExecutor::submit", "SubmitError::into_inner"], |w| {
            while w.submit() {}
            true
        });
        self.add("promise", &["ArenaExecutor::promise"], World::promise);
        self.add("run one", &["ArenaExecutor::run_one"], |w| w.executor.run_one());
        self.add("run pending", &["ArenaExecutor::run_pending"], |w| w.executor.run_pending() > 0);
        let about = &["ArenaExecutor::queued", "ArenaExecutor::free_slots"];
        self.add("count", about, |w| w.executor.queued() + w.executor.free_slots() < 100);
    }

    fn of_promises(&mut self) {
        let whose = &[Promised, Member];
        self.on_each(whose, "start", &["Promise::start"], |s| {
            act_on(s.promise.take().map(Promise::start), |started| {
                if let Ok(running) = started {
                    s.running.put(running);
                }
            })
        });
        self.on_each(whose, "complete", &["Promise::complete"], |s| {
            act_on(s.promise.take(), |promise| {
                note_fulfilled(s, promise.complete(Value::new(&s.life)).is_ok());
            })
        });
        self.on_each(whose, "fail", &["Promise::fail"], |s| {
            let error = || TaskError::from(&OVERRUN);
            act_on(s.promise.take(), |promise| note_fulfilled(s, promise.fail(error()).is_ok()))
        });
        self.on_each(whose, "cancel a promise", &["Promise::cancel"], |s| {
            act_on(s.promise.take(), |promise| {
                promise.cancel();
                s.life.note_cancel(true);
            })
        });
        self.on_each(whose, "drop a promise", &["Promise::drop"], |s| {
            act_on(s.promise.take(), drop)
        });
        self.on_each(whose, "look at a promise", &["Promise::stop_requested"], |s| {
            s.promise.with(Promise::stop_requested).is_some()
        });
        self.of_started_promises();
    }

    fn of_started_promises(&mut self) {
        let whose = &[Started];
        self.on_each(whose, "complete a running one", &["Running::complete"], |s| {
            act_on(s.running.take(), |running| {
                running.complete(Value::new(&s.life));
                note_fulfilled(s, true);
            })
        });
        self.on_each(whose, "fail a running one", &["Running::fail"], |s| {
            act_on(s.running.take(), |running| {
                running.fail((&OVERRUN).into());
                note_fulfilled(s, true);
            })
        });
        self.on_each(whose, "suspend", &["Running::suspend"], |s| {
            act_on(s.running.take(), |running| s.promise.put(running.suspend()))
        });
        self.on_each(whose, "drop a running one", &["Running::drop"], |s| {
            act_on(s.running.take(), drop)
        });
        self.on_each(whose, "look at a running one", &["Running::stop_requested"], |s| {
            s.running.with(Running::stop_requested).is_some()
        });
    }

    fn of_futures(&mut self) {
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

    fn of_cancellers(&mut self) {
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

    fn of_mailboxes(&mut self) {
        self.add("take mail", &["Mailbox::take"], |w| act_on(w.mailbox.take(), drop));
        self.add("put mail", &["Mailbox::put"], |w| {
            act_on(w.of(Spare).future.take(), |future| w.mailbox.put(future))
        });
        self.add("replace mail", &["Mailbox::replace"], |w| {
            act_on(w.of(Spare).future.take(), |future| drop(w.mailbox.replace(future)))
        });
    }

    fn of_sets(&mut self) {
        self.on_set("insert", &["FixedWaitSet::insert"], |w, set| {
            act_on(w.of(Front).future.take(), |future| drop(set.as_mut().insert(future)))
        });
        self.on_set("insert one that is done", &["FixedWaitSet::insert"], |w, set| {
            act_on(w.of(Done).future.take(), |future| drop(set.as_mut().insert(future)))
        });
        for (index, name) in ["remove a member", "remove a queued member"].into_iter().enumerate() {
            self.on_set(name, &["FixedWaitSet::remove"], move |w, set| {
                let key = w.keys.get()[index];
                act_on(key.and_then(|key| set.as_mut().remove(key)), drop)
            });
        }
        self.on_set("try next", &["FixedWaitSet::try_next"], |_, set| {
            drop(set.as_mut().try_next());
            true
        });
        self.on_set("poll next", &["FixedWaitSet::poll_next"], |w, set| {
            w.poll_set(set, false);
            true
        });
        let about = &["FixedWaitSet::next_async", "NextFixed::poll", "NextFixed::drop"];
        self.on_set("poll next async", about, |w, set| {
            w.poll_set(set, true);
            true
        });
        let about = &[
            "FixedWaitSet::get",
            "FixedWaitSet::contains",
            "FixedWaitSet::len",
            "FixedWaitSet::is_empty",
            "FixedWaitSet::iter",
        ];
        self.on_set("look at a set", about, |w, set| {
            let key = w.keys.get()[0];
            let there = key.is_some_and(|key| set.contains(key) && set.get(key).is_some());
            there | set.iter().any(Future::done) | set.is_empty() | (set.len() > 1)
        });
        self.add("drop a set", &["FixedWaitSet::drop"], |w| act_on(w.set.take(), drop));
    }

    fn on_set(
        &mut self,
        name: &str,
        about: &'static [&'static str],
        act: impl Fn(&World, &mut Set) -> bool + Sync + 'static,
    ) {
        self.add(name, about, move |w| w.set.with_mut(|set| act(w, set)) == Some(true));
    }

    fn that_wait(&mut self) {
        let first = self.0.len();
        for who in [Front, Promised, Started, Done] {
            self.add(format!("result, {who:?}"), &["Future::result_with"], move |w| {
                let subject = w.of(who);
                act_on(subject.future.take(), |future| {
                    subject.life.note_outcome(future.result_with(&Sleeper::new(w)));
                })
            });
            let about = &["Future::result_deadline_with"];
            self.add(format!("result until a deadline, {who:?}"), about, move |w| {
                let subject = w.of(who);
                let sleep =
                    |future: &mut Future<Value>| future.result_deadline_with(&Sleeper::new(w), ());
                subject.forget_poll();
                act_on(subject.future.with_mut(sleep), |outcome| {
                    if !outcome.as_ref().is_err_and(TaskError::is_timed_out) {
                        subject.life.note_outcome(outcome);
                    }
                })
            });
        }
        for deadline in [None, Some(())] {
            let name = if deadline.is_some() { "next until a deadline" } else { "next" };
            self.on_set(name, &["FixedWaitSet::next_with"], move |w, set| {
                drop(set.as_mut().next_with(&Sleeper::new(w), deadline));
                true
            });
        }
        self.0[first..].iter_mut().for_each(|act| act.by = By::Thread);
    }
}

/// Does it with what there is; says whether there was anything.
fn act_on<T>(what: Option<T>, act: impl FnOnce(T)) -> bool {
    what.map(act).is_some()
}

fn note_fulfilled(subject: &Subject, fulfilled: bool) {
    if fulfilled {
        subject.life.fulfilled.up();
    }
}

/// Everything that only looks.
///
/// # Panics
/// If a state that is stable was not.
fn look_at(future: &Future<Value>) {
    let (cancelled, done) = (future.cancelled(), future.done());
    let _ = (future.running(), future.stop_requested(), future.id());
    let state = future.state();
    let mut text = String::new();
    write!(text, "{future:?} {state}").expect("text can be written");
    assert!(!done || future.done(), "done, and then not");
    assert!(!cancelled || future.cancelled(), "cancelled, and then not");
}
