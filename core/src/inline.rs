//! [`InlineBackend`]: the simplest answer to the contract.
#![forbid(unsafe_code)]

use crate::backend::{Backend, Refused};
use crate::task::Task;

/// Runs every task at once, in the call to `submit`. For tests, and for programs that choose at
/// run time not to be concurrent.
#[derive(Debug, Clone, Copy, Default)]
pub struct InlineBackend;

impl Backend for InlineBackend {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        task.run();
        Ok(())
    }
}
