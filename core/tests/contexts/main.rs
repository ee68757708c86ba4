//! `CONTEXTS.md` says of every function whether an interrupt handler may call it. Held against the source: what
//! is public has a row, and what has a row is public.
#![cfg(not(miri))] // reads files, and has no unsafe code
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

mod source;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use source::Build;
use table::Row;

const PAGE: &str = include_str!("../../CONTEXTS.md");

/// What a program without an allocator may have switched on.
const BARE: &[&str] = &["critical-section", "spin", "portable-atomic", "stream"];
/// And one with an allocator.
const ALLOCATING: &[&str] = &["critical-section", "spin", "portable-atomic", "stream", "alloc"];

/// What the second column may say.
const ANSWERS: [&str; 7] =
    ["yes", "if wake", "if drop", "if drop and wake", "if run", "as implemented", "no"];

/// What there is with these features, on whatever chip.
fn functions(features: &'static [&'static str]) -> BTreeSet<String> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chips = ["arm", "riscv32"].map(|architecture| (architecture, "none"));
    let targets = chips.into_iter().chain([("x86_64", "linux")]);
    let builds = targets.map(|(architecture, system)| Build { features, architecture, system });
    builds.flat_map(|build| source::functions(package, build)).collect()
}

/// The tables of what there is without an allocator.
const BARE_SECTIONS: [&str; 4] =
    ["Without an allocator", "Values", "What a chip supplies", "Backends of your own"];

/// What the page says under these headings.
fn rows(sections: &[&str]) -> BTreeMap<String, Row> {
    let rows = table::rows(PAGE);
    for section in sections {
        let is_there = rows.values().any(|row| row.section == *section);
        assert!(is_there, "CONTEXTS.md has nothing under {section:?}");
    }
    rows.into_iter().filter(|(_, row)| sections.contains(&row.section.as_str())).collect()
}

fn assert_same(there_are: &BTreeSet<String>, sections: &[&str]) {
    let listed: BTreeSet<_> = rows(sections).into_keys().collect();
    let missing: Vec<_> = there_are.difference(&listed).collect();
    let unknown: Vec<_> = listed.difference(there_are).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "CONTEXTS.md, {sections:?}: without a row are {missing:#?}, and these do not exist: {unknown:#?}"
    );
}

#[test]
fn what_needs_no_allocator_is_listed_and_nothing_else() {
    assert_same(&functions(BARE), &BARE_SECTIONS);
}

#[test]
fn what_needs_an_allocator_is_listed_and_nothing_else() {
    let more = &functions(ALLOCATING) - &functions(BARE);
    assert_same(&more, &["With an allocator"]);
}

#[test]
fn each_answer_is_one_that_the_page_explains() {
    for (name, row) in rows(&BARE_SECTIONS) {
        let answer = row.from_an_interrupt.as_str();
        assert!(ANSWERS.contains(&answer), "{name}: {answer:?} is not among {ANSWERS:?}");
        assert!(
            PAGE.contains(&format!("- **{answer}**")),
            "{name}: the page does not explain {answer:?}"
        );
    }
}

#[test]
fn what_waits_is_not_for_interrupt_handlers() {
    for (name, row) in rows(&BARE_SECTIONS) {
        let may = !matches!(row.from_an_interrupt.as_str(), "no" | "as implemented");
        assert!(!may || row.waits == "no", "{name} waits, but may be called: {row:?}");
        assert!(may || row.waits != "no", "{name} does not wait, but must not be called: {row:?}");
    }
}
