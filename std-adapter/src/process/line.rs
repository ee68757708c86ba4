//! [`Line`]: the socket of a worker, for all who write to it.
#![forbid(unsafe_code)]

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use concurrent_futures_core::calls::supervisor::WorkerId;

use super::os::{Channel, Interest, Poller, Sys};

/// What is waited for of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Channel,
    Process,
}

impl Part {
    /// Names it among all that is waited for.
    pub(super) fn key(self, id: WorkerId) -> u64 {
        2 * id.number() + u64::from(self == Self::Process)
    }
}

/// The socket of a worker, which the manager waits for.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) id: WorkerId,
    pub(super) channel: Arc<Channel>,
    awaits_room: bool,
}

impl Line {
    pub(super) fn new(id: WorkerId, channel: Arc<Channel>) -> Self {
        Self { id, channel, awaits_room: false }
    }

    /// Has the manager told, or no more, when the socket takes more. That is asked for only while there is
    /// more, or it would be told all the time.
    ///
    /// # Errors
    /// The system has no memory left.
    pub(super) fn await_room(
        &mut self,
        wanted: bool,
        sys: &dyn Sys,
        poller: &Poller,
    ) -> io::Result<()> {
        if self.awaits_room != wanted {
            let interest = if wanted { Interest::Both } else { Interest::Read };
            sys.watch(poller, Part::Channel.key(self.id), self.channel.as_fd(), interest)?;
            self.awaits_room = wanted;
        }
        Ok(())
    }
}
