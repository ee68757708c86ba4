//! The report: `BENCHMARKS.md`, of which this writes what stands between markers, and its plot.

use std::error::Error;
use std::fs;
use std::path::Path;

use super::results::Results;
use super::{plot, table};
use crate::PROGRAM;

pub(crate) fn write(results: &Results) -> Result<(), Box<dyn Error>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = package.join("BENCHMARKS.md");
    let mut text = fs::read_to_string(&page)?;
    replace(&mut text, "machine", &table::machine(results))?;
    replace(&mut text, "comparison", &table::comparison(results))?;
    replace(&mut text, "everything", &table::everything(results))?;
    fs::write(&page, text)?;
    fs::write(package.join(format!("{}.svg", PROGRAM.files)), plot::ratios(results)?)?;
    println!("written: {} and its plot", page.display());
    Ok(())
}

/// Puts `new` between `<!-- name -->` and `<!-- end of name -->`, for this program's marker of that name.
fn replace(text: &mut String, name: &str, new: &str) -> Result<(), String> {
    let name = format!("{}{name}", PROGRAM.markers);
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let start = text.find(&begin).map(|at| at + begin.len());
    let range = start.zip(text.find(&end)).filter(|(start, end)| start <= end);
    let (start, end) = range.ok_or(format!("BENCHMARKS.md has lost its markers of {name}"))?;
    text.replace_range(start..end, &format!("\n{new}\n"));
    Ok(())
}
