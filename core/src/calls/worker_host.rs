//! [`WorkerHost`]: what a worker's loop needs of the place where it runs.
#![forbid(unsafe_code)]

use alloc::string::String;

use super::frame::FrameHeader;
use super::messages::Welcome;
use super::surroundings::Surroundings;

/// Whether a call is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Start {
    /// Run it: the parent knows from now on that it is running.
    Run,
    /// Leave it: the parent has recalled it, or cannot be told any more.
    Skip,
}

/// What a worker's loop needs of the place where it runs: who tells the parent of a start, and a clock.
///
/// The loop calls these on its own thread, one at a time, and never while a function runs. None of them should
/// panic: such a panic goes through the loop to whoever called [`receive`](super::WorkerLoop::receive). What a
/// host has to do besides is to read frames, hand each to `receive`, write what that gives back before the
/// next frame, and end when `receive` says so, when its answer is an error, or when the stream ends.
pub trait WorkerHost: Surroundings {
    /// Tells the parent that this call is about to run, before it does.
    ///
    /// A host that shares places with the parent takes the place named in the header from offered to started by one
    /// compare-and-swap: if that fails, the call was recalled. Any other writes the frame that
    /// [`started_frame`](super::started_frame) gives.
    ///
    /// This begins a call: what was attached for the one before is forgotten.
    fn start(&mut self, call: &FrameHeader) -> Start;

    /// Takes the conditions under which the parent wants this worker to work, before anything is run.
    ///
    /// # Errors
    /// Why they cannot be kept. The parent is told, and the worker ends.
    fn welcome(&mut self, welcome: &Welcome) -> Result<(), String>;

    /// The time since any fixed moment, in units of 100 ns; it never goes back. Always 0 where there is no clock.
    fn now(&self) -> u64;

    /// How many bytes have been attached since the call was started.
    fn attached(&self) -> u64 {
        0
    }
}
