//! A million tasks on three harts: the first submits them and collects what they give, as they are
//! done; the other two run them.
//!
//! In two rounds: in the short one a hart that has nothing to do spins, in the long one it sleeps, and
//! is woken by an interrupt that another hart sends. Some tasks are cancelled, if they have not
//! started. Each gives the square of its number, and the sum of all squares is known.
#![no_std]
#![no_main]

use core::fmt;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering};

use concurrent_futures_core::{
    FixedWaitSet, Future, MulticoreExecutor, Park, Spin, TaskErrorKind, WakeFlag,
};
use firmware_riscv::harts::{self, HARTS, SoftwareInterrupt};
use firmware_riscv::{board, println};

/// In each round.
const SPUN: u64 = 20_000;
const SLEPT: u64 = 980_000;
/// Of how many tasks one is cancelled.
const CANCELLED_OF: u64 = 100;
/// How many tasks there are at a time.
const SLOTS: usize = 64;

type Executor = MulticoreExecutor<SLOTS, 24>;

static SPINNING: Executor = Executor::new();
static SLEEPING: Executor = Executor::new();

/// By which the harts are woken, in the one round and in the other.
static SPINNERS: [WakeFlag<Spin>; HARTS] = [const { WakeFlag::new(Spin) }; HARTS];
static SLEEPERS: [WakeFlag<SoftwareInterrupt>; HARTS] = [
    WakeFlag::new(SoftwareInterrupt::of(0)),
    WakeFlag::new(SoftwareInterrupt::of(1)),
    WakeFlag::new(SoftwareInterrupt::of(2)),
];

/// How many times a hart has come back from an executor that was shut down.
static RETURNED: AtomicUsize = AtomicUsize::new(0);

#[riscv_rt::entry]
fn main(hart: usize) -> ! {
    if hart == 0 {
        board::exit(submit_and_collect());
    }
    harts::arrive();
    SPINNING.run_forever(&SPINNERS[hart].parker());
    // ORDERING: Release; pairs with the Acquire in `round`.
    RETURNED.fetch_add(1, Ordering::Release);
    SLEEPING.run_forever(&SLEEPERS[hart].parker());
    // ORDERING: Release; as above.
    RETURNED.fetch_add(1, Ordering::Release);
    harts::stop()
}

/// Gives the exit status.
fn submit_and_collect() -> u8 {
    if !harts::start_others() {
        println!("not all harts are there: start QEMU with -smp {HARTS}");
        return 2;
    }
    let spun = round(&SPINNING, &SPINNERS[0].parker(), SPUN, HARTS - 1);
    println!("spinning: {spun}");
    let slept = round(&SLEEPING, &SLEEPERS[0].parker(), SLEPT, 2 * (HARTS - 1));
    println!("sleeping: {slept}, {} interrupts", harts::interrupts());
    let (sum, expected) = (spun.sum + slept.sum, sum_of_squares(SPUN) + sum_of_squares(SLEPT));
    println!("checksum {sum}, {expected} expected");
    let is_right = sum == expected && spun.adds_up() && slept.adds_up();
    println!("{}", if is_right { "everything adds up" } else { "WRONG" });
    u8::from(!is_right)
}

/// Of all numbers below `end`.
fn sum_of_squares(end: u64) -> u64 {
    (end - 1) * end * (2 * end - 1) / 6
}

/// Has the executor run so many tasks, shuts it down, and waits until the other harts have come back
/// so many times.
fn round(executor: &'static Executor, parker: &impl Park, tasks: u64, returns: usize) -> Tally {
    let started = board::microseconds();
    let mut tally = run(executor, parker, tasks);
    tally.microseconds = board::microseconds() - started;
    executor.shutdown();
    // ORDERING: Acquire; pairs with the Release in `main`: the harts are done with the executor.
    tally.have_returned = harts::wait_until(|| RETURNED.load(Ordering::Acquire) == returns);
    tally
}

/// Keeps as many tasks going as there are slots.
fn run(executor: &'static Executor, parker: &impl Park, tasks: u64) -> Tally {
    let mut tally = Tally { tasks, ..Tally::default() };
    let mut set = pin!(FixedWaitSet::<(u64, Future<Square>), SLOTS>::new());
    let mut next = 0;
    loop {
        while next < tasks {
            let number = next;
            let Ok(future) = executor.submit(move || square(number)) else { break };
            if number % CANCELLED_OF == 0 {
                future.cancel();
            }
            if set.as_mut().insert((number, future)).is_err() {
                tally.lost += 1; // not reached: the set is as large as the executor
            }
            next += 1;
        }
        match set.as_mut().next_with(parker, None) {
            Some((number, future)) => tally.add(number, future),
            None => return tally,
        }
    }
}

struct Square {
    square: u64,
    hart: usize,
}

fn square(number: u64) -> Square {
    Square { square: number * number, hart: harts::this_hart() }
}

/// What became of the tasks.
#[derive(Default)]
struct Tally {
    tasks: u64,
    by_hart: [u64; HARTS],
    cancelled: u64,
    /// Neither run nor cancelled.
    lost: u64,
    /// Of the squares of all numbers, those of cancelled tasks included.
    sum: u64,
    microseconds: u64,
    /// The other harts, from the executor that was shut down.
    have_returned: bool,
}

impl Tally {
    fn add(&mut self, number: u64, mut future: Future<Square>) {
        match future.try_result() {
            Some(Ok(Square { square, hart })) => {
                self.by_hart[hart] += 1;
                self.sum += square;
            }
            Some(Err(error)) if error.kind() == TaskErrorKind::Cancelled => {
                self.cancelled += 1;
                self.sum += number * number;
            }
            _ => self.lost += 1,
        }
    }

    fn adds_up(&self) -> bool {
        let [first, others @ ..] = &self.by_hart;
        self.have_returned
            && *first == 0
            && others.iter().all(|&count| count > 0)
            && others.iter().sum::<u64>() + self.cancelled == self.tasks
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tasks in {} ms: ", self.tasks, self.microseconds / 1000)?;
        for (hart, count) in self.by_hart.iter().enumerate().skip(1) {
            write!(f, "{count} on hart {hart}, ")?;
        }
        write!(f, "{} cancelled, {} lost", self.cancelled, self.lost)
    }
}
