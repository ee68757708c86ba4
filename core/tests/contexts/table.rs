//! The tables of `CONTEXTS.md`.

use std::collections::BTreeMap;

/// What the page says of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Under which heading it is.
    pub(crate) section: String,
    /// Whether an interrupt handler may call it, and if what.
    pub(crate) from_an_interrupt: String,
    /// Whether it waits.
    pub(crate) waits: String,
}

/// What the page says, by function.
///
/// # Panics
/// A function that is in two rows.
pub(crate) fn rows(page: &str) -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    let mut section = "";
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading;
        }
        let Some((names, rest)) = line.strip_prefix("| `").and_then(|line| line.split_once(" |"))
        else {
            continue;
        };
        let mut cells = rest.split('|').map(|cell| cell.trim().to_owned());
        let (from_an_interrupt, waits) = (cells.next(), cells.next());
        let row = Row {
            section: section.to_owned(),
            from_an_interrupt: from_an_interrupt.unwrap_or_default(),
            waits: waits.unwrap_or_default(),
        };
        for name in names.split('`').step_by(2) {
            let before = rows.insert(name.to_owned(), row.clone());
            assert!(before.is_none(), "{name} is in two rows");
        }
    }
    rows
}
