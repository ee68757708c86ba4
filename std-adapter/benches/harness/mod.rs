//! What the benchmarks of this package do alike: they measure cells in turn, print tables, and write a page.
//!
//! Every cell of the table (a workload, a contestant) is measured in a process of its own: this program,
//! started again with `--cell`. Rounds go over all cells in turn, so that what else happens on the machine
//! hits all of them alike; the table has the medians.
//!
//! Each program takes this folder in as its module `harness`, and says what it measures: `crate::PROGRAM`,
//! `crate::contestant::Contestant`, `crate::case::{CASES, Work}` with `Case::count_for`, and
//! `crate::work::run`.

mod arguments;
pub(crate) mod case;
mod cell;
mod machine;
mod plot;
mod report;
mod results;
mod rows;
mod table;
pub(crate) mod timing;

use std::error::Error;
use std::process::ExitCode;

use self::arguments::{Arguments, Mode};
use self::case::Case;
use self::results::Results;

/// What a program of benchmarks says about itself.
#[derive(Debug)]
pub(crate) struct Program {
    /// As cargo calls it.
    pub(crate) name: &'static str,
    /// What it measures, in a sentence.
    pub(crate) purpose: &'static str,
    /// What the names of its files begin with: the figures in cargo's target/tmp, and the plot.
    pub(crate) files: &'static str,
    /// What the names of its markers in the page begin with.
    pub(crate) markers: &'static str,
    /// The crates that are measured, or answer for those that are.
    pub(crate) crates: &'static [&'static str],
    /// Environment variables that are set to the number of workers, for contestants who look there.
    pub(crate) workers_variables: &'static [&'static str],
    /// Why a workload cannot be run here, where it cannot.
    pub(crate) left_out: fn(&Case) -> Option<&'static str>,
    /// The workloads in Python. Its arguments: the workload, the contestant, workers, count, and the
    /// limit of its time in seconds.
    pub(crate) script: &'static str,
}

/// What a contestant is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Is measured.
    Ours,
    /// Counts when the best peer is looked for.
    Peer,
    /// Shows what there is to be had at best, without being a pool that hands out results.
    Limit,
}

/// What was measured: names of metrics, and their values.
pub(crate) type Figures = Vec<(&'static str, f64)>;

pub(crate) fn main() -> ExitCode {
    match arguments::parse().and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    match &arguments.mode {
        Mode::Help => print!("{}", arguments::help()),
        Mode::Test => println!("nothing is measured in a test: see `cargo bench -- --help`"),
        Mode::Cell { case, contestant, count } => cell::measure_here(case, *contestant, *count)?,
        Mode::Report => report::write(&Results::load(&arguments.results)?)?,
        Mode::Measure => {
            let results = results::measure(arguments)?;
            table::print(&results);
            println!("\nAll of it is in {}", arguments.results.display());
            results.all_measured()?;
        }
    }
    Ok(())
}
