//! What the operating system supplies to a pool of processes: to the parent behind the trait [`Sys`],
//! to the worker as plain functions in [`inside`].
//!
//! Nothing here knows what is said between the two.

mod channel;
mod exit;
mod launch;
mod platform;
mod poll;
mod sys;
mod worker;

pub(crate) use channel::{ATTACHED_AT_MOST, Channel};
pub(crate) use exit::Exit;
pub(crate) use launch::{Environment, Group, Inherited, Launch, Output};
pub(crate) use poll::{Interest, Poll, Ready, Waker, Watched};
pub(crate) use sys::{Os, Sys};
pub(crate) use worker::{Signalled, Spawned, Worker};
