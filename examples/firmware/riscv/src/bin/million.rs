//! A million tasks on several harts: the first one submits them and collects their results as they
//! are done, the others run them.
#![no_std]
#![no_main]

use core::pin::pin;
use core::sync::atomic::{AtomicU32, Ordering};

use concurrent_futures_core::{FixedWaitSet, Future, MulticoreExecutor, SpinLock};
use firmware_riscv::harts::{self, HARTS};
use firmware_riscv::{board, println};

const TASKS: u64 = 1_000_000;
const SLOTS: usize = 64;

static EXECUTOR: MulticoreExecutor<SLOTS, 24> =
    MulticoreExecutor::with_locks(SpinLock::new(), SpinLock::new());

static STOP: AtomicU32 = AtomicU32::new(0);

struct Square {
    square: u64,
    hart: usize,
}

fn square(number: u64) -> Square {
    Square { square: number * number, hart: harts::this_hart() }
}

#[riscv_rt::entry]
fn main(hart: usize) -> ! {
    if hart == 0 {
        harts::start_others();
        board::exit(first());
    }
    while STOP.load(Ordering::Relaxed) == 0 {
        EXECUTOR.run_one();
    }
    harts::sleep_for_ever()
}

fn first() -> u8 {
    let started = board::microseconds();
    let mut set = pin!(FixedWaitSet::<(u64, Future<Square>), SLOTS>::new());
    let mut next = 0;
    let mut sum = 0;
    let mut by_hart = [0u32; HARTS];
    let mut done = 0;
    while done < TASKS {
        while next < TASKS {
            let number = next;
            let Ok(future) = EXECUTOR.submit(move || square(number)) else { break };
            let _ = set.as_mut().insert((number, future));
            next += 1;
        }
        if let Some((_, mut future)) = set.as_mut().try_next() {
            let Some(Ok(result)) = future.try_result() else { return 1 };
            sum += result.square;
            by_hart[result.hart] += 1;
            done += 1;
        }
    }
    STOP.store(1, Ordering::Relaxed);
    let micros = board::microseconds() - started;
    println!("{sum} {by_hart:?} in {micros} us");
    (sum != (TASKS - 1) * TASKS * (2 * TASKS - 1) / 6).into()
}
