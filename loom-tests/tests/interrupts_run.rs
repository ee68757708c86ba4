//! Starts cargo again for the model of interrupts, and runs all that is tried there.
//!
//! `INTERRUPTED=cancel cargo interrupts` interrupts only the acts whose name contains that.
#![cfg(not(any(concurrent_futures_model = "loom", concurrent_futures_model = "interrupt")))]
#![forbid(unsafe_code)]
#![expect(clippy::missing_panics_doc, reason = "it is by a panic that a test fails")]

mod nested;

use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, Write};
use std::process::Command;
use std::time::Instant;

use nested::{Suite, list, wait};

/// Optimized a little: there are hundreds of thousands of runs.
const SUITE: Suite = Suite {
    model: "interrupt",
    test: "interrupts",
    options: &["--config", "profile.dev.opt-level=1"],
};

/// How many tests there are. Exact, so that one which vanishes is red.
const TESTS: usize = 11;

/// How long all of it may take. It takes seconds; what waits for ever is stopped.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn every_interrupt_at_every_place_does_no_harm() {
    let binary = SUITE.build();
    let listed = list(&binary);
    assert_eq!(listed.len(), TESTS, "tests are missing or new ones not counted in: {listed:#?}");
    let path = SUITE.folder().join("interrupts.log");
    let log = File::create(&path).expect("a log can be made");
    let mut child = Command::new(&binary)
        .arg("--nocapture")
        .stdout(log.try_clone().expect("a file handle can be shared"))
        .stderr(log)
        .spawn()
        .expect("the tests start");
    let exit = wait(&mut child, Instant::now() + PATIENCE);
    let output = fs::read(&path).expect("the log can be read");
    let output = String::from_utf8_lossy(&output);
    // To standard error itself: the test harness keeps back what `println!` prints.
    let summary: Vec<_> = output.lines().filter(|line| line.starts_with("interrupts")).collect();
    writeln!(io::stderr(), "{}", summary.join("\n")).expect("standard error can be written");
    let all_passed = format!("test result: ok. {TESTS} passed; 0 failed; 0 ignored");
    let passed = exit.is_some_and(|exit| exit.success()) && output.contains(&all_passed);
    assert!(passed, "{exit:?}, within {PATIENCE:?}; of {}:\n{output}", path.display());
    assert_eq!(summary.len(), 3, "each says what it has tried");
}
