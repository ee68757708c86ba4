//! The thread of a pool or a link that runs what is a user's: done callbacks, and what workers print. The others
//! move bytes, and must not be held up.
#![forbid(unsafe_code)]

use std::sync::mpsc::{Receiver, Sender, channel};

use crate::contain::contain;

/// Something to run.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Where jobs are brought to.
#[derive(Debug, Clone)]
pub(crate) struct Callbacks(Sender<Job>);

/// The jobs, in the order in which they were brought.
#[derive(Debug)]
pub(crate) struct Jobs(Receiver<Job>);

pub(crate) fn callbacks() -> (Callbacks, Jobs) {
    let (sender, receiver) = channel();
    (Callbacks(sender), Jobs(receiver))
}

impl Callbacks {
    /// Has a job run; in this thread, if that of the pool is gone.
    pub(crate) fn run(&self, job: Job) {
        if let Err(refused) = self.0.send(job) {
            contain(refused.0);
        }
    }
}

impl Jobs {
    /// Runs all that are brought, until nobody can bring any more.
    pub(crate) fn run(self) {
        while let Ok(job) = self.0.recv() {
            contain(job);
        }
    }
}
