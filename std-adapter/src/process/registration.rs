//! The registered functions of this program.
#![forbid(unsafe_code)]

use core::any::{TypeId, type_name};
use core::error::Error;
use core::fmt;
use std::sync::OnceLock;

use concurrent_futures_core::calls::{Registry, RegistryError, TaskEntry};

/// The one of this program, made once: by the first that asks for it, or by [`register`] before that.
static REGISTRY: OnceLock<Result<Registry, RegistryError>> = OnceLock::new();

/// The functions of this program that worker processes can run: all with [`#[task]`](macro@crate::task).
///
/// A pool finds them by itself. This is for looking at them, and for programs that
/// [`serve`](crate::calls::serve) them over a link of their own.
///
/// # Errors
/// Two functions have one name, or a name is not fit; all ask in vain from then on.
pub fn registry() -> Result<&'static Registry, RegistryError> {
    REGISTRY.get_or_init(|| Registry::new(listed())).as_ref().map_err(|error| *error)
}

/// Adds functions that the linker has not listed; the same functions may be added again.
///
/// # Errors
/// As for [`registry`]; a function that is new, when there is a registry already.
pub fn register(tasks: &[TaskEntry]) -> Result<&'static Registry, RegisterError> {
    let all = || Registry::new(listed().chain(tasks.iter().copied()));
    let registry =
        REGISTRY.get_or_init(all).as_ref().map_err(|error| RegisterError::Registry(*error))?;
    match tasks.iter().find(|task| registry.index_of(task.type_id()).is_none()) {
        Some(task) => Err(RegisterError::TooLate { name: task.name() }),
        None => Ok(registry),
    }
}

/// What the linker has collected.
fn listed() -> impl Iterator<Item = TaskEntry> {
    #[cfg(feature = "linkme")]
    let listed = crate::listed::TASKS.iter().copied();
    #[cfg(not(feature = "linkme"))]
    let listed = core::iter::empty();
    listed
}

/// As [`find`], and the name.
///
/// # Errors
/// As there.
#[cfg(unix)]
pub(super) fn find_named<F: 'static>() -> Result<(u32, &'static str), NotRegistered> {
    let index = find::<F>()?;
    let registry = registry().map_err(NotRegistered::NoRegistry)?;
    Ok((index, registry.get(index).map_or("", TaskEntry::name)))
}

/// The index of the function of type `F` in the registry of this program.
///
/// # Errors
/// Its type, if it is not there.
pub fn find<F: 'static>() -> Result<u32, NotRegistered> {
    let registry = registry().map_err(NotRegistered::NoRegistry)?;
    let index = registry.index_of(TypeId::of::<F>());
    index.ok_or(NotRegistered::Unknown { function: type_name::<F>() })
}

/// Why a function cannot be called in a worker process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRegistered {
    /// It is not among the registered ones.
    Unknown {
        /// The name of its type.
        function: &'static str,
    },
    /// There are no registered ones, since some of them contradict each other.
    NoRegistry(RegistryError),
}

impl fmt::Display for NotRegistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { function } => write!(
                f,
                "{function} is not registered: put #[task] on it, and name it in init_with(tasks![..]) if it is \
                 unlisted"
            ),
            Self::NoRegistry(error) => write!(f, "no function is registered: {error}"),
        }
    }
}

impl Error for NotRegistered {}

/// Why functions could not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegisterError {
    /// They contradict each other, or those that the linker has listed.
    Registry(RegistryError),
    /// The functions of this program have been asked for already.
    TooLate {
        /// The name of the first that is not among them.
        name: &'static str,
    },
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(error) => error.fmt(f),
            Self::TooLate { name } => write!(
                f,
                "'{name}' is added too late: name all functions in one init_with, first in main"
            ),
        }
    }
}

impl Error for RegisterError {}
