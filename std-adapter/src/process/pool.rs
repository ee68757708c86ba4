//! [`Pool`]: the threads of a pool of processes, from their beginning to their end.
#![forbid(unsafe_code)]

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use concurrent_futures_core::calls::CallDesk;
use concurrent_futures_core::calls::supervisor::{Fit, Kill, Supervisor, SupervisorSettings};
use concurrent_futures_core::{Shutdown, ShutdownError};

use super::callbacks::{Jobs, callbacks};
use super::desk::PoolDesk;
use super::manager::Manager;
use super::os::{Launch, Sys};
use super::printed::{Listener, Printed};

/// A pool of processes over a system. Dropping it waits until all that was accepted has ended.
#[derive(Debug)]
pub(super) struct Pool<S: Sys> {
    desk: CallDesk<PoolDesk<S>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    detached: std::sync::atomic::AtomicBool,
}

/// What a pool is made of.
pub(super) struct Parts {
    pub(super) settings: SupervisorSettings,
    pub(super) functions: usize,
    pub(super) fit: Box<Fit>,
    pub(super) launch: Launch,
    pub(super) listener: Option<Listener>,
}

impl<S: Sys> Pool<S> {
    /// Starts the threads, and has the first worker started.
    ///
    /// # Errors
    /// No threads or descriptors are left.
    pub(super) fn start(sys: S, mut parts: Parts) -> io::Result<Self> {
        let poller = Arc::new(sys.poller()?);
        // The desk counts, which has a line for those who wait.
        let capacity = parts.settings.capacity.take();
        let mut supervisor = Supervisor::new(parts.settings, parts.functions, parts.fit);
        supervisor.warm_up(sys.now());
        let (callbacks, jobs) = callbacks();
        let listener = parts.listener.map(|listener| (listener, callbacks.clone()));
        let printed = Printed::new(listener, poller.clone());
        let desk = CallDesk::new(PoolDesk::new(sys, poller, supervisor, callbacks, capacity));
        let manager = Manager::new(desk.clone(), parts.launch, printed);
        let pool = Self {
            desk,
            threads: Mutex::new(Vec::new()),
            detached: std::sync::atomic::AtomicBool::new(false),
        };
        pool.start_threads(manager, jobs)?;
        Ok(pool)
    }

    /// # Errors
    /// No threads are left.
    fn start_threads(&self, manager: Manager<S>, jobs: Jobs) -> io::Result<()> {
        let desk = self.desk.clone();
        let run_callbacks = move || {
            desk.thread_begins();
            jobs.run();
            desk.thread_ends();
        };
        self.start_thread("process-callbacks", Box::new(run_callbacks))?;
        self.start_thread("process-manager", Box::new(move || manager.run()))
    }

    /// # Errors
    /// No threads are left. Then the other one, if there is one, ends too: nobody can bring callbacks.
    fn start_thread(&self, name: &str, body: Box<dyn FnOnce() + Send>) -> io::Result<()> {
        self.desk.lock().running += 1; // before it could end
        match self.desk.sys.thread(name, body) {
            Ok(thread) => self.handles().push(thread),
            Err(error) => {
                let mut state = self.desk.lock();
                state.running -= 1;
                state.close_callbacks();
                return Err(error);
            }
        }
        Ok(())
    }

    fn handles(&self) -> std::sync::MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn desk(&self) -> &CallDesk<PoolDesk<S>> {
        &self.desk
    }

    /// As the executor's.
    ///
    /// # Errors
    /// As the executor's.
    pub(super) fn shutdown(&self, how: Shutdown) -> Result<(), ShutdownError> {
        if self.desk.is_copy() {
            return Ok(());
        }
        self.desk.with(|supervisor, now| match how.cancels_futures() {
            true => drop(supervisor.close_and_cancel(now)),
            false => supervisor.close(now),
        });
        // ORDERING: Relaxed; read again by whoever drops the pool, and has it alone.
        self.detached.store(!how.waits(), std::sync::atomic::Ordering::Relaxed);
        if !how.waits() {
            return Ok(());
        }
        if self.desk.is_own_thread() {
            return Err(ShutdownError::WouldDeadlock);
        }
        let deadline = how.timeout().and_then(|timeout| Instant::now().checked_add(timeout));
        match self.desk.wait_until(deadline, |state| state.running == 0) {
            true => {
                self.join();
                Ok(())
            }
            false => Err(ShutdownError::TimedOut(self.desk.lock().supervisor.remaining())),
        }
    }

    /// Ends all workers; says nothing of when they have.
    pub(super) fn kill_all(&self, how: Kill) {
        if !self.desk.is_copy() {
            self.desk.with(|supervisor, now| supervisor.kill_all(now, how));
        }
    }

    fn join(&self) {
        let handles = std::mem::take(&mut *self.handles());
        for handle in handles {
            drop(handle.join()); // they contain what they run
        }
    }
}

impl<S: Sys> Drop for Pool<S> {
    fn drop(&mut self) {
        if self.desk.is_copy() {
            return;
        }
        self.desk.with(|supervisor, now| supervisor.close(now));
        // ORDERING: Relaxed; nobody else has the pool.
        let detached = self.detached.load(std::sync::atomic::Ordering::Relaxed);
        if !detached && !self.desk.is_own_thread() {
            self.desk.wait_until(None, |state| state.running == 0);
            self.join();
        }
    }
}
