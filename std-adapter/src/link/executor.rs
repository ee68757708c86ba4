//! [`LinkExecutor`].
#![forbid(unsafe_code)]

use std::fmt;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use concurrent_futures_core::calls::CallDesk;
use concurrent_futures_core::calls::link::Link;
use concurrent_futures_core::{Counters, Remaining, Shutdown, ShutdownError};

use super::builder::{LinkBuildError, LinkBuilder};
use super::caller::LinkCaller;
use super::desk::LinkDesk;
use super::streams::FAREWELL;
use crate::CallOptions;

/// Calls registered functions in one worker at the other end of a link: a socket to another machine, a pipe, a serial
/// line to a board.
///
/// The worker runs [`serve`](crate::calls::serve()), which needs no operating system, over its end of the link. Both have
/// the same functions under the same names; they compare them first. The futures are those of any other executor.
///
/// The worker speaks first, when it starts. Of a board behind a serial line, open the line first, and then let the board
/// start; its first word is not said again.
///
/// # Cancellation
/// One call at a time is sent, and the others wait here, where they can be cancelled. One that was sent cannot: `cancel`
/// says so. `running` is true when the worker has said that it began. Calls can be sent
/// [ahead](LinkBuilder::calls_ahead), where latency counts for more than that.
///
/// # What can go wrong
/// Every call that was accepted resolves once. If the link ends, cannot be read or written, or brings what makes no sense,
/// it is given up: the call that was at the worker fails as [`WorkerLost`](crate::TaskErrorKind::WorkerLost), those that
/// wait as [`PoolBroken`](crate::TaskErrorKind::PoolBroken), and later ones are refused, all with the cause. No call is
/// sent twice. A worker that starts again and says its first word again costs the call that it had; the others go on.
///
/// A call that never returns cannot be stopped from here. With a [`run_timeout`](CallOptions::run_timeout) its future
/// fails in time; the worker gets no other call until it answers, and its late answer is dropped.
/// [`disconnect`](Self::disconnect) ends all of it.
///
/// # The end
/// Dropping it accepts nothing more, waits until what was accepted has ended, tells the worker to go, and drops the writer.
/// In a callback of its own, or after a shutdown that detached it, it does not wait. The reader is dropped by the thread
/// that reads, when it next comes back from that: at the end of the stream, or after its timeout, if it has one.
///
/// # Examples
/// ```no_run
/// use concurrent_futures::{LinkExecutor, as_completed, task};
/// use std::net::TcpStream;
///
/// #[task]
/// fn area(width: u32, height: u32) -> u32 {
///     width * height
/// }
///
/// let stream = TcpStream::connect("board.local:7000")?;
/// let board = LinkExecutor::new(stream.try_clone()?, stream)?;
/// let futures = [(6, 7), (2, 3)].map(|size| board.submit(area, size));
/// for future in as_completed(futures.into_iter().collect::<Result<Vec<_>, _>>()?) {
///     println!("{}", future.result()?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LinkExecutor {
    caller: LinkCaller,
    options: CallOptions,
    detached: AtomicBool,
}

impl LinkExecutor {
    /// Calls the functions with [`#[task]`](macro@crate::task) of this program in the worker behind this reader and this
    /// writer, both of which block.
    ///
    /// # Errors
    /// The functions contradict each other; the system has no threads left.
    pub fn new(
        reader: impl Read + Send + 'static,
        writer: impl Write + Send + 'static,
    ) -> Result<Self, LinkBuildError> {
        Self::builder().build(reader, writer)
    }

    /// All that can be chosen.
    pub fn builder() -> LinkBuilder {
        LinkBuilder::new()
    }

    pub(super) fn assemble(caller: LinkCaller, options: CallOptions) -> Self {
        Self { caller, options, detached: AtomicBool::new(false) }
    }

    pub(super) fn caller(&self) -> &LinkCaller {
        &self.caller
    }

    pub(super) fn desk(&self) -> &CallDesk<LinkDesk> {
        &self.caller.desk
    }

    pub(super) fn options(&self) -> CallOptions {
        self.options
    }

    /// Accepts nothing from now on, and waits for the end of what was accepted, as `how` says. Idempotent; callable from
    /// any thread and callback.
    ///
    /// # Errors
    /// `WouldDeadlock` in a callback of this very link (it is closed all the same), `TimedOut` with what remains.
    pub fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError> {
        if self.desk().is_copy() {
            return Ok(());
        }
        self.desk().with(|link, now| match how.cancels_futures() {
            true => _ = link.close_and_cancel(now),
            false => link.close(now),
        });
        // ORDERING: Relaxed; read again by whoever drops the executor, and has it alone.
        self.detached.store(!how.waits(), Ordering::Relaxed);
        if !how.waits() {
            return Ok(());
        }
        if self.desk().is_own_thread() {
            return Err(ShutdownError::WouldDeadlock);
        }
        let deadline = how.timeout().and_then(|timeout| Instant::now().checked_add(timeout));
        match self.wait_for_end(deadline) {
            true => Ok(()),
            false => Err(ShutdownError::TimedOut(self.remaining())),
        }
    }

    /// Ends the link now, without waiting: the call at the worker fails as
    /// [`Killed`](crate::TaskErrorKind::Killed), the others are cancelled, and the worker is told nothing. It may go on
    /// with its call, unless it sees that the link is closed.
    pub fn disconnect(&self) {
        if !self.desk().is_copy() {
            self.desk().with(Link::disconnect);
        }
    }

    /// What it has done so far.
    pub fn counters(&self) -> Counters {
        self.desk().look(Link::counters)
    }

    /// What it still has to do.
    pub fn remaining(&self) -> Remaining {
        self.desk().look(Link::remaining)
    }

    /// There are not all of the threads that the end would be waited for.
    pub(super) fn detach(&self) {
        // ORDERING: Relaxed; as in `shutdown`.
        self.detached.store(true, Ordering::Relaxed);
    }

    /// Says whether it came. All calls have ended by then, and their callbacks; the last words may be on their way if
    /// nobody takes them.
    fn wait_for_end(&self, deadline: Option<Instant>) -> bool {
        let ended = self.desk().wait_until(deadline, |state| state.has_called_back);
        let farewell = Instant::now() + FAREWELL;
        let farewell = deadline.map_or(farewell, |deadline| deadline.min(farewell));
        self.desk().wait_until(Some(farewell), |state| state.has_written);
        ended
    }
}

impl Drop for LinkExecutor {
    fn drop(&mut self) {
        if self.desk().is_copy() {
            return;
        }
        self.desk().with(Link::close);
        // ORDERING: Relaxed; nobody else has the executor.
        if !self.detached.load(Ordering::Relaxed) && !self.desk().is_own_thread() {
            self.wait_for_end(None);
        }
    }
}

impl fmt::Debug for LinkExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counters = self.counters();
        f.debug_struct("LinkExecutor").field("counters", &counters).finish_non_exhaustive()
    }
}
