//! By `epoll`.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;

use super::waker::Waker;
use super::{Interest, Poll, Ready, timespec};

/// The key of the poller's own descriptor.
const WAKER: u64 = u64::MAX;

/// So many events one wait tells of; the others are told of by the next.
const EVENTS: usize = 64;

/// Waits for many descriptors at once. One thread waits; any thread may change what is waited for, and
/// that holds from then on.
#[derive(Debug)]
pub(crate) struct Poller {
    epoll: OwnedFd,
    waker: Waker,
}

impl Poller {
    /// # Errors
    /// No descriptors are left.
    pub(crate) fn new() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let waker = Waker::new()?;
        epoll::add(&epoll, waker.as_fd(), EventData::new_u64(WAKER), EventFlags::IN)?;
        Ok(Self { epoll, waker })
    }

    /// Has a descriptor waited for, from now on, or waits for something else on it. The key is what
    /// [`Ready`] calls it; the largest number is taken.
    ///
    /// As long as it is ready, each wait says so. Before it is closed, it must be
    /// [forgotten](Self::forget).
    ///
    /// # Errors
    /// The system has no memory left, or watches too many.
    pub(crate) fn watch(
        &self,
        key: u64,
        descriptor: BorrowedFd<'_>,
        interest: Interest,
    ) -> io::Result<()> {
        let (data, flags) = (EventData::new_u64(key), flags(interest));
        match epoll::modify(&self.epoll, descriptor, data, flags) {
            Err(Errno::NOENT) => Ok(epoll::add(&self.epoll, descriptor, data, flags)?),
            changed => Ok(changed?),
        }
    }

    /// Waits for a descriptor no more; a wait that has ended already may still tell of it.
    pub(crate) fn forget(&self, descriptor: BorrowedFd<'_>) {
        let _ = epoll::delete(&self.epoll, descriptor); // if it is not there, so much the better
    }

    /// Ends the wait, or the next one, from another thread. Never waits; several calls may do as much as
    /// one.
    pub(crate) fn wake(&self) {
        self.waker.wake();
    }

    /// Waits until a descriptor is ready or somebody wakes us, for so long at most, or for ever; replaces
    /// what is in `ready`. It may return early.
    ///
    /// # Errors
    /// What the system says; it is not known to.
    pub(crate) fn wait(
        &self,
        timeout: Option<Duration>,
        ready: &mut Vec<Ready>,
    ) -> io::Result<Poll> {
        ready.clear();
        let mut events = [MaybeUninit::uninit(); EVENTS];
        let timeout = timespec(timeout);
        let events = match epoll::wait(&self.epoll, &mut events[..], timeout.as_ref()) {
            Err(Errno::INTR) => return Ok(Poll::Nothing),
            waited => waited?.0,
        };
        let mut is_woken = false;
        for event in events {
            match event.data.u64() {
                WAKER => is_woken = true,
                key => ready.push(told(key, event.flags)),
            }
        }
        if is_woken {
            self.waker.clear();
        }
        Ok(Poll::new(ready, is_woken))
    }
}

fn flags(interest: Interest) -> EventFlags {
    match interest {
        Interest::Read => EventFlags::IN,
        Interest::Both => EventFlags::IN | EventFlags::OUT,
    }
}

fn told(key: u64, flags: EventFlags) -> Ready {
    let over = EventFlags::HUP | EventFlags::ERR;
    Ready {
        key,
        readable: flags.intersects(EventFlags::IN | over),
        writable: flags.intersects(EventFlags::OUT | over),
    }
}
