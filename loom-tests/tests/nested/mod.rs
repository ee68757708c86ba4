//! Starts cargo again with the switch of core's models set.

use core::time::Duration;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Instant;

/// A test binary of this package that is built for a model.
pub(crate) struct Suite {
    /// What `concurrent_futures_model` is then.
    pub(crate) model: &'static str,
    /// The name of the test.
    pub(crate) test: &'static str,
    /// How it is built.
    pub(crate) options: &'static [&'static str],
}

impl Suite {
    /// A target folder of its own: its flags differ from everybody else's, who would build again each time.
    pub(crate) fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(self.model)
    }

    /// Builds the tests, and returns where they are.
    ///
    /// # Panics
    /// If they do not build.
    pub(crate) fn build(&self) -> PathBuf {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["test", "--no-run"])
            .args(self.options)
            .args(["--package", env!("CARGO_PKG_NAME"), "--test", self.test])
            .args(["--message-format", "json-render-diagnostics", "--target-dir"])
            .arg(self.folder())
            .stderr(Stdio::inherit());
        self.switch_on(&mut cargo);
        let output = cargo.output().expect("cargo starts");
        assert!(output.status.success(), "`{}` does not build: {}", self.test, output.status);
        executable(&String::from_utf8_lossy(&output.stdout))
            .expect("cargo names the executable that it has built")
    }

    /// Appends the cfg to the flags in force. Cargo reads the first of these variables that is set and nothing else,
    /// so a flag given any other way (`--config build.rustflags`) would be lost without a word.
    fn switch_on(&self, cargo: &mut Command) {
        let (variable, separator) = match env::var_os("CARGO_ENCODED_RUSTFLAGS") {
            Some(_) => ("CARGO_ENCODED_RUSTFLAGS", "\x1f"),
            None => ("RUSTFLAGS", " "),
        };
        let mut flags = env::var_os(variable).unwrap_or_default();
        for flag in ["--cfg", &format!("concurrent_futures_model=\"{}\"", self.model)] {
            if !flags.is_empty() {
                flags.push(separator);
            }
            flags.push(flag);
        }
        cargo.env(variable, flags);
    }
}

/// Finds the executable in cargo's messages, which are one JSON object a line.
fn executable(messages: &str) -> Option<PathBuf> {
    let (_, rest) = messages.split_once(r#""executable":""#)?;
    let (path, _) = rest.split_once('"')?;
    Some(PathBuf::from(path.replace(r"\\", r"\")))
}

/// Names all tests of a binary.
///
/// # Panics
/// If it does not start.
pub(crate) fn list(binary: &Path) -> Vec<String> {
    let output = Command::new(binary)
        .args(["--list", "--format", "terse"])
        .output()
        .expect("the models start");
    assert!(output.status.success(), "the models cannot be listed: {}", output.status);
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(String::from)
        .collect()
}

/// Waits until `child` ends, or stops it at `deadline`.
///
/// # Panics
/// If the system cannot do either.
pub(crate) fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    while Instant::now() < deadline {
        if let Some(exit) = child.try_wait().expect("a child can be asked") {
            return Some(exit);
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("a child can be stopped");
    child.wait().expect("a stopped child ends");
    None
}
