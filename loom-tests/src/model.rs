//! One way to run a model: a stated bound, a budget that fails when it is spent, a count of executions, and
//! no panic that goes unnoticed.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::env;
use std::panic;
use std::time::Instant;

use loom::model::Builder;
use tracing_subscriber::EnvFilter;

/// Executions that a model may take: about four minutes of small ones.
const MOST_EXECUTIONS: usize = 5_000_000;

/// Wall-clock time that a model may take: less than the runner's patience with a process, so that a model
/// that is merely too large says so itself.
const MOST_TIME: Duration = Duration::from_secs(480);

/// Set by the runner for the second pass, in which core's loads may be stale.
const STALE_LOADS: &str = "CONCURRENT_FUTURES_STALE_LOADS";

/// How much of a model's schedules is explored.
#[derive(Clone, Copy, Debug)]
pub enum Bound {
    /// Every interleaving: two actors of up to about eight operations each.
    Exhaustive,
    /// Every interleaving with at most this many preemptions in one execution. With three actors 3 is right:
    /// a bound of 2 is known to have hidden a race that 3 finds at once.
    Preemptions(usize),
}

/// Whether anything has panicked. Core contains what unwinds out of wakers, callbacks and tasks, and with it
/// what loom has to say about them; such a model would pass.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// What one model may still use, spent by each execution as it starts.
#[derive(Debug)]
struct Budget {
    started: Instant,
    executions: AtomicUsize,
}

/// Runs `body` in every interleaving within `bound`, and prints how many executions that took.
///
/// In the second pass a load has several outcomes, and what is sought is those: it does with one preemption less.
///
/// Neither loom's environment variables nor a spent budget can make a model smaller than it says:
/// `LOOM_MAX_PREEMPTIONS`, `LOOM_MAX_PERMUTATIONS`, `LOOM_MAX_DURATION` and `LOOM_CHECKPOINT_FILE` are overruled.
/// `LOOM_LOG=trace` and `LOOM_LOCATION=1` show what a failing execution did.
///
/// # Panics
///
/// If an execution fails, if something in it panicked and was contained, and if the budget is spent before all
/// of them ran. A task that is to panic uses [`std::panic::resume_unwind`], which is not noted.
pub fn model(bound: Bound, body: impl Fn() + Send + Sync + 'static) {
    log_if_asked();
    note_panics();
    let bound = bound.of_this_pass();
    let budget = Arc::new(Budget::new());
    let spent = Arc::clone(&budget);
    builder(bound).check(move || {
        assert_nothing_panicked();
        spent.spend();
        body();
    });
    assert_nothing_panicked();
    // The runner reads this line: a model that never came here proved nothing.
    println!("explored {budget} ({bound})");
}

/// Subscribes to what loom traces if `LOOM_LOG` is set; tracing costs time even where nothing is printed.
fn log_if_asked() {
    if env::var_os("LOOM_LOG").is_some() {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::from_env("LOOM_LOG"))
            .with_test_writer()
            .without_time()
            .init();
    }
}

/// Notes every panic from now on, and says it as before.
fn note_panics() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        // ORDERING: Relaxed; loom runs its threads as coroutines of the one that reads this.
        PANICKED.store(true, Ordering::Relaxed);
        before(panic);
    }));
}

/// # Panics
///
/// If something has panicked, and whoever called it went on.
fn assert_nothing_panicked() {
    // ORDERING: Relaxed; as in `note_panics`.
    assert!(
        !PANICKED.load(Ordering::Relaxed),
        "a panic was contained, see above: the last execution has failed"
    );
}

fn builder(bound: Bound) -> Builder {
    let mut builder = Builder::new();
    builder.preemption_bound = match bound {
        Bound::Exhaustive => None,
        Bound::Preemptions(most) => Some(most),
    };
    // Loom looks at its own budgets every 20,000 executions only, and then passes silently: `Budget` instead.
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.checkpoint_file = None;
    // Loom's own guess of what must be a spin lock is less than a pool's life.
    builder.max_branches = 20_000;
    builder
}

impl Bound {
    fn of_this_pass(self) -> Self {
        match self {
            Self::Preemptions(most) if env::var_os(STALE_LOADS).is_some() => {
                Self::Preemptions(most.saturating_sub(1))
            }
            bound => bound,
        }
    }
}

impl Budget {
    fn new() -> Self {
        Self { started: Instant::now(), executions: AtomicUsize::new(0) }
    }

    /// Counts one execution, and fails the model if it is one too many.
    ///
    /// # Panics
    ///
    /// If the executions or the time that a model may take are used up.
    fn spend(&self) {
        // ORDERING: Relaxed; a count that no other memory hangs on, and loom runs one execution at a time.
        let before = self.executions.fetch_add(1, Ordering::Relaxed);
        assert!(
            before < MOST_EXECUTIONS && self.started.elapsed() < MOST_TIME,
            "the model's budget is spent after {before} executions and {:.1?}, and interleavings are left: \
             make the model smaller or bound it",
            self.started.elapsed(),
        );
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhaustive => f.write_str("exhaustive"),
            Self::Preemptions(most) => write!(f, "at most {most} preemptions"),
        }
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // ORDERING: Relaxed; read by the thread that ran every execution.
        let executions = self.executions.load(Ordering::Relaxed);
        write!(f, "{executions} executions in {:.1?}", self.started.elapsed())
    }
}
