//! Acts of workers, on those that sleep, and of whoever sleeps on a `WakeFlag`.
#![forbid(unsafe_code)]

use core::cell::Cell;

use concurrent_futures_core::WakeFlag;

use super::{Acts, act_on};
use crate::sleep::{Doze, Sleeper};
use crate::world::Who::Front;

impl Acts {
    pub(super) fn of_workers(&mut self) {
        self.add("submit to workers", &["ArenaExecutor::submit"], |w| w.workers.submit());
        self.add("shut workers down", &["ArenaExecutor::shutdown"], |w| {
            w.workers.executor.shutdown();
            true
        });
        self.add("run one of the workers' tasks", &["ArenaExecutor::run_one"], |w| {
            w.workers.executor.run_one();
            true
        });
        for index in [0, 1] {
            self.add(format!("turn of worker {index}"), &["ArenaExecutor::run"], move |w| {
                w.workers.turn(index)
            });
            self.add(format!("drop worker {index}"), &["ArenaExecutor::run"], move |w| {
                w.workers.leave(index)
            });
        }
    }

    pub(super) fn waiting_for_work(&mut self) {
        self.add("run forever", &["ArenaExecutor::run_forever"], |w| {
            let sleeper = Sleeper::until(
                |w| {
                    w.workers.assert_rightly_asleep();
                    w.workers.executor.shutdown();
                },
                w,
            );
            w.workers.executor.run_forever(&sleeper);
            true
        });
        let about = &["WakeFlag::parker", "Parker::waker", "Parker::park"];
        self.add("result by a parker", about, |w| {
            act_on(w.of(Front).future.take(), |future| {
                let flag: &'static WakeFlag<Doze> =
                    Box::leak(Box::new(WakeFlag::new(Doze(w.executor))));
                w.of(Front).life.note_outcome(future.result_with(&flag.parker()));
            })
        });
        self.add("result by a parker with a clock", &["WakeFlag::parker_with_clock"], |w| {
            let now = Cell::new(0);
            let tick = || now.replace(now.get() + 1);
            let flag: &'static WakeFlag<Doze> =
                Box::leak(Box::new(WakeFlag::new(Doze(w.executor))));
            let front = w.of(Front);
            front.forget_poll();
            act_on(
                front.future.with_mut(|f| f.result_deadline_with(&flag.parker_with_clock(tick), 2)),
                |outcome| {
                    if !outcome.as_ref().is_err_and(|error| error.is_timed_out()) {
                        front.life.note_outcome(outcome);
                    }
                },
            )
        });
    }
}
