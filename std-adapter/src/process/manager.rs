//! The thread of a pool that moves bytes: it waits for all sockets and all deadlines, starts workers, ends
//! them, and learns how they ended. It wakes who waits, and makes a text of an initializer's error; all else that
//! is a user's runs in the thread for callbacks.
#![forbid(unsafe_code)]

use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use concurrent_futures_core::calls::CallDesk;
use concurrent_futures_core::calls::supervisor::{Action, Kill, PLACES, WorkerId};
use rustix::process::Signal;

use super::desk::{PoolDesk, Written};
use super::file::SharedFile;
use super::line::{Line, Part};
use super::os::{self, Channel, Interest, Launch, Poller, Ready, Sys, Worker};
use super::places::SharedPlaces;
use super::printed::Printed;
use crate::contain::contain;

/// So many bytes are read at once.
const READ: usize = 64 * 1024;

/// So often one socket is read before the others have their turn.
const READS: usize = 16;

/// So often it is read when its worker has ended: as often as the largest frames take, and not for ever, should
/// somebody who has inherited the worker's end go on writing.
const LAST_READS: usize = 4 * 1024;

/// How long to wait before looking again whether a process has ended that cannot be waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

const PARTS: [Part; 2] = [Part::Channel, Part::Process];

/// A worker, as the manager has it.
#[derive(Debug)]
struct Held {
    id: WorkerId,
    worker: Worker,
    channel: Arc<Channel>,
    poller: Arc<Poller>,
    hung_up: bool,
    /// Somebody expects its end.
    is_doomed: bool,
}

/// The manager of a pool.
#[derive(Debug)]
pub(super) struct Manager<S: Sys> {
    desk: CallDesk<PoolDesk<S>>,
    launch: Launch,
    held: Vec<Held>,
    ready: Vec<Ready>,
    printed: Printed,
}

impl<S: Sys> Manager<S> {
    pub(super) fn new(desk: CallDesk<PoolDesk<S>>, launch: Launch, printed: Printed) -> Self {
        Self { desk, launch, held: Vec::new(), ready: Vec::new(), printed }
    }

    /// Until the pool has ended.
    pub(super) fn run(mut self) {
        self.desk.thread_begins();
        let desk = self.desk.clone();
        let ended = contain(move || {
            while let Some(sleep) = self.prepare() {
                self.wait(sleep);
                self.attend();
            }
        });
        if ended.is_none() {
            // A mistake of ours. The workers were killed as they were dropped; nobody is to wait for them.
            desk.abandon();
        }
        desk.lock().close_callbacks();
        desk.thread_ends();
    }

    /// Runs errands, and says for how long there is nothing to do; `None` at the end of all things.
    fn prepare(&mut self) -> Option<Option<Duration>> {
        loop {
            let desk = self.desk.clone();
            let mut state = desk.lock();
            let errands = std::mem::take(&mut state.errands);
            if errands.is_empty() {
                if state.supervisor.is_ended() && self.held.is_empty() {
                    return None;
                }
                let next = state.supervisor.next_deadline();
                state.sleeps_until = next;
                return Some(next.map(|next| next.saturating_sub(desk.sys.now())));
            }
            state.sleeps_until = Some(Duration::ZERO); // no need to wake who is awake
            drop(state);
            errands.into_iter().for_each(|errand| self.run_errand(errand));
        }
    }

    fn run_errand(&mut self, errand: Action) {
        match errand {
            Action::Spawn(id) => self.spawn(id),
            Action::Kill(id, how) => self.kill(id, how),
            Action::Write(_) | Action::Resolve(..) => {} // done by whoever holds the lock
        }
    }

    fn spawn(&mut self, id: WorkerId) {
        match self.try_spawn(id) {
            Ok(()) => {}
            Err(error) => {
                let for_ever =
                    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied);
                let cause = self.launch.failed(&error);
                self.desk.with(|supervisor, now| {
                    supervisor.spawn_failed(now, id, &cause, for_ever);
                });
            }
        }
    }

    /// # Errors
    /// What the system says.
    fn try_spawn(&mut self, id: WorkerId) -> std::io::Result<()> {
        let (words, file) = self.desk.sys.words(PLACES)?;
        let spawned = self.desk.sys.spawn(&self.launch)?;
        let pid = spawned.worker.pid();
        let held = Held {
            id,
            worker: spawned.worker,
            channel: Arc::new(spawned.channel),
            poller: self.desk.poller.clone(),
            hung_up: false,
            is_doomed: false,
        };
        held.watch(&self.desk.sys)?;
        self.printed.watch(&self.desk.sys, pid, spawned.stdout, spawned.stderr)?;
        self.desk.lock().lines.push(Line::new(id, held.channel.clone()));
        self.held.push(held);
        let places = Box::new(SharedPlaces(words));
        let file = Some(SharedFile::words(file));
        let known =
            self.desk.with(|supervisor, now| supervisor.spawned(now, id, pid, places, file));
        if !known {
            self.kill(id, Kill::AtOnce);
        }
        Ok(())
    }

    fn kill(&mut self, id: WorkerId, how: Kill) {
        let signal = match how {
            Kill::Politely => Signal::TERM,
            Kill::AtOnce => Signal::KILL,
        };
        if let Some(held) = self.held.iter_mut().find(|held| held.id == id) {
            held.is_doomed = true;
            if how == Kill::Politely && os::is_stopped(held.worker.pid()).unwrap_or(false) {
                self.desk.lock().supervisor.found_stopped(id);
            }
            let signalled = self.desk.sys.signal(&held.worker, signal);
            if signalled.is_err() && how == Kill::AtOnce {
                held.channel.shut_down(); // not ours to signal: it ends itself when we are gone
            }
        }
    }

    fn wait(&mut self, sleep: Option<Duration>) {
        let mut ready = std::mem::take(&mut self.ready);
        let look_again = self.held.iter().any(Held::is_unwatched) || self.desk.lock().is_stuck;
        let sleep = match sleep {
            Some(sleep) if look_again => Some(sleep.min(LOOK_AGAIN)),
            None if look_again => Some(LOOK_AGAIN),
            sleep => sleep,
        };
        if self.desk.sys.poll(&self.desk.poller, sleep, &mut ready).is_err() {
            // The system has no memory left: look at all, a little later.
            std::thread::sleep(LOOK_AGAIN);
            let all = self.held.iter().flat_map(Held::keys).chain(self.printed.keys());
            ready = all.map(|key| Ready { key, readable: true, writable: true }).collect();
        }
        self.ready = ready;
        self.desk.lock().sleeps_until = Some(Duration::ZERO); // no need to wake who is awake
    }

    /// Sees to all that has happened.
    fn attend(&mut self) {
        let ready = std::mem::take(&mut self.ready);
        for happened in &ready {
            if !self.printed.attend(happened.key)
                && let Some((at, part)) = self.whose(happened.key)
            {
                match part {
                    Part::Channel => self.attend_channel(at, happened),
                    Part::Process => self.attend_process(at),
                }
            }
        }
        self.ready = ready;
        self.look_again();
        self.desk.with(|supervisor, now| {
            if supervisor.next_deadline().is_some_and(|deadline| deadline <= now) {
                supervisor.tick(now);
            }
        });
    }

    /// Sees to what could not be waited for.
    fn look_again(&mut self) {
        for at in (0..self.held.len()).rev() {
            if self.held[at].is_unwatched() {
                self.attend_process(at);
            }
        }
        let mut state = self.desk.lock();
        if std::mem::take(&mut state.is_stuck) {
            for held in &self.held {
                let _ = self.desk.write(&mut state, held.id); // what is wrong will be seen in reading
            }
        }
    }

    fn whose(&self, key: u64) -> Option<(usize, Part)> {
        let of = |held: &Held| PARTS.into_iter().find(|part| part.key(held.id) == key);
        self.held.iter().enumerate().find_map(|(at, held)| Some((at, of(held)?)))
    }

    fn attend_channel(&mut self, at: usize, happened: &Ready) {
        let id = self.held[at].id;
        let written = match happened.writable {
            true => self.desk.write(&mut self.desk.lock(), id),
            false => Written::Enough,
        };
        if written == Written::Never {
            // It is gone, or will be: it does not listen. What it said before counts.
            self.kill(id, Kill::AtOnce);
            self.read(at, LAST_READS);
            if !self.held[at].hung_up {
                self.held[at].hang_up(&self.desk);
            }
        } else if happened.readable {
            self.read(at, READS);
        }
    }

    /// Reads what is there, so often at most.
    fn read(&mut self, at: usize, reads: usize) {
        let held = &mut self.held[at];
        for _ in 0..reads {
            match self.desk.receive(held.id, &held.channel) {
                Ok(Received::All) => return,
                Ok(Received::MoreToCome) => {}
                Ok(Received::End) => return held.hang_up(&self.desk),
                Err(how) => {
                    let id = held.id;
                    self.desk.with(|supervisor, now| supervisor.misbehaved(now, id, &how));
                    return held.hang_up(&self.desk);
                }
            }
        }
    }

    /// A process may have ended: what it has written is read first.
    fn attend_process(&mut self, at: usize) {
        let Ok(Some(exit)) = self.desk.sys.try_wait(&mut self.held[at].worker) else { return };
        if !self.held[at].hung_up {
            self.read(at, LAST_READS);
        }
        let held = self.held.swap_remove(at);
        self.desk.lock().hang_up(held.id);
        self.desk.with(|supervisor, now| supervisor.exited(now, held.id, exit));
    }
}

impl Held {
    /// Has it waited for.
    ///
    /// # Errors
    /// The system has no memory left, or watches too many.
    fn watch(&self, sys: &dyn Sys) -> std::io::Result<()> {
        let channel = Part::Channel.key(self.id);
        sys.watch(&self.poller, channel, self.channel.as_fd(), Interest::Read)?;
        match self.worker.descriptor() {
            Some(end) => sys.watch(&self.poller, Part::Process.key(self.id), end, Interest::Read),
            None => Ok(()),
        }
    }

    fn keys(&self) -> [u64; 2] {
        PARTS.map(|part| part.key(self.id))
    }

    /// Whether its end has to be looked for.
    fn is_unwatched(&self) -> bool {
        (self.hung_up || self.is_doomed) && self.worker.descriptor().is_none()
    }

    fn hang_up<S: Sys>(&mut self, desk: &PoolDesk<S>) {
        self.hung_up = true;
        let id = self.id;
        desk.lock().hang_up(id);
        self.poller.forget(self.channel.as_fd());
        desk.with(|supervisor, now| supervisor.hung_up(now, id));
    }
}

impl Drop for Held {
    /// What is waited for must not be closed.
    fn drop(&mut self) {
        self.poller.forget(self.channel.as_fd());
        if let Some(end) = self.worker.descriptor() {
            self.poller.forget(end);
        }
    }
}

/// What came of reading from a worker.
enum Received {
    /// There is nothing more, for now.
    All,
    MoreToCome,
    End,
}

impl<S: Sys> PoolDesk<S> {
    /// Reads once, and has the supervisor hear it.
    ///
    /// # Errors
    /// What came is not what a worker would send.
    fn receive(&self, id: WorkerId, channel: &Channel) -> Result<Received, String> {
        let mut files_came = Vec::new();
        let received = self.with(|supervisor, now| {
            let Some(space) = supervisor.space(id, READ) else { return Ok(Received::All) };
            let (room, mut files) = (space.len(), Vec::new());
            match self.sys.receive(channel, space, &mut files) {
                Ok(0) => Ok(Received::End),
                Ok(count) => {
                    let came: Result<Vec<_>, _> = files
                        .into_iter()
                        .map(|file| SharedFile::received(file, &self.open))
                        .collect();
                    let came = came.map_err(|error| error.to_string())?;
                    files_came.clone_from(&came);
                    supervisor.received(now, id, count, came);
                    Ok(if count < room { Received::All } else { Received::MoreToCome })
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Received::All),
                Err(error) => Err(format!("what it sends cannot be received: {error}")),
            }
        });
        if self.open.are_many() {
            files_came.iter().for_each(SharedFile::close_early); // takes time: not under the lock
        }
        received
    }
}
