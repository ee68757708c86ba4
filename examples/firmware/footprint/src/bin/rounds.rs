//! What a sample costs on its way to the main loop and back, in instructions, by each of the means; and what the parts
//! of it do. For QEMU: prints, and says by its exit status whether all results were right.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use footprint::board::filter;
use footprint::clock::Clock;

const ROUNDS: usize = 1000;

/// Every step is a function that is called, so that none is mixed with what is around it.
mod ours {
    use super::filter;
    use concurrent_futures_core::{Future, Promise, StaticExecutor};

    pub(super) type Executor<const SLOTS: usize> = StaticExecutor<SLOTS, 64>;
    static EXECUTOR: Executor<8> = Executor::new();

    #[inline(never)]
    pub(super) fn request(sample: i32) -> Option<Future<i32>> {
        EXECUTOR.submit(move || filter(sample)).ok()
    }

    #[inline(never)]
    pub(super) fn work() -> bool {
        EXECUTOR.run_one()
    }

    #[inline(never)]
    pub(super) fn look(future: &mut Future<i32>) -> Option<i32> {
        future.try_result()?.ok()
    }

    #[inline(never)]
    pub(super) fn answer(mut future: Future<i32>) -> Option<i32> {
        future.try_result()?.ok()
    }

    #[inline(never)]
    pub(super) fn cancel(future: Future<i32>) -> bool {
        future.cancel()
    }

    #[inline(never)]
    pub(super) fn promise() -> Option<(Promise<i32>, Future<i32>)> {
        EXECUTOR.promise().ok()
    }

    #[inline(never)]
    pub(super) fn complete(promise: Promise<i32>, value: i32) -> bool {
        promise.complete(value).is_ok()
    }

    pub(super) fn is_empty() -> bool {
        EXECUTOR.free_slots() == 8 && EXECUTOR.queued() == 0
    }
}

mod signal {
    use super::filter;
    use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
    use embassy_sync::signal::Signal;

    static SAMPLE: Signal<CriticalSectionRawMutex, i32> = Signal::new();
    static FILTERED: Signal<CriticalSectionRawMutex, i32> = Signal::new();

    #[inline(never)]
    pub(super) fn request(sample: i32) {
        SAMPLE.signal(sample);
    }

    #[inline(never)]
    pub(super) fn work() {
        if let Some(sample) = SAMPLE.try_take() {
            FILTERED.signal(filter(sample));
        }
    }

    #[inline(never)]
    pub(super) fn answer() -> Option<i32> {
        FILTERED.try_take()
    }
}

mod mailbox {
    use super::filter;
    use core::cell::Cell;
    use critical_section::Mutex;

    static SAMPLE: Mutex<Cell<Option<i32>>> = Mutex::new(Cell::new(None));
    static FILTERED: Mutex<Cell<Option<i32>>> = Mutex::new(Cell::new(None));

    #[inline(never)]
    pub(super) fn request(sample: i32) {
        critical_section::with(|section| SAMPLE.borrow(section).set(Some(sample)));
    }

    #[inline(never)]
    pub(super) fn work() {
        if let Some(sample) = critical_section::with(|section| SAMPLE.borrow(section).take()) {
            let value = filter(sample);
            critical_section::with(|section| FILTERED.borrow(section).set(Some(value)));
        }
    }

    #[inline(never)]
    pub(super) fn answer() -> Option<i32> {
        critical_section::with(|section| FILTERED.borrow(section).take())
    }
}

/// What came of many rounds.
struct Tally {
    counts: [u32; ROUNDS],
    wrong: usize,
}

impl Tally {
    /// Calls `round` with each sample; it says how many instructions it took, and whether the result was right.
    fn of(mut round: impl FnMut(i32) -> (u32, bool)) -> Self {
        let mut tally = Self { counts: [0; ROUNDS], wrong: 0 };
        for (sample, count) in (0..).zip(&mut tally.counts) {
            let (instructions, is_right) = round(sample);
            *count = instructions;
            tally.wrong += usize::from(!is_right);
        }
        tally.counts.sort_unstable();
        tally
    }

    /// Says how many results were wrong.
    fn print(&self, name: &str) -> usize {
        let (least, middle, most) =
            (self.counts[0], self.counts[ROUNDS / 2], self.counts[ROUNDS - 1]);
        hprintln!("{} {} {} {}", name, least, middle, most);
        self.wrong
    }
}

#[entry]
fn main() -> ! {
    let Some(clock) = Clock::start() else {
        hprintln!(
            "error: the timer does not tell instructions apart: is this QEMU with -icount shift=8?"
        );
        end(debug::EXIT_FAILURE);
    };
    hprintln!("ticks-of-1000-instructions {}", clock.ticks_of_1000());
    hprintln!(
        "slot-overhead {}",
        size_of::<ours::Executor<9>>() - size_of::<ours::Executor<8>>() - 64
    );
    hprintln!("executor-overhead {}", size_of::<ours::Executor<0>>());
    let wrong = whole_rounds(&clock) + parts(&clock);
    if wrong == 0 && ours::is_empty() {
        end(debug::EXIT_SUCCESS);
    }
    hprintln!("error: {} results were wrong, or slots were lost", wrong);
    end(debug::EXIT_FAILURE);
}

/// Ends QEMU.
fn end(status: debug::ExitStatus) -> ! {
    loop {
        debug::exit(status);
    }
}

/// From the sample to the result, by each of the means.
fn whole_rounds(clock: &Clock) -> usize {
    let mut wrong = 0;
    let mut round = |name, go: fn(i32) -> Option<i32>| {
        let tally = Tally::of(|sample| {
            let mut result = None;
            let count = clock.count(|| result = go(sample));
            (count, result == Some(filter(sample)))
        });
        wrong += tally.print(name);
    };
    round("round-mailbox", |sample| {
        mailbox::request(sample);
        mailbox::work();
        mailbox::answer()
    });
    round("round-signal", |sample| {
        signal::request(sample);
        signal::work();
        signal::answer()
    });
    round("round-ours", |sample| {
        let future = ours::request(sample)?;
        ours::work();
        ours::answer(future)
    });
    round("round-promise", |sample| {
        let (promise, future) = ours::promise()?;
        ours::complete(promise, filter(sample));
        ours::answer(future)
    });
    wrong
}

/// One part each of what is done with a task, with the others around it.
fn parts(clock: &Clock) -> usize {
    let submit = Tally::of(|sample| {
        let mut future = None;
        let count = clock.count(|| future = ours::request(sample));
        ours::work();
        (count, future.and_then(ours::answer) == Some(filter(sample)))
    });
    let run = Tally::of(|sample| {
        let future = ours::request(sample);
        let count = clock.count(|| _ = ours::work());
        (count, future.and_then(ours::answer) == Some(filter(sample)))
    });
    let answer = Tally::of(|sample| {
        let Some(future) = ours::request(sample) else { return (0, false) };
        ours::work();
        let mut result = None;
        let count = clock.count(|| result = ours::answer(future));
        (count, result == Some(filter(sample)))
    });
    let pending = Tally::of(|sample| {
        let Some(mut future) = ours::request(sample) else { return (0, false) };
        let mut result = None;
        let count = clock.count(|| result = ours::look(&mut future));
        ours::work();
        (count, result.is_none() && ours::answer(future) == Some(filter(sample)))
    });
    let cancel = Tally::of(|sample| {
        let Some(future) = ours::request(sample) else { return (0, false) };
        let mut is_cancelled = false;
        let count = clock.count(|| is_cancelled = ours::cancel(future));
        (count, is_cancelled && !ours::work())
    });
    let parts =
        [("submit", submit), ("run", run), ("take", answer), ("look", pending), ("cancel", cancel)];
    parts.iter().map(|(name, tally)| tally.print(name)).sum()
}
