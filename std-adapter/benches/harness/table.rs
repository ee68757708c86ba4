//! The tables, in Markdown, which a terminal shows as well.

use super::Role;
use super::case::Target;
use super::results::{Results, Shown};
use super::rows::{Row, Verdict, in_role, rows};

/// All of it, to standard output.
pub(crate) fn print(results: &Results) {
    println!("\n{}\n{}\n{}", machine(results), comparison(results), everything(results));
    for failure in results.failures() {
        println!("failed: {failure}");
    }
}

pub(crate) fn machine(results: &Results) -> String {
    let mut lines = String::new();
    for (name, fact) in &results.machine.facts {
        lines += &format!("- {name}: {fact}\n");
    }
    let small = if results.quick { " of small counts, not to be judged by" } else { "" };
    lines += &format!("- rounds: {}{small}\n", results.rounds);
    lines
}

/// Ours, the best other, and the targets.
pub(crate) fn comparison(results: &Results) -> String {
    let heads = ["workload", "unit", "ours", "other", "ratio", "target", "reached"];
    let mut cells = vec![heads.map(str::to_owned).to_vec()];
    cells.extend(rows(results).iter().map(compared));
    markdown(&cells)
}

fn compared(row: &Row) -> Vec<String> {
    let other = row
        .other
        .map(|(who, value)| format!("{} {}", who.name(), number(value)))
        .unwrap_or_default();
    let target = match row.metric.target {
        Target::BestPeer(ratio) | Target::Against(_, ratio) => format!("≥ {}", number(ratio)),
        Target::AtMost(limit) => format!("≤ {} {}", number(limit), row.metric.unit),
        Target::None => String::new(),
    };
    let reached = match row.verdict() {
        Verdict::Reached => "yes",
        Verdict::Missed => "**no**",
        Verdict::None => "",
    };
    vec![
        row.case.title.to_owned(),
        row.metric.unit.to_owned(),
        shown(row.ours),
        other,
        row.ratio().map(number).unwrap_or_default(),
        target,
        reached.to_owned(),
    ]
}

/// Every contestant's median.
pub(crate) fn everything(results: &Results) -> String {
    let pools = || in_role(Role::Ours).chain(in_role(Role::Peer));
    let mut heads = vec!["workload".to_owned(), "unit".to_owned()];
    heads.extend(pools().map(|pool| pool.name().to_owned()));
    heads.push("limits".to_owned());
    let mut cells = vec![heads];
    let mut rows = rows(results);
    rows.dedup_by_key(|row| (row.case.id, row.metric.key)); // those with two targets
    for row in rows {
        let figure = |who| results.shown(row.case.id, who, row.metric.key);
        let mut line = vec![row.case.title.to_owned(), row.metric.unit.to_owned()];
        line.extend(pools().map(|pool| shown(figure(pool))));
        let limits = in_role(Role::Limit).filter(|&who| figure(who) != Shown::Nothing);
        let limits = limits.map(|who| format!("{} {}", who.name(), shown(figure(who))));
        line.push(limits.collect::<Vec<_>>().join(", "));
        cells.push(line);
    }
    markdown(&cells)
}

fn shown(shown: Shown) -> String {
    match shown {
        Shown::Median(value) => number(value),
        Shown::Failed => "failed".to_owned(),
        Shown::Nothing => "–".to_owned(),
    }
}

/// Three digits that mean something.
pub(crate) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        magnitude if magnitude >= 100.0 || magnitude == 0.0 => 0,
        magnitude if magnitude >= 10.0 => 1,
        magnitude if magnitude >= 1.0 => 2,
        _ => 3,
    };
    let digits = format!("{value:.decimals$}");
    match digits.split_once('.') {
        Some((_, fraction)) if fraction.bytes().all(|digit| digit == b'0') => {
            format!("{value:.0}")
        }
        _ => digits,
    }
}

/// The first line has the heads; columns after the second stand right.
fn markdown(lines: &[Vec<String>]) -> String {
    let columns = lines[0].len();
    let width =
        |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let rule = |column: usize| match column {
        0 | 1 => "-".repeat(widths[column] + 2),
        _ => "-".repeat(widths[column] + 1) + ":",
    };
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            text += &match column {
                0 | 1 => format!("| {cell:<width$} "),
                _ => format!("| {cell:>width$} "),
            };
        }
        text += "|\n";
        if index == 0 {
            let rules: Vec<_> = (0..columns).map(rule).collect();
            text += &format!("|{}|\n", rules.join("|"));
        }
    }
    text
}
