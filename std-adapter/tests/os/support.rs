//! Children of many kinds, and a bound on all waiting.

use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, IoSlice};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use concurrent_futures::calls::Exit;

use crate::os::{
    Channel, Interest, Launch, Os, Output, Poll, Poller, Spawned, Sys, Worker, inside,
};

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
    let poller = Poller::new().unwrap();
    poller.watch(0, channel.as_fd(), Interest::Read).unwrap();
    until("something arrives", || {
        let waited = poller.wait(Some(PATIENCE), &mut Vec::new()).unwrap();
        (waited == Poll::Ready).then_some(())
    });
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

// --- this program as a child of itself ---

const CHILD: &str = "CONCURRENT_FUTURES_TEST_CHILD";

/// Whether this process was started by [`this_test`].
pub(crate) fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

/// The named test of this program, in a process of its own.
pub(crate) fn this_test(name: &str) -> Launch {
    let arguments = ["--exact", name, "--nocapture", "--test-threads=1"];
    let mut launch = Launch { stdout: Output::Null, ..Launch::default() };
    launch.arguments = arguments.map(Into::into).to_vec();
    launch.environment.extra.push((CHILD.into(), "1".into()));
    launch
}

/// Runs the body of a test in a process of its own, because it changes what belongs to the whole of it.
#[track_caller]
pub(crate) fn alone(name: &'static str, body: impl FnOnce()) {
    if is_child() {
        let channel = inside::take_channel().unwrap().unwrap();
        body();
        send(&channel, b"done").unwrap();
        return;
    }
    within(move || {
        let mut spawned = Os::new().spawn(&this_test(name)).unwrap();
        assert_eq!(receive(&spawned.channel, 4), b"done");
        assert_eq!(wait(&mut spawned.worker), Exit::Code(0));
    });
}

// --- processes as the system sees them ---

/// Whether a process has ended; one that nobody has waited for has as well.
pub(crate) fn is_gone(pid: u32) -> bool {
    let Some(pid) = Pid::from_raw(pid.cast_signed()) else { panic!("no pid") };
    if rustix::process::test_kill_process(pid).is_err() {
        return true;
    }
    // In some containers nobody waits for orphans.
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z'))
}

/// Kills a process that is not a worker.
pub(crate) fn kill(pid: u32) {
    let pid = Pid::from_raw(pid.cast_signed()).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
}

/// The numbers of the descriptors that a process has.
pub(crate) fn descriptors(pid: u32) -> Vec<u32> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let mut numbers: Vec<u32> = entries
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Reads a number, in digits and a line's end, from a pipe.
pub(crate) fn number(pipe: OwnedFd) -> u32 {
    let mut line = String::new();
    BufReader::new(File::from(pipe)).read_line(&mut line).unwrap();
    line.trim().parse().unwrap()
}
