//! The page `core/FOOTPRINT.md`, of which this writes what stands between markers.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::firmware::Firmware;
use crate::target;

/// How far a number on the page may be off before the page has to be written again: a change of a few bytes is no news.
const TOLERANCE_PERCENT: f64 = 3.0;

/// The same where another compiler wrote the page.
const OTHER_COMPILER_PERCENT: f64 = 10.0;

/// And by that much, where a few percent are less than an instruction or two.
const TOLERANCE: f64 = 4.0;

/// Writes what was measured.
///
/// # Errors
/// The page is not there, or has lost its markers.
pub(crate) fn write(firmware: &Firmware) -> Result<(), Box<dyn Error>> {
    let mut text = read()?;
    for (name, new) in parts(firmware)? {
        text.replace_range(between(&text, name)?, &new);
    }
    fs::write(path(), text)?;
    println!("written: {}", path().display());
    Ok(())
}

/// What the page says that is not, or not any more, what was measured. Of the versions it was measured with it may say
/// something else.
///
/// # Errors
/// The page is not there, or has lost its markers.
pub(crate) fn differences(firmware: &Firmware) -> Result<Vec<String>, Box<dyn Error>> {
    let text = read()?;
    let is_this_compiler = firmware.versions.iter().any(|(name, version)| {
        *name == "compiler" && text.contains(&format!("{name}: {version}\n"))
    });
    let percent = if is_this_compiler { TOLERANCE_PERCENT } else { OTHER_COMPILER_PERCENT };
    let mut differences = Vec::new();
    for (name, new) in parts(firmware)? {
        let old = &text[between(&text, name)?];
        if name != "versions" {
            differences.extend(unlike(old, &new, percent));
        }
    }
    if !differences.is_empty() {
        let hint = "core/FOOTPRINT.md is to be written again: cargo run --package footprint-report -- --write";
        differences.push(hint.to_owned());
    }
    Ok(differences)
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../core/FOOTPRINT.md")
}

/// # Errors
/// The page is not there.
fn read() -> Result<String, String> {
    fs::read_to_string(path()).map_err(|error| format!("{}: {error}", path().display()))
}

/// What stands between `<!-- name -->` and `<!-- end of name -->`.
///
/// # Errors
/// There are no such markers.
fn between(text: &str, name: &str) -> Result<std::ops::Range<usize>, String> {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let start = text.find(&begin).map(|at| at + begin.len());
    let range = start.zip(text.find(&end)).filter(|(start, end)| start <= end);
    range
        .map(|(start, end)| start..end)
        .ok_or(format!("FOOTPRINT.md has lost its markers of {name}"))
}

/// Lines whose words are not the same, or whose numbers are too far apart.
fn unlike(old: &str, new: &str, percent: f64) -> Vec<String> {
    let (mut old, mut new) = (old.lines(), new.lines());
    let mut differences = Vec::new();
    loop {
        match (old.next(), new.next()) {
            (None, None) => return differences,
            (Some(old), Some(new)) if is_like(old, new, percent) => {}
            (old, new) => differences.push(format!(
                "core/FOOTPRINT.md says: {}\n      measured: {}",
                old.unwrap_or_default(),
                new.unwrap_or_default()
            )),
        }
    }
}

fn is_like(old: &str, new: &str, percent: f64) -> bool {
    let (mut old, mut new) = (old.split_whitespace(), new.split_whitespace());
    loop {
        match (old.next(), new.next()) {
            (None, None) => return true,
            (Some(old), Some(new)) if is_like_word(old, new, percent) => {}
            _ => return false,
        }
    }
}

fn is_like_word(old: &str, new: &str, percent: f64) -> bool {
    match (old.parse::<f64>(), new.parse::<f64>()) {
        (Ok(old), Ok(new)) => (old - new).abs() <= TOLERANCE.max(old * percent / 100.0),
        _ => old == new,
    }
}

/// Name and text of what stands between markers.
///
/// # Errors
/// Something was not measured.
fn parts(firmware: &Firmware) -> Result<[(&'static str, String); 5], Box<dyn Error>> {
    Ok([
        ("versions", versions(firmware)?),
        ("targets", targets(firmware)?),
        ("sizes", sizes(firmware)?),
        ("rounds", rounds(firmware)?),
        ("steps", steps(firmware)?),
    ])
}

fn versions(firmware: &Firmware) -> Result<String, Box<dyn Error>> {
    let mut text = String::new();
    for (name, version) in &firmware.versions {
        writeln!(text, "- {name}: {version}")?;
    }
    Ok(text)
}

fn targets(firmware: &Firmware) -> Result<String, Box<dyn Error>> {
    let mut text = "| what | at most | measured | |\n|---|--:|--:|---|\n".to_owned();
    for target in target::all(firmware)? {
        let verdict = if target.is_reached() { "reached" } else { "**missed**" };
        writeln!(text, "| {} | {} | {} | {verdict} |", target.what, target.limit, target.measured)?;
    }
    Ok(text)
}

fn sizes(firmware: &Firmware) -> Result<String, Box<dyn Error>> {
    let empty = firmware.program("empty")?;
    let mut text =
        "| firmware | text | data | bss | flash beyond `empty` | RAM beyond `empty` |\n".to_owned();
    text += "|---|--:|--:|--:|--:|--:|\n";
    for program in &firmware.programs {
        let flash = (program.text + program.data) - (empty.text + empty.data);
        let ram = (program.data + program.bss) - (empty.data + empty.bss);
        let [name, text_size, data, bss] = [
            program.name.to_owned(),
            program.text.to_string(),
            program.data.to_string(),
            program.bss.to_string(),
        ];
        writeln!(text, "| `{name}` | {text_size} | {data} | {bss} | {flash} | {ram} |")?;
    }
    Ok(text)
}

fn rounds(firmware: &Firmware) -> Result<String, Box<dyn Error>> {
    let mut text =
        "| by | instructions | least | most | times `mailbox` |\n|---|--:|--:|--:|--:|\n"
            .to_owned();
    let unit = f64::from(firmware.rounds.spread("round-mailbox")?[1]);
    for name in ["mailbox", "signal", "promise", "ours"] {
        let [least, median, most] = firmware.rounds.spread(&format!("round-{name}"))?;
        writeln!(
            text,
            "| `{name}` | {median} | {least} | {most} | {:.1} |",
            f64::from(median) / unit
        )?;
    }
    Ok(text)
}

/// What each step is called in the program, and here.
const STEPS: [(&str, &str); 5] = [
    ("submit", "`submit`"),
    ("run", "`run_one`, of which the task itself is a few"),
    ("take", "`try_result` that has one, and dropping the future"),
    ("look", "`try_result` of a future that is pending"),
    ("cancel", "`cancel` of a task that is queued, and dropping the future"),
];

fn steps(firmware: &Firmware) -> Result<String, Box<dyn Error>> {
    let mut text = "| step | instructions | least | most |\n|---|--:|--:|--:|\n".to_owned();
    for (name, what) in STEPS {
        let [least, median, most] = firmware.rounds.spread(name)?;
        writeln!(text, "| {what} | {median} | {least} | {most} |")?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{TOLERANCE_PERCENT, between, unlike};

    #[test]
    fn a_number_that_is_a_little_off_is_no_difference() {
        assert!(unlike("| ours | 1000 |", "| ours | 1030 |", TOLERANCE_PERCENT).is_empty());
        assert!(unlike("| ours | 12 |", "| ours | 16 |", TOLERANCE_PERCENT).is_empty());
    }

    #[test]
    fn a_number_that_is_far_off_is_a_difference_either_way() {
        assert_eq!(unlike("| ours | 1000 |", "| ours | 1031 |", TOLERANCE_PERCENT).len(), 1);
        assert_eq!(unlike("| ours | 1000 |", "| ours | 969 |", TOLERANCE_PERCENT).len(), 1);
    }

    #[test]
    fn another_word_or_line_is_a_difference() {
        assert_eq!(unlike("| 1 | reached |", "| 1 | **missed** |", TOLERANCE_PERCENT).len(), 1);
        assert_eq!(unlike("| 1 |", "| 1 | 2 |", TOLERANCE_PERCENT).len(), 1);
        assert_eq!(unlike("one\n", "one\ntwo\n", TOLERANCE_PERCENT).len(), 1);
        assert_eq!(unlike("one\ntwo\n", "one\n", TOLERANCE_PERCENT).len(), 1);
    }

    #[test]
    fn a_page_without_its_markers_is_an_error() {
        assert!(between("<!-- sizes -->\n1\n", "sizes").is_err());
        let text = "<!-- sizes -->\n1\n<!-- end of sizes -->";
        assert_eq!(between(text, "sizes").map(|range| &text[range]), Ok("1\n"));
    }
}
