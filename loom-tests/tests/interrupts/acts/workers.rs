//! Acts of workers, on those that sleep, and of whoever sleeps on a `WakeFlag`.
#![forbid(unsafe_code)]

use core::cell::Cell;

use concurrent_futures_core::WakeFlag;

use super::{Acts, act_on};
use crate::sleep::{Doze, Sleeper};
use crate::workers::Workers;
use crate::world::Who::Front;

impl Acts {
    pub(super) fn of_workers(&mut self) {
        for count in [0, 1, 2] {
            let name = |what| format!("{what}, {count} of whose workers sleep");
            self.add(name("submit"), &["ArenaExecutor::submit"], move |w| {
                w.workers[count].submit()
            });
            self.add(name("shut down"), &["ArenaExecutor::shutdown"], move |w| {
                w.workers[count].executor.shutdown();
                true
            });
            self.add(name("run one"), &["ArenaExecutor::run_one"], move |w| {
                w.workers[count].executor.run_one();
                true
            });
            for index in 0..count {
                self.add(
                    format!("turn of worker {index} of {count}"),
                    &["ArenaExecutor::run"],
                    move |w| w.workers[count].turn(index),
                );
                self.add(
                    format!("drop worker {index} of {count}"),
                    &["ArenaExecutor::run"],
                    move |w| w.workers[count].leave(index),
                );
            }
        }
    }

    pub(super) fn waiting_for_work(&mut self) {
        let about = &["ArenaExecutor::run_forever"];
        self.add("run forever", about, |w| run_forever(&w.workers[0]));
        self.add("run forever beside others", about, |w| run_forever(&w.workers[2]));
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

/// Runs what comes, and is told of the end when nothing does any more.
fn run_forever(workers: &Workers) -> bool {
    let sleeper = Sleeper::until(|| {
        workers.assert_rightly_asleep();
        workers.executor.shutdown();
    });
    workers.executor.run_forever(&sleeper);
    true
}
