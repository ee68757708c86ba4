//! What two sides do to one task at the same time: the first hart cancels it, drops its future, fills
//! the executor or shuts it down, while the other two run. All that was made must have been dropped,
//! once, and every task must be accounted for.
#![no_std]
#![no_main]

use core::pin::pin;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use concurrent_futures_core::{
    FutureState, MulticoreExecutor, PinnedTask, RefusedReason, TaskErrorKind, WakeFlag,
};
use firmware_riscv::harts::{self, HARTS, SoftwareInterrupt};
use firmware_riscv::{board, println};

const SLOTS: usize = 16;
const ROUNDS: u32 = 10_000;
/// The harts that run tasks.
const OTHERS: u32 = HARTS as u32 - 1;
/// Where both sides wait for each other, which takes long where harts have to share a core.
const HANDSHAKES: u32 = 500;

static EXECUTOR: MulticoreExecutor<SLOTS, 32> = MulticoreExecutor::new();

static SLEEPERS: [WakeFlag<SoftwareInterrupt>; HARTS] = [
    WakeFlag::new(SoftwareInterrupt::of(0)),
    WakeFlag::new(SoftwareInterrupt::of(1)),
    WakeFlag::new(SoftwareInterrupt::of(2)),
];

/// Each to be shut down while it is submitted to.
static SHORT_LIVED: [MulticoreExecutor<4, 32>; HANDSHAKES as usize] =
    [const { MulticoreExecutor::new() }; _];

/// How many times a hart has come back from an executor.
static RETURNED: AtomicU32 = AtomicU32::new(0);

/// Of [`Token`]s.
static MADE: AtomicU32 = AtomicU32::new(0);
static DROPPED: AtomicU32 = AtomicU32::new(0);

/// How many tasks have been run.
static RUN: AtomicU32 = AtomicU32::new(0);

#[riscv_rt::entry]
fn main(hart: usize) -> ! {
    if hart == 0 {
        board::exit(all());
    }
    harts::arrive();
    EXECUTOR.run_forever(&SLEEPERS[hart].parker());
    count(&RETURNED);
    for executor in &SHORT_LIVED {
        executor.run_forever(&SLEEPERS[hart].parker());
        count(&RETURNED);
    }
    harts::stop()
}

/// Gives the exit status.
fn all() -> u8 {
    if !harts::start_others() {
        println!("not all harts are there: start QEMU with -smp {HARTS}");
        return 2;
    }
    let parts = [
        cancel_against_start,
        drop_against_run,
        drop_while_it_runs,
        drop_in_place,
        promise_kept_elsewhere,
        no_slot_free,
        shutdown_while_tasks_submit,
        shutdown_against_submit,
    ];
    for part in parts {
        if !part() || !nothing_is_left() {
            let (made, dropped) = (read(&MADE), read(&DROPPED));
            println!(
                "WRONG, in this one or the next: {made} made, {dropped} dropped, {EXECUTOR:?}"
            );
            return 1;
        }
    }
    println!("everything adds up");
    0
}

/// Something to be dropped once, wherever it ends.
struct Token;

impl Token {
    fn new() -> Self {
        count(&MADE);
        Self
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        count(&DROPPED);
    }
}

fn count(counter: &AtomicU32) {
    // ORDERING: Release; pairs with the Acquire in `read`: what was counted has happened.
    counter.fetch_add(1, Ordering::Release);
}

fn read(counter: &AtomicU32) -> u32 {
    // ORDERING: Acquire; pairs with the Release in `count`.
    counter.load(Ordering::Acquire)
}

/// Whether all tokens are gone, and all slots free; what another hart is about to drop, it does soon.
fn nothing_is_left() -> bool {
    harts::wait_until(|| {
        read(&MADE) == read(&DROPPED) && EXECUTOR.free_slots() == SLOTS && EXECUTOR.queued() == 0
    })
}

/// Lets a little time pass, another one each time: the other harts are here or there then.
fn linger(round: u32) {
    for _ in 0..(round.wrapping_mul(2_654_435_761) >> 22) {
        core::hint::spin_loop();
    }
}

/// A task that brings a token, and gives it back.
fn carry(token: Token) -> impl FnOnce() -> Token + Send + 'static {
    move || {
        count(&RUN);
        linger(read(&RUN));
        token
    }
}

/// Either it is cancelled and never runs, or it runs and was not cancelled.
fn cancel_against_start() -> bool {
    let (mut cancelled, mut finished, mut wrong) = (0, 0, 0);
    let run_before = read(&RUN);
    for round in 0..ROUNDS {
        let Ok(future) = EXECUTOR.submit(carry(Token::new())) else { return false };
        linger(round);
        let is_cancelled = future.cancel();
        match (is_cancelled, future.result_with(&SLEEPERS[0].parker())) {
            (true, Err(error)) if error.is_cancelled() => cancelled += 1,
            (false, Ok(_token)) => finished += 1,
            _ => wrong += 1,
        }
    }
    let run = read(&RUN) - run_before;
    println!("cancel against start: {cancelled} cancelled, {finished} finished, {run} run");
    wrong == 0 && cancelled > 0 && finished > 0 && finished == run
}

/// The result has nobody to go to, or is there already: somebody drops it.
fn drop_against_run() -> bool {
    let mut states = [0; 3];
    let run_before = read(&RUN);
    for round in 0..ROUNDS {
        let mut task = carry(Token::new());
        let future = loop {
            match EXECUTOR.submit(task) {
                Ok(future) => break future,
                Err(refused) => task = refused.into_inner(), // futures were dropped, tasks not yet run
            }
        };
        linger(round);
        states[match future.state() {
            FutureState::Pending => 0,
            FutureState::Running => 1,
            _ => 2,
        }] += 1;
        drop(future);
    }
    let all_run = harts::wait_until(|| read(&RUN) - run_before == ROUNDS);
    let [pending, running, finished] = states;
    println!(
        "drop against run: {pending} pending, {running} running, {finished} finished, {} run",
        read(&RUN) - run_before
    );
    all_run
}

/// The task is surely running, on another hart, when its future is dropped.
fn drop_while_it_runs() -> bool {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    static GO_ON: AtomicU32 = AtomicU32::new(0);
    let mut running = 0;
    for _ in 0..HANDSHAKES {
        let token = Token::new();
        let submitted = EXECUTOR.submit(move || {
            count(&STARTED);
            let this = read(&STARTED);
            harts::wait_until(|| read(&GO_ON) == this);
            token
        });
        let Ok(future) = submitted else { return false };
        let this = read(&GO_ON) + 1;
        if !harts::wait_until(|| read(&STARTED) == this) {
            return false;
        }
        running += u32::from(future.running() && !future.cancel());
        drop(future);
        count(&GO_ON);
        if !nothing_is_left() {
            return false;
        }
    }
    println!("drop while it runs: {running} running");
    running == HANDSHAKES
}

/// The task lies on this stack, which goes on being used: dropping it waits for the hart that runs it.
fn drop_in_place() -> bool {
    let mut states = [0; 3];
    let run_before = read(&RUN);
    for round in 0..ROUNDS {
        let mut task = pin!(PinnedTask::new(carry(Token::new())));
        if EXECUTOR.submit_pinned(task.as_mut()).is_err() {
            return false;
        }
        linger(round);
        states[match task.state() {
            FutureState::Pending => 0,
            FutureState::Running => 1,
            _ => 2,
        }] += 1;
    }
    let run = read(&RUN) - run_before;
    let [pending, running, finished] = states;
    println!(
        "in place, dropped: {pending} pending, {running} running, {finished} finished, {run} run"
    );
    // One that was seen pending may have started before it was cancelled by being dropped.
    run >= running + finished && run <= ROUNDS
}

/// A task on another hart keeps a promise, or drops it.
fn promise_kept_elsewhere() -> bool {
    let (mut kept, mut abandoned, mut wrong) = (0, 0, 0);
    for round in 0..HANDSHAKES {
        let Ok((promise, future)) = EXECUTOR.promise::<Token>() else { return false };
        let keep = round % 2 == 0;
        let submitted = EXECUTOR.submit(move || {
            if keep {
                drop(promise.complete(Token::new()));
            }
        });
        drop(submitted);
        match future.result_with(&SLEEPERS[0].parker()) {
            Ok(_token) => kept += 1,
            Err(error) if error.kind() == TaskErrorKind::Abandoned => abandoned += 1,
            Err(_) => wrong += 1,
        }
        if !nothing_is_left() {
            return false;
        }
    }
    println!("a promise, kept elsewhere: {kept} kept, {abandoned} abandoned");
    wrong == 0 && kept == HANDSHAKES / 2 && abandoned == HANDSHAKES / 2
}

/// While tasks keep the other harts busy, all slots are taken; one more task comes back.
fn no_slot_free() -> bool {
    static IS_OPEN: AtomicBool = AtomicBool::new(false);
    // ORDERING: Relaxed, both; nothing is published by it.
    let gate = || harts::wait_until(|| IS_OPEN.load(Ordering::Relaxed));
    let busy = [(); HARTS - 1].map(|()| EXECUTOR.submit(gate));
    harts::wait_until(|| EXECUTOR.queued() == 0);

    let mut queued = [const { None }; SLOTS - (HARTS - 1)];
    for place in &mut queued {
        *place = EXECUTOR.submit(carry(Token::new())).ok();
    }
    let Err(refused) = EXECUTOR.submit(carry(Token::new())) else { return false };
    let is_full = *refused.reason() == RefusedReason::Full;
    drop(refused.into_inner()()); // the closure is as good as before
    let cancelled = EXECUTOR.cancel_queued();
    let all_cancelled = queued.iter().flatten().filter(|future| future.cancelled()).count();
    IS_OPEN.store(true, Ordering::Relaxed);
    let released =
        busy.into_iter().flatten().map(|future| future.result_with(&SLEEPERS[0].parker()));
    let released = released.filter(|outcome| matches!(outcome, Ok(true))).count();
    println!("no slot free: {cancelled} queued and cancelled, {released} released");
    is_full && cancelled == queued.len() && all_cancelled == cancelled && released == HARTS - 1
}

/// Tasks submit tasks, and those too, until they are told that the executor was shut down.
fn shutdown_while_tasks_submit() -> bool {
    static ACCEPTED: AtomicU32 = AtomicU32::new(0);
    static TURNED_AWAY: AtomicU32 = AtomicU32::new(0);

    fn submit_another() {
        match EXECUTOR.submit(breed) {
            Ok(_) => count(&ACCEPTED),
            Err(refused) if *refused.reason() == RefusedReason::Full => {}
            Err(_) => count(&TURNED_AWAY),
        }
    }
    fn breed() {
        count(&RUN);
        submit_another();
        submit_another();
    }

    let run_before = read(&RUN);
    submit_another();
    let has_bred = harts::wait_until(|| read(&RUN) - run_before > ROUNDS);
    EXECUTOR.shutdown();
    let is_refused = EXECUTOR.submit(carry(Token::new()));
    let is_refused = is_refused.is_err_and(|refused| *refused.reason() == RefusedReason::ShutDown);
    let have_returned = harts::wait_until(|| read(&RETURNED) == OTHERS);
    let (accepted, run) = (read(&ACCEPTED), read(&RUN) - run_before);
    let enough = run > ROUNDS && read(&TURNED_AWAY) > 0;
    println!(
        "shutdown while tasks submit: more than {ROUNDS} accepted: {enough}, all of them run: {}",
        accepted == run
    );
    has_bred && is_refused && have_returned && enough && accepted == run
}

/// A task shuts its executor down while this hart submits: what is accepted is run, by whichever hart
/// is still there.
fn shutdown_against_submit() -> bool {
    let (mut accepted, mut run_in_all) = (0, 0);
    for (round, executor) in (0..).zip(&SHORT_LIVED) {
        let returned_before = (round + 1) * OTHERS;
        let run_before = read(&RUN);
        let shutdown = move || {
            linger(round);
            executor.shutdown();
        };
        if executor.submit(shutdown).is_err() {
            return false;
        }
        loop {
            match executor.submit(|| count(&RUN)) {
                Ok(_) => accepted += 1,
                Err(refused) if *refused.reason() == RefusedReason::Full => {}
                Err(_) => break,
            }
        }
        if !harts::wait_until(|| read(&RETURNED) == returned_before + OTHERS) {
            return false;
        }
        run_in_all += read(&RUN) - run_before;
    }
    println!("shutdown against submit: all accepted tasks run: {}", accepted == run_in_all);
    accepted == run_in_all
}
