//! [`Firmware`]: all of it, built and measured.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::Program;
use crate::rounds::Rounds;

/// The programs, of which the first is what the others are compared with.
pub(crate) const PROGRAMS: [&str; 5] = ["empty", "mailbox", "signal", "promise", "ours"];

/// What was measured, and with what.
#[derive(Debug)]
pub(crate) struct Firmware {
    pub(crate) programs: Vec<Program>,
    pub(crate) rounds: Rounds,
    pub(crate) versions: Vec<(&'static str, String)>,
}

impl Firmware {
    /// Builds the programs, and runs the one that counts.
    ///
    /// # Errors
    /// Cargo or QEMU is not there, or fails; or the results of a round are wrong.
    pub(crate) fn measure() -> Result<Self, Box<dyn Error>> {
        let built = target_folder().join("thumbv7m-none-eabi/release");
        output(cargo("build").arg("--bins"))?;
        let programs = PROGRAMS.map(|name| Program::read(name, &built)).into_iter();
        let programs = programs.collect::<Result<_, _>>()?;
        let rounds = output(cargo("run").args(["--features", "measure", "--bin", "rounds"]))?;
        Ok(Self { programs, rounds: Rounds::parse(&rounds)?, versions: versions()? })
    }

    /// # Errors
    /// There is no such program.
    pub(crate) fn program(&self, name: &str) -> Result<&Program, String> {
        let found = self.programs.iter().find(|program| program.name == name);
        found.ok_or_else(|| format!("no program is called {name}"))
    }
}

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn target_folder() -> PathBuf {
    package().join("../target/footprint")
}

/// Cargo in the folder of the firmware, whose configuration names target and runner.
fn cargo(verb: &str) -> Command {
    let mut command = Command::new("cargo");
    command
        .current_dir(package())
        .args([verb, "--quiet", "--release", "--target-dir"])
        .arg(target_folder());
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS"); // which would replace those in there
    command
}

/// What it prints.
///
/// # Errors
/// It cannot be started, or says that it failed.
fn output(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}\n{text}", output.status).into());
    }
    Ok(text)
}

/// # Errors
/// One of them does not say.
fn versions() -> Result<Vec<(&'static str, String)>, Box<dyn Error>> {
    let first_line = |mut command: Command| -> Result<String, Box<dyn Error>> {
        Ok(output(command.arg("--version"))?.lines().next().unwrap_or_default().to_owned())
    };
    Ok(vec![
        ("compiler", first_line(Command::new("rustc"))?),
        ("machine", first_line(Command::new("qemu-system-arm"))?),
        ("peers", ["embassy-sync", "critical-section", "cortex-m-rt"].map(locked).join(", ")),
    ])
}

/// That crate, in the version that is locked.
fn locked(name: &str) -> String {
    const LOCKED: &str = include_str!("../../../Cargo.lock");
    let entry = LOCKED.split_once(&format!("name = \"{name}\"\nversion = \""));
    let version =
        entry.and_then(|(_, rest)| rest.split_once('"')).map_or("?", |(version, _)| version);
    format!("{name} {version}")
}
