//! [`wait`]: until enough of several futures are done.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::time::Duration;
use std::time::Instant;

use super::claims::Claims;
use super::members::Waitable;
use super::next::{NoNext, next};
use super::seats::Seats;
use crate::thread_parker::ThreadParker;

/// When [`wait`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReturnWhen {
    /// When all are done.
    AllCompleted,
    /// When one is done.
    FirstCompleted,
    /// When one has failed (being cancelled is not failing), or all are done.
    FirstException,
    /// When so many are done, or all.
    Completed(usize),
}

/// Why [`wait`] returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitEnd {
    /// What was waited for has happened.
    Condition,
    /// The time was up.
    TimedOut,
    /// It could never happen: what is not done are tasks that wait here themselves, or would have
    /// to be run on top of too many others.
    WouldDeadlock,
}

/// What [`wait`] gives back.
#[derive(Debug)]
#[non_exhaustive]
pub struct Waited<F> {
    /// Those that are done, in the order given.
    pub done: Vec<F>,
    /// Those that are not, in the order given.
    pub not_done: Vec<F>,
    /// Why it returned.
    pub end: WaitEnd,
}

/// Waits until enough of the futures are done, or the time is up.
///
/// Takes what [`as_completed`](crate::as_completed) takes, and gives it back sorted into done and
/// not done. Being cancelled is being done. In a task of the futures' own executor, without a
/// timeout, members are run right here: at once when all are waited for, otherwise once no other
/// worker is left who could.
///
/// # Examples
/// ```
/// use concurrent_futures_core::{ReturnWhen, promise, wait};
/// let (one, first) = promise();
/// let (_two, second) = promise::<u8>();
/// one.complete(1).ok();
/// let waited = wait([first, second], None, ReturnWhen::FirstCompleted);
/// assert_eq!((waited.done.len(), waited.not_done.len()), (1, 1));
/// ```
pub fn wait<I>(futures: I, timeout: Option<Duration>, return_when: ReturnWhen) -> Waited<I::Item>
where
    I: IntoIterator,
    I::Item: Waitable,
{
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut set = Seats::new();
    set.extend(futures);
    let end = wait_in(&mut set, deadline, return_when);
    let (done, not_done) = set.take_all().into_iter().partition(|future| future.is_done());
    Waited { done, not_done, end }
}

fn wait_in<F: Waitable>(
    set: &mut Seats<F>,
    deadline: Option<Instant>,
    return_when: ReturnWhen,
) -> WaitEnd {
    let most = set.len();
    let (enough, stop_at_failure) = match return_when {
        ReturnWhen::AllCompleted => (most, false),
        ReturnWhen::FirstCompleted => (1, false),
        ReturnWhen::FirstException => (most, true),
        ReturnWhen::Completed(count) => (count.min(most), false),
    };
    let claims = match return_when {
        _ if deadline.is_some() => Claims::Never,
        ReturnWhen::AllCompleted => Claims::Eager,
        _ => Claims::AtLast,
    };
    let park = ThreadParker::current();
    let mut done = 0;
    while done < enough {
        match next(set, &park, deadline, claims) {
            Ok(None) => break,
            Ok(Some(index)) if stop_at_failure && set.failed(index) => break,
            Ok(Some(_)) => done += 1,
            Err(NoNext::DeadlinePassed) => return WaitEnd::TimedOut,
            Err(NoNext::WouldDeadlock) => return WaitEnd::WouldDeadlock,
        }
    }
    WaitEnd::Condition
}
