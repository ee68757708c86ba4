//! `README.md` says in which files there is unsafe code. Held against the source.
#![cfg(not(miri))] // reads files, and has no unsafe code
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../README.md");

/// What the page's table names: `node.rs`, `queue/chain.rs`.
fn rooms() -> BTreeSet<String> {
    let table = PAGE.split("| room |").nth(1).expect("the page has the table");
    let rows = table.lines().take_while(|line| line.starts_with('|') || line.starts_with(" files"));
    let names = rows.flat_map(|row| row.split('`')).filter(|name| name.ends_with(".rs"));
    names.map(str::to_owned).collect()
}

fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait"].iter().any(|word| code.contains(word))
}

/// The files below `folder` with unsafe code, as the table names them.
fn files(source: &Path, folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            files(source, &path, found);
        } else if fs::read_to_string(&path).expect("a text").lines().any(is_unsafe) {
            let name = path.strip_prefix(source).expect("below it");
            found.insert(name.to_str().expect("a plain name").replace('\\', "/"));
        }
    }
}

#[test]
fn the_table_of_unsafe_code_is_that_of_the_source() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    files(&source, &source, &mut found);
    assert!(found.len() > 20, "{found:?}");
    assert_eq!(rooms(), found);
}
