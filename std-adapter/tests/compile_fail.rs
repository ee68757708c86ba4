//! Functions that cannot be tasks: the error is where the fault is, and says what to do. And one program that compiles.
//!
//! Not with `trybuild`, for the reasons that the test of the same name in the core crate has. Here part of the message
//! is compared, since it is ours: `//~ text` at the end of a line expects an error there that contains it.
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// An error: its line, and its message or a part of it.
type Fault = (usize, String);

fn expected(source: &str) -> Vec<Fault> {
    let lines = source.lines().enumerate();
    lines
        .filter_map(|(line, text)| Some((line + 1, text.split_once("//~ ")?.1.trim().to_owned())))
        .collect()
}

/// The errors among messages like `src/bin/name.rs:12:5: error[E0277]: …`.
fn reported(messages: &str, name: &str) -> Vec<Fault> {
    let file = format!("/{name}.rs:");
    let of_file = messages.lines().filter_map(|message| {
        let (line, rest) = message.split_once(&file)?.1.split_once(':')?;
        let (_, text) = rest.split_once(": error")?;
        Some((line.parse().ok()?, text.to_owned()))
    });
    of_file.collect()
}

/// What was expected and is not there, and what is there on a line where nothing was expected.
fn differences(expected: &[Fault], reported: &[Fault]) -> Vec<String> {
    let missing = expected.iter().filter(|(line, part)| {
        !reported.iter().any(|(at, message)| at == line && message.contains(part.as_str()))
    });
    let surplus = reported.iter().filter(|(at, _)| !expected.iter().any(|(line, _)| line == at));
    let missing = missing.map(|(line, part)| format!("line {line}: no error has '{part}'"));
    missing.chain(surplus.map(|(line, message)| format!("line {line}: {message}"))).collect()
}

#[test]
fn compile_fail() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_fail_tasks");
    let programs = scratch.join("src/bin");
    let _ = fs::remove_dir_all(&programs); // perhaps there is none
    fs::create_dir_all(&programs).expect("the target folder is ours");
    let manifest = format!(
        "[package]\nname = \"compile-fail\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\nconcurrent-futures = {{ path = {package:?} }}\n"
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
    assert!(cases.len() > 5, "{} programs found", cases.len());

    let checked = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--keep-going", "--bins", "--message-format=short"])
        .current_dir(&scratch)
        .env("CARGO_TARGET_DIR", scratch.join("target"))
        .output()
        .expect("cargo started this test");
    let messages = String::from_utf8_lossy(&checked.stderr);
    let mut wrong = Vec::new();
    for (name, expected) in cases {
        let differences = differences(&expected, &reported(&messages, &name));
        if name.starts_with("compile_fail_") == expected.is_empty() || !differences.is_empty() {
            wrong.push(format!("{name}: {}", differences.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{}\n\n{messages}", wrong.join("\n"));
}
