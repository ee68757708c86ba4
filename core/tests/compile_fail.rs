//! Programs that must not compile, each for the reason named in its first line, and one that must.
//!
//! Not with `trybuild`: it compares whole messages, which change with every release of the compiler
//! and with every line of this crate that they quote. An error's code and line say as much, and
//! stay.
#![cfg(feature = "std")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where the errors are, as `(line, code)`: `//~ E0277` at the end of a line expects one there.
type Errors = BTreeSet<(usize, String)>;

fn expected(source: &str) -> Errors {
    let lines = source.lines().enumerate();
    lines
        .filter_map(|(line, text)| Some((line + 1, text.split_once("//~ ")?.1.trim().to_owned())))
        .collect()
}

/// The errors among messages like `src/bin/name.rs:12:5: error[E0277]: …`.
fn reported(messages: &str, name: &str) -> Errors {
    let file = format!("{name}.rs:");
    let of_file = messages.lines().filter_map(|message| {
        let (_, rest) = message.split_once(&file)?;
        let (line, rest) = rest.split_once(':')?;
        let (_, rest) = rest.split_once(": error")?;
        let code = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        Some((line.parse().ok()?, code.map_or("none", |(code, _)| code).to_owned()))
    });
    of_file.collect()
}

#[test]
#[cfg_attr(miri, ignore = "starts the compiler")]
fn compile_fail() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail");
    let programs = scratch.join("src/bin");
    let _ = fs::remove_dir_all(&programs); // perhaps there is none
    fs::create_dir_all(&programs).expect("the target folder is ours");
    let manifest = format!(
        "[package]\nname = \"compile-fail\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\nconcurrent-futures-core = {{ path = {package:?}, features = [\"std\"] }}\n"
    );
    fs::write(scratch.join("Cargo.toml"), manifest).expect("the target folder is ours");
    // The versions that this very program was built with: nothing is downloaded.
    let lock = package.join("../Cargo.lock");
    if lock.exists() {
        fs::copy(lock, scratch.join("Cargo.lock")).expect("the target folder is ours");
    }

    let mut cases = Vec::new();
    for entry in fs::read_dir(package.join("tests/compile_fail")).expect("it is here") {
        let path = entry.expect("it is here").path();
        let name = path.file_stem().expect("a file").to_str().expect("named by us").to_owned();
        let source = fs::read_to_string(&path).expect("it is here");
        fs::write(programs.join(format!("{name}.rs")), &source).expect("the target folder is ours");
        cases.push((name, expected(&source)));
    }
    assert!(cases.len() > 8, "{} programs found", cases.len());

    let checked = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--keep-going", "--bins", "--message-format=short"])
        .current_dir(&scratch)
        .env("CARGO_TARGET_DIR", scratch.join("target"))
        .output()
        .expect("cargo started this test");
    let messages = String::from_utf8_lossy(&checked.stderr);
    let mut wrong = Vec::new();
    for (name, expected) in cases {
        let reported = reported(&messages, &name);
        if name.starts_with("compile_fail_") == expected.is_empty() || reported != expected {
            wrong.push(format!("{name}: expected {expected:?}, got {reported:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n\n{messages}", wrong.join("\n"));
}
