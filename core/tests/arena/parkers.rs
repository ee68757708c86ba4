//! The parker for where there is no operating system.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use concurrent_futures_core::{Park, Parked, SleepStrategy, Spin, WakeFlag};

use crate::executor;

#[test]
fn a_wake_up_before_the_wait_ends_it() {
    static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin);
    let parker = WOKEN.parker();
    parker.waker().wake();
    assert_eq!(parker.park(None), Parked::Woken);
}

#[test]
fn a_wake_up_ends_one_wait() {
    static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin);
    static NOW: AtomicU64 = AtomicU64::new(0);
    let parker = WOKEN.parker_with_clock(|| NOW.fetch_add(1, Ordering::Relaxed));
    parker.waker().wake_by_ref();
    parker.waker().wake();
    assert_eq!(parker.park(Some(100)), Parked::Woken);
    assert_eq!(parker.park(Some(100)), Parked::DeadlinePassed);
    assert!(NOW.load(Ordering::Relaxed) >= 100);
}

#[test]
fn a_wake_up_counts_more_than_a_deadline_that_has_passed() {
    static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin);
    let parker = WOKEN.parker_with_clock(|| 5u8);
    parker.waker().wake();
    assert_eq!(parker.park(Some(5)), Parked::Woken);
    assert_eq!(parker.park(Some(5)), Parked::DeadlinePassed);
}

#[test]
fn any_clock_will_do() {
    static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin);
    let parker = WOKEN.parker_with_clock(Instant::now);
    assert_eq!(parker.park(Some(Instant::now())), Parked::DeadlinePassed);
}

/// Notes what it is asked to do, and is woken by its own sleep.
struct Script {
    sleeps: AtomicUsize,
    wakes: AtomicUsize,
}

impl SleepStrategy for Script {
    fn sleep(&self, is_woken: impl Fn() -> bool) {
        assert!(!is_woken());
        if self.sleeps.fetch_add(1, Ordering::Relaxed) == 2 {
            SCRIPTED.parker().waker().wake(); // an interrupt handler, say
            assert!(is_woken());
        }
    }

    fn wake(&self) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

static SCRIPTED: WakeFlag<Script> =
    WakeFlag::new(Script { sleeps: AtomicUsize::new(0), wakes: AtomicUsize::new(0) });

#[test]
fn it_sleeps_again_until_it_is_woken_and_tells_the_chip_to_wake() {
    assert_eq!(SCRIPTED.parker().park(None), Parked::Woken);
    assert_eq!(SCRIPTED.parker().waker().data(), std::ptr::from_ref(&SCRIPTED).cast());
    let debug = format!("{:?}", SCRIPTED.parker());
    assert!(debug.contains("woken: false"), "{debug}");
}

#[test]
fn wakers_of_one_flag_are_the_same() {
    static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin);
    static OTHER: WakeFlag<Spin> = WakeFlag::new(Spin);
    let waker = WOKEN.parker().waker();
    assert!(waker.will_wake(&WOKEN.parker().waker()) && waker.will_wake(&waker.clone()));
    assert!(!waker.will_wake(&OTHER.parker().waker()));
}

#[test]
fn a_future_is_waited_for_with_it() {
    static WOKEN: WakeFlag<Spin> = WakeFlag::new(Spin);
    let executor = executor::<1, 32>();
    let future = executor.submit(|| 6 * 7).unwrap();
    let worker = std::thread::spawn(|| executor.run_one());
    assert_eq!(future.result_with(&WOKEN.parker()).unwrap(), 42);
    worker.join().unwrap();
}
