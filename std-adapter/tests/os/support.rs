//! Children of many kinds, and a bound on all waiting.

use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::AsFd;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::os::{Channel, Exit, Interest, Launch, Os, Poll, Ready, Spawned, Sys, Watched, Worker};

/// Long enough for any machine; a test that takes so long hangs.
const WATCHDOG: Duration = Duration::from_secs(60);
/// As long as one step may take: shorter, so that the step is named by its own message.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `f` in a thread of its own; a hang is a failure.
pub(crate) fn within<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, outcome) = mpsc::channel();
    let thread = thread::spawn(move || done.send(f()));
    match outcome.recv_timeout(WATCHDOG) {
        Ok(outcome) => {
            thread.join().expect("it has ended").expect("it was received");
            outcome
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(payload) => std::panic::resume_unwind(payload),
            Ok(_) => panic!("ended without an outcome"),
        },
    }
}

/// Calls `look` until it has an answer.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A program of the system, with these arguments.
pub(crate) fn launch(program: &str, arguments: &[&str]) -> Launch {
    Launch {
        program: Some(program.into()),
        arguments: arguments.iter().map(Into::into).collect(),
        ..Launch::default()
    }
}

/// A child that runs this script, with its channel as standard input.
pub(crate) fn shell(script: &str) -> Spawned {
    Os::new().spawn(&launch("/bin/sh", &["-c", script])).unwrap()
}

/// Waits for the end of a worker.
#[track_caller]
pub(crate) fn wait(worker: &mut Worker) -> Exit {
    until("the worker ends", || worker.try_wait().unwrap())
}

/// Waits until the channel is readable.
#[track_caller]
pub(crate) fn until_readable(channel: &Channel) {
    let watched = [Watched { key: 0, descriptor: channel.as_fd(), interest: Interest::Read }];
    let mut ready: Vec<Ready> = Vec::new();
    let waited = Os::new().poll(&watched, Some(PATIENCE), &mut ready).unwrap();
    assert_eq!(waited, Poll::Ready, "nothing arrives");
}

/// Receives exactly so many bytes.
#[track_caller]
pub(crate) fn receive(channel: &Channel, length: usize) -> Vec<u8> {
    let mut received = vec![0; length];
    let mut filled = 0;
    while filled < length {
        until_readable(channel);
        match channel.receive(&mut received[filled..], &mut Vec::new()) {
            Ok(0) => panic!("the stream ends after {filled} of {length} bytes"),
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
    }
    received
}

/// Sends one message that the system takes at once.
pub(crate) fn send(channel: &Channel, bytes: &[u8]) -> io::Result<usize> {
    channel.send(&[IoSlice::new(bytes)], None)
}
