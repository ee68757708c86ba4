//! A cell: one workload, run by one contestant, in a process of its own.

use std::error::Error;
use std::io;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use super::case::Case;
use super::results::Outcome;
use crate::PROGRAM;
use crate::contestant::Contestant;
use crate::work;

/// A process that has not ended by then ends itself.
const TIME_LIMIT: Duration = Duration::from_secs(60);

const PYTHON: &str = "python3";

/// Does what `--cell` asks for: prints the figures, as `name=value`, on one line.
pub(crate) fn measure_here(
    case: &Case,
    contestant: Contestant,
    count: u64,
) -> Result<(), Box<dyn Error>> {
    thread::spawn(|| {
        thread::sleep(TIME_LIMIT);
        eprintln!("not done after {} s", TIME_LIMIT.as_secs());
        std::process::exit(1);
    });
    let figures = work::run(case, contestant, count).ok_or("cannot do this")?;
    let figures: Vec<_> = figures.iter().map(|(key, value)| format!("{key}={value}")).collect();
    println!("{}", figures.join(" "));
    Ok(())
}

/// Starts a process for it, and waits for its figures.
pub(crate) fn measure(case: &Case, contestant: Contestant, count: u64) -> Outcome {
    let output = if contestant.is_python() {
        python(case, contestant, count)
    } else {
        this_program(case, contestant, count)
    };
    match output {
        Ok(output) => read(&output),
        Err(error) => Outcome::Failed(format!("cannot be started: {error}")),
    }
}

pub(crate) fn python_version() -> Option<String> {
    let output = Command::new(PYTHON).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| version.trim().to_owned())
}

fn this_program(case: &Case, contestant: Contestant, count: u64) -> io::Result<Output> {
    Command::new(std::env::current_exe()?)
        .args(["--cell", case.id, contestant.name(), &count.to_string()])
        .envs(PROGRAM.workers_variables.iter().map(|name| (name, case.workers.to_string())))
        .output()
}

fn python(case: &Case, contestant: Contestant, count: u64) -> io::Result<Output> {
    let numbers = [case.workers as u64, count, TIME_LIMIT.as_secs()];
    Command::new(PYTHON)
        .args(["-c", PROGRAM.script, case.id, contestant.name()])
        .args(numbers.map(|number| number.to_string()))
        .output()
}

fn read(output: &Output) -> Outcome {
    let printed = String::from_utf8_lossy(&output.stdout);
    let figures = printed.split_whitespace().map(|figure| {
        let (key, value) = figure.split_once('=')?;
        Some((key.to_owned(), value.parse().ok()?))
    });
    match figures.collect::<Option<_>>() {
        Some(figures) if output.status.success() => Outcome::Figures(figures),
        _ => Outcome::Failed(reason(output)),
    }
}

/// The last words of a process that failed.
fn reason(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    let said: Vec<_> = errors.lines().filter(|line| !line.trim().is_empty()).take(3).collect();
    format!("{}: {}", output.status, said.join(" | "))
}
