//! [`Machine`]: where it was measured, and with what.

use std::fs;
use std::process::Command;
use std::thread;

use serde::{Deserialize, Serialize};

use super::cell;
use crate::PROGRAM;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) facts: Vec<(String, String)>,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let unknown = || "unknown".to_owned();
        let processors = thread::available_parallelism().map_or(0, usize::from);
        let model = fact_of("/proc/cpuinfo", "model name").unwrap_or_else(unknown);
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease");
        let load = fs::read_to_string("/proc/loadavg");
        let first = |text: String| text.split_whitespace().next().map(str::to_owned);
        let facts = [
            ("processors", format!("{processors} × {model}")),
            ("system", format!("{} {}", std::env::consts::OS, kernel.unwrap_or_default().trim())),
            ("load at the start", load.ok().and_then(first).unwrap_or_else(unknown)),
            ("compiler", compiler().unwrap_or_else(unknown)),
            ("peers", peers()),
            ("Python", cell::python_version().unwrap_or_else(|| "not found".to_owned())),
        ];
        Self { facts: facts.map(|(name, fact)| (name.to_owned(), fact)).into() }
    }
}

/// What a file of lines such as `name : fact` says.
fn fact_of(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.find(|(key, _)| key.trim() == name).map(|(_, fact)| fact.trim().to_owned())
}

/// The one that cargo takes here.
fn compiler() -> Option<String> {
    let output = Command::new("rustc").arg("--version").output().ok()?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The versions that are locked.
fn peers() -> String {
    const LOCKED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    let locked = fs::read_to_string(LOCKED).unwrap_or_default();
    let versions = PROGRAM.crates.iter().map(|name| {
        let (_, entry) = locked.split_once(&format!("name = \"{name}\"\nversion = \""))?;
        Some(format!("{name} {}", entry.split_once('"')?.0))
    });
    versions.flatten().collect::<Vec<_>>().join(", ")
}
