//! Pools whose N-th call of the system fails, alone or with some that follow: for each N until a pool gets by
//! without, each kind of call, and each error that such a call could give.
//!
//! Each scenario runs in a process of its own, in which descriptors, threads and children can be counted.
#![expect(
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    reason = "private helpers of tests: a panic is a failure"
)]

mod scenarios;
mod tasks;
mod trial;
mod watch;

use std::io::ErrorKind;

use rustix::io::Errno;

use super::os::{Call, Fault};
use trial::Trial;

/// What each kind of call may fail with. None of them fails as interrupted: they try again.
const FAULTS: [(Call, &[Errno]); 12] = [
    (Call::Thread, &[Errno::AGAIN]),
    (Call::Poller, &[Errno::MFILE, Errno::NOMEM]),
    (Call::Watch, &[Errno::NOMEM, Errno::NOSPC]),
    (Call::Words, &[Errno::MFILE, Errno::NOMEM]),
    (Call::Spawn, &[Errno::AGAIN, Errno::MFILE, Errno::NOMEM, Errno::IO]),
    (Call::Send, &[Errno::AGAIN, Errno::NOMEM, Errno::PIPE, Errno::CONNRESET, Errno::IO]),
    (Call::Receive, &[Errno::AGAIN, Errno::NOMEM, Errno::MFILE, Errno::CONNRESET, Errno::IO]),
    (Call::Poll, &[Errno::NOMEM, Errno::IO]),
    (Call::Signal, &[Errno::PERM, Errno::IO]),
    (Call::TryWait, &[Errno::NOMEM, Errno::IO]),
    (Call::MemoryFile, &[Errno::MFILE, Errno::NOMEM]),
    (Call::WriteFile, &[Errno::NOMEM, Errno::NOSPC]),
];

/// Plays a scenario with each fault there is, and then looks for what is left of it.
fn with_each_fault(name: &str, scenario: fn(&mut Trial)) {
    watch::alone(name, |watch| {
        play(watch, None, scenario);
        for (call, errors) in FAULTS {
            for error in errors {
                // Once, and for so long that somebody gives up.
                for (times, step) in [(1, 1), (6, 4)] {
                    let faults = (1..).step_by(step).map(|nth| Fault {
                        nth,
                        times,
                        call: Some(call),
                        error: *error,
                    });
                    let met =
                        faults.take_while(|fault| play(watch, Some(*fault), scenario)).count();
                    assert!(met < 1000, "{call:?} never ends");
                }
            }
        }
    });
}

/// Says whether the pool met the fault.
fn play(watch: &watch::Watch, fault: Option<Fault>, scenario: fn(&mut Trial)) -> bool {
    watch.begin(format!("{fault:?}"));
    let has_failed = match Trial::begin(fault) {
        Ok(mut trial) => {
            scenario(&mut trial);
            trial.end()
        }
        Err(error) => {
            let fault = fault.expect("nothing fails by itself");
            assert_eq!(error.raw_os_error(), Some(fault.error.raw_os_error()), "{error}");
            assert_ne!(error.kind(), ErrorKind::Other);
            true
        }
    };
    watch.nothing_is_left();
    has_failed
}
