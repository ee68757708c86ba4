//! What a worker process is started with.
#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::platform;

/// What a worker process is started with. Its standard input is its channel, always.
#[derive(Debug, Clone, Default)]
pub(crate) struct Launch {
    /// `None`: this same program, even if its file has been replaced since.
    pub(crate) program: Option<PathBuf>,
    /// Anybody on the machine can read them: no secrets.
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Environment,
    /// `None`: that of this process.
    pub(crate) directory: Option<PathBuf>,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    pub(crate) group: Group,
}

/// The variables of a worker's environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    pub(crate) inherited: Inherited,
    /// Set after all that is inherited.
    pub(crate) extra: Vec<(OsString, OsString)>,
}

/// Which variables of this process a worker gets.
#[derive(Debug, Clone, Default)]
pub(crate) enum Inherited {
    #[default]
    All,
    /// These, if there are such.
    Only(Vec<OsString>),
}

/// Where a worker prints to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Output {
    /// Where this process prints to.
    #[default]
    Inherit,
    Null,
    /// A pipe, whose other end comes with the [`Spawned`](super::Spawned).
    Piped,
}

/// The process group of a worker.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Group {
    /// One of its own: Ctrl-C does not reach it, and a kill takes what it has started.
    #[default]
    Own,
    /// That of this process: Ctrl-C and Ctrl-Z reach it, and a kill takes the worker alone.
    Shared,
}

impl Launch {
    /// All but the standard input. Nothing in it makes `std` fork by itself, so that a large parent
    /// is not copied.
    ///
    /// # Errors
    /// The file of this program cannot be named.
    pub(super) fn command(&self) -> io::Result<Command> {
        let mut command = self.program()?;
        command.args(&self.arguments);
        self.environment.apply(&mut command);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command.stdout(self.stdout.stdio()).stderr(self.stderr.stdio());
        if self.group == Group::Own {
            command.process_group(0);
        }
        Ok(command)
    }

    /// What could not be started, and where: the system says only that there is no such file.
    pub(crate) fn failed(&self, error: &io::Error) -> String {
        let mut said = match &self.program {
            Some(program) => format!("{} cannot be started", program.display()),
            None => String::from("this program cannot be started again"),
        };
        if let Some(directory) = &self.directory {
            said += &format!(" in {}", directory.display());
        }
        format!("{said}: {error}")
    }

    /// # Errors
    /// The file of this program cannot be named.
    fn program(&self) -> io::Result<Command> {
        if let Some(program) = &self.program {
            return Ok(Command::new(program));
        }
        let mut command = Command::new(platform::this_program()?);
        if let Some(name) = env::args_os().next() {
            command.arg0(name); // what `ps` shows, rather than a name in /proc
        }
        Ok(command)
    }
}

impl Environment {
    fn apply(&self, command: &mut Command) {
        if let Inherited::Only(names) = &self.inherited {
            command.env_clear();
            let found = names.iter().filter_map(|name| Some((name, env::var_os(name)?)));
            command.envs(found);
        }
        command.envs(self.extra.iter().map(|(name, value)| (name, value)));
    }
}

impl Output {
    fn stdio(self) -> Stdio {
        match self {
            Self::Inherit => Stdio::inherit(),
            Self::Null => Stdio::null(),
            Self::Piped => Stdio::piped(),
        }
    }
}
