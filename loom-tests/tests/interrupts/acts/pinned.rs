//! Acts on tasks in their caller's own memory.
#![forbid(unsafe_code)]

use concurrent_futures_core::{PinnedTask, TaskError};

use super::{Acts, act_on};
use crate::pinned::{Pinned, Task};
use crate::sleep::sleeper;

impl Acts {
    pub(super) fn of_pinned_tasks(&mut self) {
        self.add("submit pinned", &["ArenaExecutor::submit_pinned"], |w| {
            w.pinned[1].submit(w.executor)
        });
        self.add("submit pinned again", &["ArenaExecutor::submit_pinned"], |w| {
            w.pinned[0].submit(w.executor)
        });
        self.on_pinned("cancel pinned", &["PinnedTask::cancel"], |pinned| {
            let cancelled = pinned.task.with(|task| task.cancel());
            act_on(cancelled, |cancelled| pinned.life.note_cancel(cancelled))
        });
        self.on_pinned("poll pinned", &["PinnedTask::poll"], Pinned::poll);
        self.on_pinned("try result of pinned", &["PinnedTask::try_result"], |pinned| {
            pinned.look(PinnedTask::try_result)
        });
        let about = &[
            "PinnedTask::state",
            "PinnedTask::done",
            "PinnedTask::running",
            "PinnedTask::cancelled",
        ];
        self.on_pinned("look at pinned", about, |pinned| pinned.task.with(look_at).is_some());
    }

    fn on_pinned(
        &mut self,
        name: &str,
        about: &'static [&'static str],
        act: impl Fn(&Pinned) -> bool + Sync + Copy + 'static,
    ) {
        for index in [0, 1] {
            let name = format!("{name}, {}", ["queued", "not submitted"][index]);
            self.add(name, about, move |world| act(&world.pinned[index]));
        }
    }

    /// Dropping one waits too: for whoever runs it, which a handler may have interrupted.
    pub(super) fn waiting_for_pinned_tasks(&mut self) {
        self.on_pinned("drop pinned", &["PinnedTask::drop"], |pinned| {
            act_on(pinned.task.take(), |task| {
                pinned.life.left.up();
                drop(task);
            })
        });
        self.add("result of pinned", &["PinnedTask::result_with"], |w| {
            w.pinned[0].forget_poll();
            w.pinned[0].look(|task| Some(task.result_with(&sleeper(w))))
        });
        let about = &["PinnedTask::result_deadline_with"];
        self.add("result of pinned until a deadline", about, |w| {
            w.pinned[0].forget_poll();
            w.pinned[0].look(|task| {
                let outcome = task.result_deadline_with(&sleeper(w), ());
                Some(outcome).filter(|o| !o.as_ref().is_err_and(TaskError::is_timed_out))
            })
        });
    }
}

/// Everything that only looks.
///
/// # Panics
/// If a state that is stable was not.
fn look_at(task: &Task) {
    let (cancelled, done) = (task.cancelled(), task.done());
    let _ = (task.running(), task.state());
    assert!(!done || task.done(), "done, and then not");
    assert!(!cancelled || task.cancelled(), "cancelled, and then not");
}
