//! By a list and `poll`, which every Unix has.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::waker::Waker;
use super::{Interest, Poll, Ready, timespec};

/// Waits for many descriptors at once. One thread waits; any thread may change what is waited for,
/// which wakes it.
#[derive(Debug)]
pub(crate) struct Poller {
    watched: Mutex<Vec<Watched>>,
    waker: Waker,
}

#[derive(Debug, Clone)]
struct Watched {
    key: u64,
    /// Of the user's descriptor.
    number: RawFd,
    /// A copy, so that it stays open while it is waited for.
    descriptor: Arc<OwnedFd>,
    interest: Interest,
}

impl Poller {
    /// # Errors
    /// No descriptors are left.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { watched: Mutex::default(), waker: Waker::new()? })
    }

    /// Has a descriptor waited for, from now on, or waits for something else on it. The key is what
    /// [`Ready`] calls it; the largest number is taken.
    ///
    /// As long as it is ready, each wait says so. Before it is closed, it must be
    /// [forgotten](Self::forget).
    ///
    /// # Errors
    /// No descriptors are left.
    pub(crate) fn watch(
        &self,
        key: u64,
        descriptor: BorrowedFd<'_>,
        interest: Interest,
    ) -> io::Result<()> {
        let number = descriptor.as_raw_fd();
        let mut watched = self.lock();
        if let Some(watched) = watched.iter_mut().find(|watched| watched.number == number) {
            (watched.key, watched.interest) = (key, interest);
        } else {
            let descriptor = Arc::new(descriptor.try_clone_to_owned()?);
            watched.push(Watched { key, number, descriptor, interest });
        }
        drop(watched);
        self.waker.wake();
        Ok(())
    }

    /// Waits for a descriptor no more; a wait that has ended already may still tell of it.
    pub(crate) fn forget(&self, descriptor: BorrowedFd<'_>) {
        let number = descriptor.as_raw_fd();
        self.lock().retain(|watched| watched.number != number);
        self.waker.wake();
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
    /// The system has no memory for so many.
    pub(crate) fn wait(
        &self,
        timeout: Option<Duration>,
        ready: &mut Vec<Ready>,
    ) -> io::Result<Poll> {
        ready.clear();
        let watched = self.lock().clone();
        let mut polled = vec![PollFd::new(&self.waker, PollFlags::IN)];
        polled.extend(watched.iter().map(|w| PollFd::new(&*w.descriptor, flags(w.interest))));
        match poll(&mut polled, timespec(timeout).as_ref()) {
            Err(Errno::INTR) => return Ok(Poll::Nothing),
            waited => waited?,
        };
        let is_woken = !polled[0].revents().is_empty();
        if is_woken {
            self.waker.clear();
        }
        let happened = watched.iter().zip(&polled[1..]).filter(|(_, p)| !p.revents().is_empty());
        ready.extend(happened.map(|(watched, polled)| told(watched.key, polled.revents())));
        Ok(Poll::new(ready, is_woken))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn flags(interest: Interest) -> PollFlags {
    match interest {
        Interest::Read => PollFlags::IN,
        Interest::Both => PollFlags::IN | PollFlags::OUT,
    }
}

fn told(key: u64, flags: PollFlags) -> Ready {
    let over = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    Ready {
        key,
        readable: flags.intersects(PollFlags::IN | over),
        writable: flags.intersects(PollFlags::OUT | over),
    }
}
