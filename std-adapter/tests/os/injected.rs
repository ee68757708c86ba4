//! A system that fails when it is told to.

use std::io::{self, ErrorKind, IoSlice};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::Signal;

use concurrent_futures::calls::Exit;

use crate::os::{Call, Channel, FailingSys, Fault, Interest, Os, Poll, Signalled, Sys};
use crate::support::{alone, descriptors, launch, within};

/// Every kind of call, and how the worker ended.
fn all_calls(sys: &impl Sys) -> io::Result<Exit> {
    let (_words, _file) = sys.words(64)?;
    let poller = Arc::new(sys.poller()?);
    sys.memory_file()?;
    let mut spawned = sys.spawn(&launch("/bin/sh", &["-c", "exec cat -u <&0 >&0"]))?;
    let woken = poller.clone();
    let thread = sys.thread("waker", Box::new(move || woken.wake()))?;
    thread.join().map_err(|_| ErrorKind::Other)?;
    assert_eq!(sys.poll(&poller, None, &mut Vec::new())?, Poll::Woken);
    sys.watch(&poller, 0, spawned.channel.as_fd(), Interest::Read)?;
    sys.send(&spawned.channel, &[IoSlice::new(b"x")], None)?;
    while sys.poll(&poller, None, &mut Vec::new())? != Poll::Ready {}
    assert_eq!(sys.receive(&spawned.channel, &mut [0; 8], &mut Vec::new())?, 1);
    assert_eq!(sys.signal(&spawned.worker, Signal::KILL)?, Signalled::Sent);
    loop {
        if let Some(exit) = sys.try_wait(&mut spawned.worker)? {
            return Ok(exit);
        }
        thread::yield_now();
    }
}

#[test]
fn every_call_can_be_made_to_fail_and_leaves_nothing_behind() {
    alone("injected::every_call_can_be_made_to_fail_and_leaves_nothing_behind", || {
        let before = descriptors(std::process::id());
        for error in [Errno::MFILE, Errno::NOMEM, Errno::IO] {
            for nth in 1.. {
                let fault = Fault { nth, times: 1, call: None, error };
                let sys = FailingSys::new(Os::new(), Some(fault));
                let outcome = all_calls(&sys);
                assert_eq!(descriptors(std::process::id()), before);
                if !sys.has_failed() {
                    assert_eq!(outcome.unwrap(), Exit::Signal(9));
                    assert!(nth > 10, "{nth} calls");
                    break;
                }
                assert_eq!(Errno::from_io_error(&outcome.unwrap_err()), Some(error));
                assert_eq!(sys.calls(None), nth);
            }
        }
    });
}

#[test]
fn a_kind_of_call_can_be_made_to_fail() {
    within(|| {
        let fault = Fault { nth: 2, times: 1, call: Some(Call::Send), error: Errno::NOBUFS };
        let sys = FailingSys::new(Os::new(), Some(fault));
        let (one, _other) = Channel::pair().unwrap();
        let send = || sys.send(&one, &[IoSlice::new(b"x")], None);
        let poller = sys.poller().unwrap();
        drop(poller);
        assert_eq!(send().unwrap(), 1);
        assert!(!sys.has_failed());
        assert_eq!(Errno::from_io_error(&send().unwrap_err()), Some(Errno::NOBUFS));
        assert!(sys.has_failed());
        assert_eq!(send().unwrap(), 1);
        assert_eq!([sys.calls(Some(Call::Send)), sys.calls(None)], [3, 4]);
    });
}

#[test]
fn a_stopped_clock_moves_only_when_it_is_moved() {
    within(|| {
        let hour = Duration::from_secs(3600);
        let sys = FailingSys::new(Os::new(), None).with_stopped_clock();
        assert_eq!(sys.now(), Duration::ZERO);
        let poller = sys.poller().unwrap();
        thread::scope(|scope| {
            let polled = scope.spawn(|| sys.poll(&poller, Some(hour), &mut Vec::new()).unwrap());
            while sys.calls(Some(Call::Poll)) == 0 {
                thread::yield_now();
            }
            while !polled.is_finished() {
                sys.advance(hour / 2);
                thread::yield_now();
            }
            assert_eq!(polled.join().unwrap(), Poll::Nothing);
        });
        assert!(sys.now() >= hour);
        let (one, other) = Channel::pair().unwrap();
        one.send(&[IoSlice::new(b"x")], None).unwrap();
        sys.watch(&poller, 0, other.as_fd(), Interest::Read).unwrap();
        let before = sys.now();
        assert_eq!(sys.poll(&poller, Some(hour), &mut Vec::new()).unwrap(), Poll::Ready);
        poller.forget(other.as_fd());
        poller.wake();
        assert_eq!(sys.poll(&poller, Some(hour), &mut Vec::new()).unwrap(), Poll::Woken);
        assert_eq!(sys.now(), before);
    });
}
