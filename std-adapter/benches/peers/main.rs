//! The pool against its peers: `cargo bench -p concurrent-futures --bench peers -- --help`.
//!
//! Every cell of the table (a workload, a contestant) is measured in a process of its own: this program,
//! started again with `--cell`. Rounds go over all cells in turn, so that what else happens on the machine
//! hits all of them alike; the table has the medians.

#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a program; nobody else calls its functions"
)]

mod arguments;
mod case;
mod cell;
mod contestant;
mod machine;
mod memory;
mod mixing;
mod plot;
mod pools;
mod report;
mod results;
mod rows;
mod system;
mod table;
mod work;

use std::error::Error;
use std::process::ExitCode;

use arguments::{Arguments, Mode};
use results::Results;

fn main() -> ExitCode {
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
        Mode::Help => print!("{}", arguments::HELP),
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
