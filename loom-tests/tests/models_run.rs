//! Starts cargo again with the model checker switched on, and runs every model in a process of its own: loom
//! aborts on a deadlock, and one such model must not take the others' answers with it.
//!
//! `MODEL=complete_vs cargo loom` runs only the models whose name contains that.
#![cfg(not(any(concurrent_futures_model = "loom", concurrent_futures_model = "interrupt")))]
#![forbid(unsafe_code)]
#![expect(clippy::missing_panics_doc, reason = "it is by a panic that a test fails")]

mod nested;

use core::time::Duration;
use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use nested::{Suite, list, wait};

/// The models, optimized but with their assertions on.
const SUITE: Suite = Suite {
    model: "loom",
    test: "models",
    options: &["--release", "--config", "profile.release.debug-assertions=true"],
};

/// How many models there are, those that must fail included. Exact, so that a model which vanishes
/// (a module not named, a cfg not passed on) is red: whoever adds or removes one changes this line.
const MODELS: usize = 180;

/// What each model in `models/must_fail.rs` prints when its mistake is found. It has to end in failure *and*
/// to print this, so that a model which fails for another reason does not count.
const MUST_FAIL: &[(&str, &str)] = &[
    ("must_fail::call_landed_under_the_lock", "deadlock; threads"),
    ("must_fail::call_started_in_two_steps", "started and cancelled"),
    ("must_fail::contained_panic", "a panic was contained"),
    ("must_fail::double_completion", "completed twice"),
    ("must_fail::forgotten_future", "Allocation leaked"),
    ("must_fail::forgotten_promise", "deadlock; threads"),
    ("must_fail::late_access", "Causality violation: Concurrent read and write accesses"),
    ("must_fail::lost_increment", "an increment was lost"),
    ("must_fail::lost_wake_up", "deadlock; threads"),
    ("must_fail::sleep_of_a_core_without_a_look", "deadlock; threads"),
    ("must_fail::sleep_without_a_second_look", "nobody runs the task"),
    ("must_fail::unpublished_value", "Causality violation: Concurrent read and write accesses"),
    ("must_fail::untried_order_of_a_load", "completed before the look"),
];

/// Set for the second pass, in which core's loads are loom's: they may be stale, but not every order of them is
/// tried. In the first they read the newest value, and every order is. See core's `sync/loom.rs`.
const STALE_LOADS: &str = "CONCURRENT_FUTURES_STALE_LOADS";

/// How long a model's process may take before it is stopped and counted as failed. More than the budget
/// within a model, which says more when it is spent.
const PATIENCE: Duration = Duration::from_secs(540);

/// One run of one model.
struct Run {
    model: String,
    stale_loads: bool,
}

/// How one model's process ended.
struct Outcome {
    /// `None` if it had to be stopped.
    exit: Option<ExitStatus>,
    output: String,
    took: Duration,
}

/// Whether a model did what it should, and what to say about it.
enum Verdict {
    Right(String),
    Wrong(String),
}

#[test]
fn every_model_holds_and_every_mistake_is_found() {
    let binary = SUITE.build();
    let listed = list(&binary);
    assert_complete(&listed);
    let chosen = choose(listed);
    let runs = plan(&chosen);
    let verdicts = run_all(&binary, &SUITE.folder().join("logs"), &runs);
    assert_eq!(verdicts.len(), runs.len(), "each chosen model has run");
    let wrong = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Wrong(_))).count();
    assert_eq!(wrong, 0, "of {} runs {wrong} failed, see above", runs.len());
}

/// Asserts that no model has vanished, and that each one that must fail says with what words.
fn assert_complete(listed: &[String]) {
    assert_eq!(
        listed.len(),
        MODELS,
        "models are missing or new ones are not counted in: {listed:#?}"
    );
    let mut must_fail: Vec<&str> =
        listed.iter().map(String::as_str).filter(|name| name.starts_with("must_fail::")).collect();
    let mut with_words: Vec<&str> = MUST_FAIL.iter().map(|(name, _)| *name).collect();
    must_fail.sort_unstable();
    with_words.sort_unstable();
    assert_eq!(must_fail, with_words, "the models that must fail are those in the table MUST_FAIL");
}

/// Keeps the models that the variable `MODEL` asks for: all, if it is not set.
fn choose(listed: Vec<String>) -> Vec<String> {
    let wanted = env::var("MODEL").unwrap_or_default();
    let chosen: Vec<String> = listed.into_iter().filter(|name| name.contains(&wanted)).collect();
    assert!(!chosen.is_empty(), "no model's name contains {wanted:?}");
    chosen
}

/// Both passes of each model, and one of each that must fail.
fn plan(models: &[String]) -> Vec<Run> {
    let passes = |model: &String| {
        let most = if words_of(model).is_some() { 1 } else { 2 };
        [false, true]
            .map(|stale_loads| Run { model: model.clone(), stale_loads })
            .into_iter()
            .take(most)
    };
    models.iter().flat_map(passes).collect()
}

/// Runs the models, as many at a time as there are cores, and judges each as soon as it ends.
fn run_all(binary: &Path, logs: &Path, runs: &[Run]) -> Vec<Verdict> {
    fs::create_dir_all(logs).expect("the folder of the logs can be made");
    let waiting = Mutex::new(runs.iter());
    let next = || waiting.lock().expect("no worker panics while it holds the lock").next();
    let verdicts = Mutex::new(Vec::new());
    let worker = || {
        while let Some(next) = next() {
            let outcome = run(binary, logs, next);
            let verdict = judge(next, &outcome);
            report(next, &outcome, &verdict);
            verdicts.lock().expect("no worker panics while it holds the lock").push(verdict);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(worker);
        }
    });
    verdicts.into_inner().expect("no worker panics while it holds the lock")
}

/// Runs one model; what it prints goes to a file, because nobody would read two pipes while waiting for the end.
fn run(binary: &Path, logs: &Path, run: &Run) -> Outcome {
    let Run { model, stale_loads } = run;
    let pass = if *stale_loads { ".stale" } else { "" };
    let path = logs.join(format!("{}{pass}.log", model.replace("::", ".")));
    let log = File::create(&path).expect("a log can be made");
    let started = Instant::now();
    let mut command = Command::new(binary);
    command.env_remove(STALE_LOADS);
    if *stale_loads {
        command.env(STALE_LOADS, "1");
    }
    let mut child = command
        .args(["--exact", model, "--nocapture", "--test-threads", "1"])
        .stdout(log.try_clone().expect("a file handle can be shared"))
        .stderr(log)
        .spawn()
        .expect("the models start");
    let exit = wait(&mut child, started + PATIENCE);
    let took = started.elapsed();
    let output =
        String::from_utf8_lossy(&fs::read(&path).expect("the log can be read")).into_owned();
    Outcome { exit, output, took }
}

/// Prints a line about one model, and what it printed itself if it is wrong.
///
/// It writes to standard error itself: the test harness would keep back what `println!` prints, and minutes
/// without a line look like a hang.
fn report(run: &Run, outcome: &Outcome, verdict: &Verdict) {
    let model = format!("{}{}", run.model, if run.stale_loads { " (stale loads)" } else { "" });
    let seconds = outcome.took.as_secs_f64();
    let line = match verdict {
        Verdict::Right(words) => format!("model {model:<90} {seconds:>6.1} s  {words}\n"),
        Verdict::Wrong(words) => {
            let excerpt = excerpt(&outcome.output);
            format!("model {model:<90} {seconds:>6.1} s  FAILED: {words}\n{excerpt}\n")
        }
    };
    io::stderr().write_all(line.as_bytes()).expect("standard error can be written");
}

/// The beginning and the end of what a model printed, its panic and what came of that; the file has all of it.
fn excerpt(output: &str) -> String {
    let lines: Vec<&str> = output.lines().collect();
    if lines.len() <= 80 {
        return lines.join("\n");
    }
    let (first, last) = (&lines[..40], &lines[lines.len() - 40..]);
    format!("{}\n...\n{}", first.join("\n"), last.join("\n"))
}

/// Decides whether one model did what it should.
fn judge(run: &Run, outcome: &Outcome) -> Verdict {
    let Some(exit) = outcome.exit else {
        return Verdict::Wrong(format!("stopped after {PATIENCE:?}"));
    };
    match words_of(&run.model) {
        None => judge_model(exit, &outcome.output, run.stale_loads),
        Some(words) => judge_mistake(exit, &outcome.output, words),
    }
}

/// What a model that must fail prints when it does.
fn words_of(model: &str) -> Option<&'static str> {
    MUST_FAIL.iter().find(|(name, _)| *name == model).map(|(_, words)| *words)
}

/// A model is right if its process succeeded, one test ran in it, and that explored more than one execution; in the
/// second pass one may be all that loom tries.
fn judge_model(exit: ExitStatus, output: &str, stale_loads: bool) -> Verdict {
    if !exit.success() {
        return Verdict::Wrong(exit.to_string());
    }
    if !output.contains("test result: ok. 1 passed; 0 failed; 0 ignored") {
        return Verdict::Wrong("it did not run".into());
    }
    match output.lines().find_map(|line| line.split_once("explored ")) {
        None => Verdict::Wrong("it explored nothing".into()),
        Some((_, words)) if words.starts_with("1 ") && !stale_loads => {
            Verdict::Wrong("nothing in it runs concurrently".into())
        }
        Some((_, words)) => Verdict::Right(words.into()),
    }
}

/// A mistake is found if its process failed, and in the words that the table gives.
fn judge_mistake(exit: ExitStatus, output: &str, words: &str) -> Verdict {
    if exit.success() {
        Verdict::Wrong("its mistake was not found".into())
    } else if output.contains(words) {
        Verdict::Right(format!("fails as it must: {words}"))
    } else {
        Verdict::Wrong(format!("{exit}, but without the words {words:?}"))
    }
}
