//! [`Arguments`]: what was asked for.

use std::error::Error;
use std::path::PathBuf;

use lexopt::prelude::*;

use super::case::Case;
use crate::PROGRAM;
use crate::case::CASES;
use crate::contestant::Contestant;

const OPTIONS: &str = "  --rounds N        how often each cell is measured; the tables have the medians [default: 7]
  --quick           one round of small counts: shows that it works, not how fast anything is
  --filter TEXT     only workloads that have TEXT in their name
  --report          measures nothing; writes the tables and the plot of BENCHMARKS.md from the last
                    full run
  --results FILE    where the figures are written to and read from, as JSON
                    [default: in cargo's target/tmp, one for full runs, one for --quick and --filter]
";

pub(crate) fn help() -> String {
    let (name, purpose) = (PROGRAM.name, PROGRAM.purpose);
    format!(
        "{purpose}\n\ncargo bench -p concurrent-futures --bench {name} -- [OPTION]...\n\n{OPTIONS}"
    )
}

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) mode: Mode,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    pub(crate) filter: String,
    pub(crate) results: PathBuf,
}

#[derive(Debug)]
pub(crate) enum Mode {
    Measure,
    /// One cell, in this very process.
    Cell {
        case: &'static Case,
        contestant: Contestant,
        count: u64,
    },
    Report,
    Help,
    /// Not started by `cargo bench`.
    Test,
}

pub(crate) fn parse() -> Result<Arguments, Box<dyn Error>> {
    // What cargo passes when it runs benchmarks, and does not when it tests them.
    let mut mode = Mode::Test;
    let (mut rounds, mut quick, mut filter, mut results) = (7, false, String::new(), None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("bench") if matches!(mode, Mode::Test) => mode = Mode::Measure,
            Long("bench") => {}
            Long("rounds") => rounds = parser.value()?.parse()?,
            Long("quick") => quick = true,
            Long("filter") => filter = parser.value()?.string()?,
            Long("results") => results = Some(parser.value()?.into()),
            Long("report") => mode = Mode::Report,
            Long("cell") => mode = cell(&mut parser)?,
            Long("help") | Short('h') => mode = Mode::Help,
            // Those of libtest come from `cargo test`, for all targets alike.
            _ if matches!(mode, Mode::Test) => break,
            _ => return Err(format!("{}\n\n{}", argument.unexpected(), help()).into()),
        }
    }
    if rounds == 0 {
        return Err("--rounds 0 measures nothing: ask for 1 or more".into());
    }
    if !CASES.iter().any(|case| case.id.contains(&filter)) {
        let ids: Vec<_> = CASES.iter().map(|case| case.id).collect();
        return Err(format!("no workload has '{filter}' in its name: {}", ids.join(", ")).into());
    }
    let partly = quick || !filter.is_empty();
    let name = format!("{}{}.json", PROGRAM.files, if partly { "-part" } else { "" });
    let results = results.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name));
    Ok(Arguments { mode, rounds: if quick { 1 } else { rounds }, quick, filter, results })
}

/// The three words after `--cell`.
fn cell(parser: &mut lexopt::Parser) -> Result<Mode, Box<dyn Error>> {
    let id = parser.value()?.string()?;
    let case = CASES.iter().find(|case| case.id == id);
    let contestant =
        parser.value()?.parse_with(|name| named(name).ok_or("no contestant is called that"))?;
    let count = parser.value()?.parse()?;
    Ok(Mode::Cell { case: case.ok_or("no workload is called that")?, contestant, count })
}

fn named(name: &str) -> Option<Contestant> {
    Contestant::ALL.into_iter().find(|contestant| contestant.name() == name)
}
