//! Samples from an interrupt handler, filtered by the main loop; all memory is static.
//!
//! A timer interrupt reads a sensor a thousand times a second. It has no time to compute, so it submits what is to be
//! computed and puts the future where the main loop finds it. The main loop runs the tasks, shows the results, and sleeps
//! until the next interrupt. Then comes what goes wrong on real boards: too many samples, work that is no longer wanted, a
//! peripheral that is late, a task that fails. In the end every task has to be accounted for, or the exit code says so.
//!
//! ```sh
//! cargo run --release --bin superloop                                 # Cortex-M3, machine lm3s6965evb of QEMU
//! cargo run --release --bin superloop --target thumbv6m-none-eabi     # Cortex-M0, machine microbit
//! ```
#![no_std]
#![no_main]

use core::cell::RefCell;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use concurrent_futures_core::{
    Failure, Future, Mailbox, PinnedTask, Promise, StaticExecutor, TaskError, WakeFlag, Wfi,
};
use cortex_m::Peripherals;
use cortex_m::asm::wfi;
use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::{entry, exception};
use cortex_m_semihosting::debug::{self, EXIT_FAILURE, EXIT_SUCCESS};
use cortex_m_semihosting::hprintln;
use critical_section::Mutex;
use heapless::Deque;
use panic_semihosting as _;

/// How many tasks there can be at a time: queued, running, or finished and not yet read.
const SLOTS: usize = 8;

/// How many samples are taken: one at each of the first ticks.
const SAMPLES: u32 = 100;

/// Room for `SLOTS` tasks, whose closures and results take up to 32 bytes.
static EXECUTOR: StaticExecutor<SLOTS, 32> = StaticExecutor::new();

/// Futures on their way from the interrupt handler to the main loop, in order; never more than there are slots.
static RESULTS: Mutex<RefCell<Deque<Future<Sample>, SLOTS>>> =
    Mutex::new(RefCell::new(Deque::new()));

/// The last sample that the executor had no room for.
static LAST_REFUSED: Mailbox<Sample> = Mailbox::new();

/// A slow measurement that somebody waits for, and the tick at which it will be there.
static MEASUREMENT: Mailbox<(u32, Promise<i32>)> = Mailbox::new();

/// How the main loop waits for one future: by WFI, until the handler has woken it.
static WOKEN: WakeFlag<Wfi> = WakeFlag::new(Wfi);

// Only the handler writes these, so it may add by a load and a store. A Cortex-M0 has nothing else.
static TICKS: AtomicU32 = AtomicU32::new(0);
static SUBMITTED: AtomicU32 = AtomicU32::new(0);
static REFUSED: AtomicU32 = AtomicU32::new(0);

/// A sample: when it was taken, what the sensor said, and that without outliers.
#[derive(Clone, Copy)]
struct Sample {
    tick: u32,
    read: i32,
    filtered: i32,
}

// The interrupt handler -----------------------------------------------------------------------------------------------

#[exception]
fn SysTick() {
    static mut WINDOW: [i32; 5] = [0; 5];

    let tick = add_one(&TICKS);
    if tick <= SAMPLES {
        WINDOW.rotate_left(1);
        WINDOW[4] = read_sensor(tick);
        submit_sample(tick, *WINDOW);
    }
    if let Some((due, promise)) = MEASUREMENT.take() {
        if tick < due {
            MEASUREMENT.put((due, promise));
        } else {
            let _ = promise.complete(23); // an error if nobody wants it any more
        }
    }
}

fn submit_sample(tick: u32, window: [i32; 5]) {
    let task = move || Sample { tick, read: window[4], filtered: median(window) };
    match EXECUTOR.submit(task) {
        Ok(future) => {
            add_one(&SUBMITTED);
            critical_section::with(|section| {
                // There is room: no more futures than slots. Were there none, the future would be dropped, its task run.
                let _ = RESULTS.borrow_ref_mut(section).push_back(future);
            });
        }
        Err(refused) => {
            // All slots are taken. The closure comes back, and with it the sample; what becomes of it is ours to say.
            let task = refused.into_inner();
            add_one(&REFUSED);
            LAST_REFUSED.put(task());
        }
    }
}

/// A slow ramp, and far off every seventh time.
fn read_sensor(tick: u32) -> i32 {
    if tick.is_multiple_of(7) { 4095 } else { 1000 + tick as i32 }
}

fn median<const LENGTH: usize>(mut window: [i32; LENGTH]) -> i32 {
    window.sort_unstable();
    window[LENGTH / 2]
}

fn add_one(count: &AtomicU32) -> u32 {
    let count_now = count.load(Ordering::Relaxed) + 1;
    count.store(count_now, Ordering::Relaxed);
    count_now
}

// The main loop -------------------------------------------------------------------------------------------------------

#[entry]
fn main() -> ! {
    match run() {
        Ok(()) => {
            hprintln!("every task is accounted for");
            debug::exit(EXIT_SUCCESS);
        }
        Err(error) => {
            hprintln!("error: {}", error);
            debug::exit(EXIT_FAILURE);
        }
    }
    loop {
        wfi(); // where no debugger or emulator ended the program
    }
}

/// What became of the tasks.
#[derive(Default)]
struct Counts {
    /// Submitted by the main loop itself.
    submitted: u32,
    finished: u32,
    failed: u32,
    cancelled: u32,
    unread: u32,
}

fn run() -> Result<(), &'static str> {
    let peripherals = Peripherals::take().ok_or("the peripherals are taken already")?;
    start_ticks(peripherals.SYST);
    let mut counts = Counts::default();
    show_samples_until(60, &mut counts)?;
    be_busy_until(80)?;
    show_samples_until(SAMPLES, &mut counts)?;
    cancel_before_it_starts(&mut counts)?;
    fail_with_a_code(&mut counts)?;
    drop_unread(&mut counts)?;
    run_in_its_own_memory(&mut counts)?;
    wait_for_what_is_late()?;
    account(&counts)
}

fn start_ticks(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(12_000 - 1); // a millisecond at 12 MHz
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

fn ticks() -> u32 {
    TICKS.load(Ordering::Relaxed)
}

/// The superloop.
fn show_samples_until(tick: u32, counts: &mut Counts) -> Result<(), &'static str> {
    loop {
        let last_round = ticks() >= tick;
        EXECUTOR.run_pending();
        while let Some(result) = next_result() {
            let sample = result.map_err(|_| "a sample was not filtered")?;
            counts.finished += 1;
            show(sample)?;
        }
        if last_round {
            return Ok(());
        }
        sleep();
    }
}

/// Until the next interrupt. Interrupts are held off between the look at the queue and the sleep, or one that comes there
/// would be noticed only after the next one; WFI ends with one that is held off, too.
fn sleep() {
    critical_section::with(|_| {
        if EXECUTOR.queued() == 0 {
            wfi();
        }
    });
}

/// The oldest result, if its task has run.
fn next_result() -> Option<Result<Sample, TaskError>> {
    critical_section::with(|section| {
        let mut futures = RESULTS.borrow_ref_mut(section);
        let result = futures.front_mut()?.try_result()?;
        futures.pop_front(); // dropped: its slot is free again
        Some(result)
    })
}

fn show(sample: Sample) -> Result<(), &'static str> {
    let Sample { tick, read, filtered } = sample;
    if read > 2000 {
        hprintln!("tick {}: read {}, filtered {}", tick, read, filtered);
    }
    if filtered > 2000 { Err("an outlier came through the filter") } else { Ok(()) }
}

/// The main loop has something else to do: more samples come in than there are slots.
fn be_busy_until(tick: u32) -> Result<(), &'static str> {
    while ticks() < tick {
        wfi();
    }
    let kept = LAST_REFUSED.take().ok_or("the slots should have run out")?;
    let refused = REFUSED.load(Ordering::Relaxed);
    hprintln!("busy: {} samples found no slot, the last one at tick {}", refused, kept.tick);
    Ok(())
}

/// What is not wanted any more does not run, and what it would have taken along is dropped.
fn cancel_before_it_starts(counts: &mut Counts) -> Result<(), &'static str> {
    let mut future = EXECUTOR.submit(|| 6 * 7).map_err(|_| "no slot for a task to cancel")?;
    counts.submitted += 1;
    let was_cancelled = future.cancel();
    let ran = EXECUTOR.run_pending();
    match future.try_result() {
        Some(Err(error)) if was_cancelled && ran == 0 && error.is_cancelled() => {
            counts.cancelled += 1;
            hprintln!("cancel: {}", error);
            Ok(())
        }
        _ => Err("a task that has not started can be cancelled"),
    }
}

/// Without an allocator a failure is a code and a message, both static.
fn fail_with_a_code(counts: &mut Counts) -> Result<(), &'static str> {
    static NOT_CALIBRATED: Failure = Failure::new(3, "the sensor is not calibrated");

    let mut future = EXECUTOR
        .submit_fallible(|| Err::<i32, _>(TaskError::from(&NOT_CALIBRATED)))
        .map_err(|_| "no slot for a task that fails")?;
    counts.submitted += 1;
    EXECUTOR.run_pending();
    match future.try_result() {
        Some(Err(error)) if error.code() == Some(3) => {
            counts.failed += 1;
            hprintln!("failure: {}, code 3", error);
            Ok(())
        }
        _ => Err("a task that fails has its code in the error"),
    }
}

/// Who drops a future lets the task run all the same; its slot is free when it has.
fn drop_unread(counts: &mut Counts) -> Result<(), &'static str> {
    static HAS_RUN: AtomicBool = AtomicBool::new(false);

    let future = EXECUTOR
        .submit(|| HAS_RUN.store(true, Ordering::Relaxed))
        .map_err(|_| "no slot for a task that nobody waits for")?;
    counts.submitted += 1;
    drop(future);
    EXECUTOR.run_pending();
    if !HAS_RUN.load(Ordering::Relaxed) {
        return Err("a task whose future was dropped runs all the same");
    }
    counts.unread += 1;
    hprintln!("unread: the task ran");
    Ok(())
}

/// What is too large for a slot, or must not be refused, brings its own memory: here the stack of the main loop.
fn run_in_its_own_memory(counts: &mut Counts) -> Result<(), &'static str> {
    let window: [i32; 63] = core::array::from_fn(|index| read_sensor(index as u32 + 1));
    let mut task = pin!(PinnedTask::new(move || median(window)));
    EXECUTOR.submit_pinned(task.as_mut()).map_err(|_| "the executor was shut down")?;
    counts.submitted += 1;
    EXECUTOR.run_pending();
    match task.as_mut().try_result() {
        Some(Ok(1037)) => {
            counts.finished += 1;
            hprintln!("pinned: the median of 63 samples is 1037");
            Ok(())
        }
        _ => Err("the median of the first 63 samples should be 1037"),
    }
}

/// A promise is for what no task computes: here the handler fulfils it, ten ticks from now.
fn wait_for_what_is_late() -> Result<(), &'static str> {
    let (promise, mut future) = EXECUTOR.promise().map_err(|_| "no slot for a promise")?;
    let start = ticks();
    MEASUREMENT.put((start + 10, promise));
    let parker = WOKEN.parker_with_clock(ticks);
    match future.result_deadline_with(&parker, start + 3) {
        Err(error) if error.is_timed_out() => hprintln!("late: {}", error),
        _ => return Err("the measurement should have been late"),
    }
    // After a timeout the future is as it was, and may be waited for again.
    let degrees = future.result_with(&parker).map_err(|_| "the measurement was lost")?;
    hprintln!("late: {} degrees, {} ticks later", degrees, ticks() - start);
    Ok(())
}

/// Each sample was submitted or refused, each task has come to one of its four ends, and all slots are free.
fn account(counts: &Counts) -> Result<(), &'static str> {
    let by_handler = SUBMITTED.load(Ordering::Relaxed);
    let refused = REFUSED.load(Ordering::Relaxed);
    let submitted = by_handler + counts.submitted;
    let Counts { finished, failed, cancelled, unread, .. } = *counts;
    let free = EXECUTOR.free_slots();
    hprintln!("{} samples: {} submitted, {} refused", SAMPLES, by_handler, refused);
    hprintln!(
        "{} tasks: {} finished, {} failed, {} cancelled, {} unread; {} of {} slots free",
        submitted,
        finished,
        failed,
        cancelled,
        unread,
        free,
        SLOTS
    );
    if by_handler + refused != SAMPLES {
        Err("samples were lost")
    } else if submitted != finished + failed + cancelled + unread {
        Err("tasks were lost")
    } else if free != SLOTS {
        Err("slots were lost")
    } else {
        Ok(())
    }
}
