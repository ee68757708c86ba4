//! Waiting for many at once.

use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::calls::Exit;

use crate::os::{Channel, Interest, ListPoller, Poll, Poller, Ready};
use crate::support::{PATIENCE, receive, send, shell, within};

/// The same of both pollers: that of other systems is tested here as well.
macro_rules! tests {
    ($module:ident, $poller:ty) => {
        mod $module {
            use super::*;

            fn wait(poller: &$poller, timeout: Duration) -> Vec<Ready> {
                // What is there is replaced.
                let mut ready = vec![Ready { key: 99, readable: true, writable: true }];
                let polled = poller.wait(Some(timeout), &mut ready).unwrap();
                assert_eq!(polled == Poll::Ready, !ready.is_empty());
                ready.sort_by_key(|ready| ready.key);
                ready
            }

            /// Waits for something other than that somebody changed what is waited for.
            fn poll(poller: &$poller, timeout: Option<Duration>) -> Poll {
                poller.wait(Some(Duration::ZERO), &mut Vec::new()).unwrap();
                poller.wait(timeout, &mut Vec::new()).unwrap()
            }

            #[test]
            fn who_is_ready_is_told_by_key_and_by_what_for() {
                within(|| {
                    let poller = <$poller>::new().unwrap();
                    let pairs: Vec<_> = (0..3).map(|_| Channel::pair().unwrap()).collect();
                    send(&pairs[1].1, b"x").unwrap();
                    let interests = [Interest::Read, Interest::Read, Interest::Both];
                    for (key, (pair, interest)) in (10..).zip(pairs.iter().zip(interests)) {
                        poller.watch(key, pair.0.as_fd(), interest).unwrap();
                    }
                    let expected = [
                        Ready { key: 11, readable: true, writable: false },
                        Ready { key: 12, readable: false, writable: true },
                    ];
                    assert_eq!(wait(&poller, PATIENCE), expected);
                    assert_eq!(wait(&poller, PATIENCE), expected, "as long as they are");
                    receive(&pairs[1].0, 1);
                    assert_eq!(wait(&poller, PATIENCE), expected[1..]);
                });
            }

            #[test]
            fn what_is_waited_for_can_be_changed_and_forgotten() {
                within(|| {
                    let poller = <$poller>::new().unwrap();
                    let (one, other) = Channel::pair().unwrap();
                    poller.watch(1, one.as_fd(), Interest::Read).unwrap();
                    assert_eq!(wait(&poller, Duration::ZERO), []);
                    poller.watch(2, one.as_fd(), Interest::Both).unwrap();
                    let writable = Ready { key: 2, readable: false, writable: true };
                    assert_eq!(wait(&poller, PATIENCE), [writable]);
                    send(&other, b"x").unwrap();
                    let both = Ready { readable: true, ..writable };
                    assert_eq!(wait(&poller, PATIENCE), [both]);
                    poller.forget(one.as_fd());
                    assert_eq!(wait(&poller, Duration::ZERO), []);
                    poller.forget(one.as_fd());
                    poller.watch(3, one.as_fd(), Interest::Read).unwrap();
                    let readable = Ready { key: 3, readable: true, writable: false };
                    assert_eq!(wait(&poller, PATIENCE), [readable]);
                });
            }

            #[test]
            fn a_change_holds_for_a_wait_that_has_begun() {
                within(|| {
                    let poller = <$poller>::new().unwrap();
                    let (one, _other) = Channel::pair().unwrap();
                    thread::scope(|scope| {
                        let waiting = scope.spawn(|| while wait(&poller, PATIENCE).is_empty() {});
                        poller.watch(1, one.as_fd(), Interest::Both).unwrap();
                        waiting.join().unwrap();
                    });
                });
            }

            #[test]
            fn more_than_one_wait_tells_of_are_all_told_of() {
                within(|| {
                    let poller = <$poller>::new().unwrap();
                    let pairs: Vec<_> = (0..150).map(|_| Channel::pair().unwrap()).collect();
                    for (key, pair) in (0..).zip(&pairs) {
                        poller.watch(key, pair.0.as_fd(), Interest::Read).unwrap();
                        send(&pair.1, b"x").unwrap();
                    }
                    let mut told = std::collections::HashSet::new();
                    while told.len() < 150 {
                        for ready in wait(&poller, PATIENCE) {
                            told.insert(ready.key);
                        }
                    }
                });
            }

            #[test]
            fn a_hang_up_makes_ready_for_all() {
                within(|| {
                    let poller = <$poller>::new().unwrap();
                    let (one, other) = Channel::pair().unwrap();
                    drop(other);
                    for interest in [Interest::Read, Interest::Both] {
                        poller.watch(1, one.as_fd(), interest).unwrap();
                        let over = Ready { key: 1, readable: true, writable: true };
                        assert_eq!(wait(&poller, PATIENCE), [over]);
                    }
                });
            }

            #[test]
            fn a_wait_ends_when_its_time_is_over() {
                within(|| {
                    let poller = <$poller>::new().unwrap();
                    for timeout in [0, 300, 20_500].map(Duration::from_micros) {
                        let began = Instant::now();
                        assert_eq!(poll(&poller, Some(timeout)), Poll::Nothing);
                        assert!(began.elapsed() >= timeout, "{timeout:?}");
                    }
                });
            }

            #[test]
            fn a_wait_is_ended_from_another_thread_once() {
                within(|| {
                    let poller = <$poller>::new().unwrap();
                    for timeout in [None, Some(PATIENCE), Some(Duration::MAX)] {
                        thread::scope(|scope| {
                            let waiting = scope.spawn(|| poller.wait(timeout, &mut Vec::new()));
                            poller.wake();
                            assert_eq!(waiting.join().unwrap().unwrap(), Poll::Woken);
                        });
                        let zero = Some(Duration::ZERO);
                        assert_eq!(poller.wait(zero, &mut Vec::new()).unwrap(), Poll::Nothing);
                    }
                });
            }

            #[test]
            fn waking_never_waits() {
                within(|| {
                    let poller = <$poller>::new().unwrap();
                    (0..100_000).for_each(|_| poller.wake()); // more than any pipe holds
                    assert_eq!(poller.wait(None, &mut Vec::new()).unwrap(), Poll::Woken);
                    assert_eq!(poll(&poller, Some(Duration::ZERO)), Poll::Nothing);
                    poller.wake();
                    assert_eq!(poller.wait(None, &mut Vec::new()).unwrap(), Poll::Woken);
                });
            }

            #[test]
            fn the_end_of_a_process_can_be_waited_for() {
                within(|| {
                    let poller = <$poller>::new().unwrap();
                    let mut spawned = shell("read line <&0; exit 4");
                    let end = spawned.worker.descriptor().unwrap();
                    poller.watch(5, end, Interest::Read).unwrap();
                    assert_eq!(wait(&poller, Duration::ZERO), []);
                    send(&spawned.channel, b"\n").unwrap();
                    assert_eq!(poll(&poller, Some(PATIENCE)), Poll::Ready);
                    // At once.
                    assert_eq!(spawned.worker.try_wait().unwrap(), Some(Exit::Code(4)));
                });
            }
        }
    };
}

tests!(of_this_system, Poller);
tests!(of_other_systems, ListPoller);
