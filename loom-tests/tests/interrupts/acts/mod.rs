//! What a context may do: each act can be interrupted, and each but those that wait can be what an interrupt
//! does.
#![forbid(unsafe_code)]

mod futures;
mod pinned;
mod promises;
mod sets;
mod workers;

use crate::world::Who::Spare;
use crate::world::{Subject, Who, World};

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
    acts.of_pinned_tasks();
    acts.of_workers();
    let first = acts.0.len();
    acts.waiting_for_futures();
    acts.waiting_for_sets();
    acts.waiting_for_pinned_tasks();
    acts.waiting_for_work();
    acts.0[first..].iter_mut().for_each(|act| act.by = By::Thread);
    acts.0
}

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
        self.add("submit a task that submits", &["ArenaExecutor::submit"], |w| {
            let executor = w.executor;
            let task = move || drop(executor.submit(|| ()));
            executor.submit(task).is_ok()
        });
        self.add("promise", &["ArenaExecutor::promise"], World::promise);
        self.add("run one", &["ArenaExecutor::run_one"], |w| w.executor.run_one());
        self.add("run pending", &["ArenaExecutor::run_pending"], |w| w.executor.run_pending() > 0);
        self.add("shut down", &["ArenaExecutor::shutdown"], |w| {
            w.executor.shutdown();
            true
        });
        self.add("cancel queued", &["ArenaExecutor::cancel_queued"], |w| {
            let cancelled = w.executor.cancel_queued();
            w.somebody_cancelled_what_was_queued();
            cancelled > 0
        });
        let about = &["ArenaExecutor::queued", "ArenaExecutor::free_slots"];
        self.add("count", about, |w| w.executor.queued() + w.executor.free_slots() < 100);
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
}

/// Does it with what there is; says whether there was anything.
fn act_on<T>(what: Option<T>, act: impl FnOnce(T)) -> bool {
    what.map(act).is_some()
}
