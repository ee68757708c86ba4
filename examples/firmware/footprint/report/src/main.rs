//! Measures the firmware in `footprint`: how large each program is, and how many instructions it takes to get a sample to
//! the main loop and its result back.
//!
//! `cargo run --package footprint-report` compares that with what `core/FOOTPRINT.md` says and with what is aimed at, and
//! fails where it is worse; with `--write` it writes the page.
#![forbid(unsafe_code)]

mod firmware;
mod page;
mod program;
mod rounds;
mod target;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use firmware::Firmware;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let writes = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--write"] => true,
        _ => return Err("only --write is known, which writes core/FOOTPRINT.md".into()),
    };
    let firmware = Firmware::measure()?;
    let mut complaints = target::missed(&firmware)?;
    if writes {
        page::write(&firmware)?;
    } else {
        complaints.extend(page::differences(&firmware)?);
    }
    for complaint in &complaints {
        eprintln!("error: {complaint}");
    }
    Ok(if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
