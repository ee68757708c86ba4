//! Waiting for many at once.

use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use crate::os::{Channel, Interest, Os, Poll, Ready, Sys, Waker, Watched};
use crate::support::{PATIENCE, send, shell, wait, within};

fn watch(key: u64, channel: &Channel, interest: Interest) -> Watched<'_> {
    Watched { key, descriptor: channel.as_fd(), interest }
}

fn poll(watched: &[Watched<'_>], timeout: Duration) -> Vec<Ready> {
    let mut ready = vec![Ready { key: 99, readable: true, writable: true }]; // to be replaced
    let polled = Os::new().poll(watched, Some(timeout), &mut ready).unwrap();
    assert_eq!(polled == Poll::Nothing, ready.is_empty());
    ready
}

#[test]
fn who_is_ready_is_told_by_key_and_by_what_for() {
    within(|| {
        let pairs: Vec<_> = (0..3).map(|_| Channel::pair().unwrap()).collect();
        send(&pairs[1].1, b"x").unwrap();
        let interests = [Interest::Read, Interest::Read, Interest::Both];
        let watched: Vec<_> =
            (0..3).map(|n| watch(10 + n as u64, &pairs[n].0, interests[n])).collect();
        let expected = [
            Ready { key: 11, readable: true, writable: false },
            Ready { key: 12, readable: false, writable: true },
        ];
        assert_eq!(poll(&watched, PATIENCE), expected);
        let writes = watch(7, &pairs[1].0, Interest::Write);
        assert_eq!(poll(&[writes], PATIENCE), [Ready { key: 7, readable: false, writable: true }]);
    });
}

#[test]
fn a_hang_up_makes_ready_for_all() {
    within(|| {
        let (one, other) = Channel::pair().unwrap();
        drop(other);
        for interest in [Interest::Read, Interest::Write] {
            let ready = poll(&[watch(1, &one, interest)], PATIENCE);
            assert_eq!(ready, [Ready { key: 1, readable: true, writable: true }]);
        }
    });
}

#[test]
fn a_poll_ends_when_its_time_is_over() {
    within(|| {
        let (one, _other) = Channel::pair().unwrap();
        let os = Os::new();
        for timeout in [Duration::ZERO, Duration::from_millis(20)] {
            let began = os.now();
            assert_eq!(poll(&[watch(1, &one, Interest::Read)], timeout), []);
            assert!(os.now() - began >= timeout);
        }
        send(&one, b"x").unwrap();
        let for_ever = poll(&[watch(1, &_other, Interest::Read)], Duration::MAX);
        assert_eq!(for_ever.len(), 1);
    });
}

fn is_awake(waker: &Waker) -> bool {
    let watched = Watched { key: 1, descriptor: waker.as_fd(), interest: Interest::Read };
    !poll(&[watched], Duration::ZERO).is_empty()
}

#[test]
fn a_waker_ends_a_poll_from_another_thread_once() {
    within(|| {
        let waker = Os::new().waker().unwrap();
        assert!(!is_awake(&waker));
        thread::scope(|scope| {
            scope.spawn(|| waker.wake());
            let watched = Watched { key: 1, descriptor: waker.as_fd(), interest: Interest::Read };
            assert_eq!(poll(&[watched], PATIENCE).len(), 1);
        });
        waker.clear();
        assert!(!is_awake(&waker));
        waker.clear(); // does not wait
    });
}

#[test]
fn a_waker_never_waits() {
    within(|| {
        let waker = Os::new().waker().unwrap();
        // More than any pipe holds.
        (0..100_000).for_each(|_| waker.wake());
        assert!(is_awake(&waker));
        waker.clear();
        assert!(!is_awake(&waker));
        waker.wake();
        assert!(is_awake(&waker));
    });
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the system has no such descriptors")]
fn the_end_of_a_process_can_be_polled_for() {
    within(|| {
        let mut spawned = shell("read line <&0; exit 4");
        let end = |timeout| {
            let descriptor = spawned.worker.descriptor().unwrap();
            poll(&[Watched { key: 5, descriptor, interest: Interest::Read }], timeout)
        };
        assert_eq!(end(Duration::ZERO), []);
        send(&spawned.channel, b"\n").unwrap();
        assert_eq!(end(PATIENCE).len(), 1);
        let exit = spawned.worker.try_wait().unwrap();
        assert_eq!(exit, Some(wait(&mut spawned.worker))); // at once
        assert_eq!(exit, Some(crate::os::Exit::Code(4)));
    });
}
