//! [`Results`]: every figure of a run.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::case::Case;
use super::cell;
use super::machine::Machine;
use crate::PROGRAM;
use crate::case::CASES;
use crate::contestant::Contestant;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) machine: Machine,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    cells: Vec<Cell>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Cell {
    case: String,
    contestant: Contestant,
    /// One for each round.
    outcomes: Vec<Outcome>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Figures(BTreeMap<String, f64>),
    Failed(String),
}

/// Goes over all cells, as often as there are rounds. What is there after each of them is saved.
pub(crate) fn measure(arguments: &Arguments) -> Result<Results, Box<dyn Error>> {
    let cells = cells(arguments);
    let mut results =
        Results { machine: Machine::this(), rounds: 0, quick: arguments.quick, cells };
    for round in 0..arguments.rounds {
        for case in cases(arguments) {
            eprintln!("round {} of {}: {}", round + 1, arguments.rounds, case.title);
            let cells = results.cells.iter_mut();
            let mut cells: Vec<_> = cells.filter(|cell| cell.case == case.id).collect();
            // Nobody is always the one who runs after the greediest.
            let first = round % cells.len();
            cells.rotate_left(first);
            for cell in cells {
                let count = case.count_for(cell.contestant, arguments.quick);
                cell.outcomes.push(cell::measure(case, cell.contestant, count));
            }
        }
        results.rounds += 1;
        results.save(&arguments.results)?;
    }
    Ok(results)
}

/// Those that were asked for, and can be run here.
fn cases(arguments: &Arguments) -> impl Iterator<Item = &'static Case> {
    let asked_for = CASES.iter().filter(|case| case.id.contains(&arguments.filter));
    asked_for.filter(|case| (PROGRAM.left_out)(case).is_none())
}

fn say_what_is_left_out(python: bool) {
    for case in CASES {
        if let Some(why) = (PROGRAM.left_out)(case) {
            eprintln!("\"{}\" is left out: {why}.", case.title);
        }
    }
    if !python {
        eprintln!("There is no python3 on the PATH: what is measured in Python is left out.");
    }
}

fn cells(arguments: &Arguments) -> Vec<Cell> {
    let python = cell::python_version().is_some();
    say_what_is_left_out(python);
    let mut cells = Vec::new();
    for case in cases(arguments) {
        for &contestant in case.contestants {
            if python || !contestant.is_python() {
                cells.push(Cell { case: case.id.to_owned(), contestant, outcomes: Vec::new() });
            }
        }
    }
    cells
}

/// What a cell of the table shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shown {
    Median(f64),
    /// In every round.
    Failed,
    /// There is no such cell.
    Nothing,
}

impl Results {
    pub(crate) fn shown(&self, case: &str, contestant: Contestant, key: &str) -> Shown {
        let cell =
            self.cells.iter().find(|cell| cell.case == case && cell.contestant == contestant);
        let Some(cell) = cell else {
            return Shown::Nothing;
        };
        let figure = |outcome: &Outcome| match outcome {
            Outcome::Figures(figures) => figures.get(key).copied(),
            Outcome::Failed(_) => None,
        };
        match median(cell.outcomes.iter().filter_map(figure).collect()) {
            Some(median) => Shown::Median(median),
            None => Shown::Failed,
        }
    }

    /// A line for each measurement that failed.
    pub(crate) fn failures(&self) -> Vec<String> {
        let of_cell = |cell: &Cell| {
            let numbered = cell.outcomes.iter().enumerate();
            let lines = numbered.filter_map(|(round, outcome)| match outcome {
                Outcome::Failed(why) => {
                    let (case, who) = (&cell.case, cell.contestant.name());
                    Some(format!("{case}, {who}, round {}: {why}", round + 1))
                }
                Outcome::Figures(_) => None,
            });
            lines.collect::<Vec<_>>()
        };
        self.cells.iter().flat_map(of_cell).collect()
    }

    pub(crate) fn all_measured(&self) -> Result<(), String> {
        match self.failures().len() {
            0 => Ok(()),
            count => Err(format!("{count} measurements failed; their reasons are above")),
        }
    }

    pub(crate) fn has(&self, case: &Case) -> bool {
        self.cells.iter().any(|cell| cell.case == case.id)
    }

    fn save(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        Ok(serde_json::to_writer_pretty(File::create(path)?, self)?)
    }

    pub(crate) fn load(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text = fs::read_to_string(path).map_err(|error| {
            format!("{}: {error}; run the benchmarks before the report", path.display())
        })?;
        Ok(serde_json::from_str(&text)?)
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => None,
        len if len % 2 == 1 => Some(values[len / 2]),
        len => Some(f64::midpoint(values[len / 2 - 1], values[len / 2])),
    }
}
