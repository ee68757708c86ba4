//! `core/CONTEXTS.md` says which functions an interrupt handler may call. What it promises is tried at every operation,
//! and what is tried is what it promises.
#![forbid(unsafe_code)]
#![expect(clippy::missing_panics_doc, reason = "it is by a panic that a test fails")]

#[path = "../../core/tests/contexts/table.rs"]
mod table;

use std::collections::{BTreeMap, BTreeSet};

use concurrent_futures_loom::interrupts::{BY_ANYBODY, BY_THREADS};
use table::Row;

/// The table of the functions that touch what other contexts have.
const SHARED: &str = "Without an allocator";

fn rows() -> BTreeMap<String, Row> {
    table::rows(include_str!("../../core/CONTEXTS.md"))
}

fn may_be_called(row: &Row) -> bool {
    row.from_an_interrupt != "no"
}

/// The functions of that table that a handler may call, or those that it must not.
fn listed(may: bool) -> BTreeSet<String> {
    let rows = rows().into_iter().filter(|(_, row)| row.section == SHARED);
    rows.filter(|(_, row)| may_be_called(row) == may).map(|(name, _)| name).collect()
}

fn tried(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn what_a_handler_may_call_is_tried_as_an_interrupt() {
    let untried = &listed(true) - &tried(BY_ANYBODY);
    assert!(untried.is_empty(), "CONTEXTS.md promises what is tried as no interrupt: {untried:?}");
}

#[test]
fn what_a_handler_must_not_call_is_interrupted() {
    let untried = &listed(false) - &tried(BY_THREADS);
    assert!(untried.is_empty(), "CONTEXTS.md has what is not interrupted: {untried:?}");
}

#[test]
fn what_is_tried_as_an_interrupt_is_promised() {
    let rows = rows();
    let is_promised = |name: &&str| rows.get(*name).is_some_and(may_be_called);
    let unpromised: Vec<_> = BY_ANYBODY.iter().filter(|name| !is_promised(name)).collect();
    assert!(unpromised.is_empty(), "CONTEXTS.md does not promise these: {unpromised:?}");
}

#[test]
fn what_is_interrupted_is_on_the_page() {
    let rows = rows();
    let unknown: Vec<_> = BY_THREADS.iter().filter(|name| !rows.contains_key(**name)).collect();
    assert!(unknown.is_empty(), "without a row in CONTEXTS.md: {unknown:?}");
}
