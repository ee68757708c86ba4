//! Running a function on bytes.
//!
//! Each step is contained by itself: whatever panics, it is known where, and the values of the other steps are
//! dropped here and not while the stack unwinds, where a second panic would end the process.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::any::Any;

use super::callee::{Callee, Portable};
use super::codec::{decode, encode_into};
use super::codec_error::{DecodeError, EncodeError};
use super::limits::Limits;
use super::panic_report::PanicReport;
use super::surroundings::{Contain, Surroundings};

/// What comes of a call that the function has returned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A value.
    Value,
    /// An `Err`, which the caller takes for a failure.
    Raised,
}

/// In which step of a call something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// The arguments were being read.
    Arguments,
    /// The function was running, or the arguments that it had been given were being dropped.
    Run,
    /// The result was being written.
    Result,
}

/// Why a call has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunError {
    /// The arguments could not be read.
    Arguments(DecodeError),
    /// The result could not be written.
    Result(EncodeError),
    /// Something panicked.
    Panicked(Phase, PanicReport),
}

/// What a function is to be run on.
pub(super) struct Job<'a> {
    /// The bytes of its arguments.
    pub(super) arguments: &'a [u8],
    pub(super) limits: &'a Limits,
    /// Whether an `Err` is a failure.
    pub(super) fallible: bool,
    pub(super) surroundings: &'a mut dyn Surroundings,
    /// What the bytes of the result are appended to, or nothing if there is none.
    pub(super) reply: &'a mut Vec<u8>,
}

/// Runs a function of a type that only its entry knows.
pub(super) type Runner = fn(&(dyn Any + Send + Sync), Job<'_>) -> Result<Verdict, RunError>;

/// The [`Runner`] of functions of type `F`.
///
/// # Errors
/// Why there is no result.
pub(super) fn run<F, A, M>(
    function: &(dyn Any + Send + Sync),
    mut job: Job<'_>,
) -> Result<Verdict, RunError>
where
    F: Callee<A, M>,
    A: Portable,
{
    let Some(function) = function.downcast_ref::<F>() else { return Err(of_another_type()) };
    let contain = job.surroundings.contain();
    let arguments = job.read_arguments(contain)?;
    let result = contained(contain, || function.call(arguments))
        .map_err(|report| RunError::Panicked(Phase::Run, report))?;
    let verdict = job.write_result(contain, &result);
    if core::mem::needs_drop::<F::Output>() {
        // The bytes are there: a panic in here costs the caller nothing.
        let _ = contained(contain, || drop(result));
    }
    verdict
}

/// An entry is made of a function and the runner of its type, so this is never seen.
#[cold]
fn of_another_type() -> RunError {
    RunError::Arguments(DecodeError::Custom("for a function of another type".into()))
}

impl Job<'_> {
    /// # Errors
    /// Why there are none.
    fn read_arguments<A: Portable>(&mut self, contain: Contain) -> Result<A, RunError> {
        let read = || decode(self.arguments, self.limits, self.surroundings.detach());
        match contained(contain, read) {
            Ok(decoded) => decoded.map_err(RunError::Arguments),
            Err(report) => Err(RunError::Panicked(Phase::Arguments, report)),
        }
    }

    /// # Errors
    /// Why it is not written; the reply is then as before.
    fn write_result<R: Portable>(
        &mut self,
        contain: Contain,
        result: &R,
    ) -> Result<Verdict, RunError> {
        let before = self.reply.len();
        let write = || encode_into(self.reply, result, self.limits, self.surroundings.attach());
        let error = match contained(contain, write) {
            Ok(Ok(())) => return Ok(self.verdict(before)),
            Ok(Err(error)) => RunError::Result(error),
            Err(report) => RunError::Panicked(Phase::Result, report),
        };
        self.reply.truncate(before);
        Err(error)
    }

    /// An encoded `Err` starts with a 1, as does nothing else where the function returns a `Result`.
    fn verdict(&self, before: usize) -> Verdict {
        match self.reply.get(before) {
            Some(1) if self.fallible => Verdict::Raised,
            _ => Verdict::Value,
        }
    }
}

/// # Errors
/// What is left of a panic, or what to say of a host that did not run it.
fn contained<R>(contain: Contain, f: impl FnOnce() -> R) -> Result<R, PanicReport> {
    let (mut f, mut value) = (Some(f), None);
    contain(&mut || value = f.take().map(|f| f()))?;
    value.ok_or_else(|| PanicReport::new("it was not run"))
}
