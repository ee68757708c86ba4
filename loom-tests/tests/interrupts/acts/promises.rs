//! Acts on promises.
#![forbid(unsafe_code)]

use concurrent_futures_core::{Failure, Promise, Running, TaskError};

use super::{Acts, act_on};
use crate::life::Value;
use crate::world::Subject;
use crate::world::Who::{Member, Promised, Started};

static OVERRUN: Failure = Failure::new(7, "read too late");

impl Acts {
    pub(super) fn of_promises(&mut self) {
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
}

fn note_fulfilled(subject: &Subject, fulfilled: bool) {
    if fulfilled {
        subject.life.fulfilled.up();
    }
}
