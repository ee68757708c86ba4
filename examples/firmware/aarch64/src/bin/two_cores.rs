//! Two cores of Arm: the first submits and collects, the second runs. Who has nothing to do waits for
//! an event (WFE), which the other one sends (SEV). QEMU does not sleep there, chips do.
#![no_std]
#![no_main]

use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};

use aarch64_rt::{
    ExceptionHandlers, InitialPagetable, Stack, entry, exception_handlers, initial_pagetable,
    start_core,
};
use concurrent_futures_core::{FixedWaitSet, Future, MulticoreExecutor, WakeFlag, Wfe};
use semihosting::{println, process};
use smccc::Hvc;

const TASKS: u64 = 100_000;
const SLOTS: usize = 32;

static EXECUTOR: MulticoreExecutor<SLOTS, 16> = MulticoreExecutor::new();

/// By which the cores are woken.
static FIRST: WakeFlag<Wfe> = WakeFlag::new(Wfe);
static SECOND: WakeFlag<Wfe> = WakeFlag::new(Wfe);

/// Whether the second core has come back from the executor.
static HAS_RETURNED: AtomicBool = AtomicBool::new(false);

static mut STACK_OF_SECOND: Stack<4> = Stack::new();

/// One entry for each GiB: the second of them is memory, cached and shared by the cores.
const MEMORY: usize = VALID | ATTRIBUTES_1 | INNER_SHAREABLE | ACCESSED | 1 << 30;
const VALID: usize = 1;
const ATTRIBUTES_1: usize = 1 << 2; // write-back, in aarch64-rt's default of MAIR
const INNER_SHAREABLE: usize = 3 << 8;
const ACCESSED: usize = 1 << 10;

initial_pagetable!({
    let mut table = [0; 512];
    table[1] = MEMORY;
    InitialPagetable(table)
});

struct Exceptions;

/// Each is a panic.
impl ExceptionHandlers for Exceptions {}

exception_handlers!(Exceptions);
entry!(main);

fn main(_: u64, _: u64, _: u64, _: u64) -> ! {
    let stack = &raw mut STACK_OF_SECOND;
    // SAFETY: the stack is that core's alone, for ever, and is mapped as all memory is.
    let started = unsafe { start_core::<Hvc, _, _>(1, stack, second) };
    if let Err(error) = started {
        println!("there is no second core ({error}): start QEMU with -smp 2");
        process::exit(2);
    }
    let (sum, cancelled) = submit_and_collect();
    EXECUTOR.shutdown();
    // ORDERING: Acquire; pairs with the Release in `second`.
    while !HAS_RETURNED.load(Ordering::Acquire) {
        core::hint::spin_loop();
    }
    let expected = (TASKS - 1) * TASKS * (2 * TASKS - 1) / 6;
    println!("{TASKS} tasks, {cancelled} cancelled, checksum {sum}, {expected} expected");
    process::exit(i32::from(sum != expected));
}

fn second() {
    EXECUTOR.run_forever(&SECOND.parker());
    // ORDERING: Release; pairs with the Acquire in `main`.
    HAS_RETURNED.store(true, Ordering::Release);
    loop {
        core::hint::spin_loop();
    }
}

/// The sum of the squares of all numbers, and for how many of them the task was cancelled.
fn submit_and_collect() -> (u64, u64) {
    let (mut sum, mut cancelled, mut next) = (0, 0, 0);
    let mut set = pin!(FixedWaitSet::<(u64, Future<u64>), SLOTS>::new());
    loop {
        while next < TASKS {
            let number = next;
            let Ok(future) = EXECUTOR.submit(move || number * number) else { break };
            if number % 100 == 0 {
                future.cancel(); // or it has started
            }
            let _ = set.as_mut().insert((number, future)); // as large as the executor
            next += 1;
        }
        let Some((number, mut future)) = set.as_mut().next_with(&FIRST.parker(), None) else {
            return (sum, cancelled);
        };
        match future.try_result() {
            Some(Ok(square)) => sum += square,
            Some(Err(error)) if error.is_cancelled() => {
                sum += number * number;
                cancelled += 1;
            }
            _ => return (0, 0), // not reached: the checksum is wrong then
        }
    }
}
