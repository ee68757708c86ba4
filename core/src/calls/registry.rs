//! [`Registry`]: the functions that may be called, and no others.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::any::TypeId;
use core::error::Error;
use core::fmt;

use super::entry::TaskEntry;
use super::messages::{Hello, NAME_SIZE, TaskName};
use super::signature::Signature;

/// The functions that may be called from afar, sorted by name.
///
/// Nothing but these can be called, whatever comes over the link: a call names one by its index here.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// By name.
    tasks: Vec<(TaskEntry, Signature)>,
    /// The indices of `tasks`, by function.
    by_function: Vec<(TypeId, u32)>,
}

impl Registry {
    /// Of these functions, in any order. The same function under the same name may be there several times.
    ///
    /// # Errors
    /// Two functions under one name; one function under two names; an empty name; a name that is too long.
    pub fn new(entries: impl IntoIterator<Item = TaskEntry>) -> Result<Self, RegistryError> {
        let mut tasks: Vec<_> =
            entries.into_iter().map(|entry| (entry, entry.signature())).collect();
        tasks.sort_by_key(|(entry, _)| (entry.name(), entry.type_id()));
        tasks.dedup_by_key(|(entry, _)| (entry.name(), entry.type_id()));
        check_names(&tasks)?;
        let by_function = index_by_function(&tasks)?;
        Ok(Self { tasks, by_function })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The one with this index.
    pub fn get(&self, index: u32) -> Option<&TaskEntry> {
        let (entry, _) = self.tasks.get(usize::try_from(index).ok()?)?;
        Some(entry)
    }

    /// This very function.
    pub fn find<F: 'static>(&self, _function: &F) -> Option<&TaskEntry> {
        self.get(self.index_of(TypeId::of::<F>())?)
    }

    /// The index of the function of this type, as `TypeId::of::<F>()` gives it for a function `F`.
    pub fn index_of(&self, function: TypeId) -> Option<u32> {
        let at =
            self.by_function.binary_search_by_key(&function, |(function, _)| *function).ok()?;
        self.by_function.get(at).map(|(_, index)| *index)
    }

    /// All of them, by index: what is compared with the other end's.
    pub fn names_and_signatures(&self) -> impl ExactSizeIterator<Item = (&'static str, Signature)> {
        self.tasks.iter().map(|(entry, signature)| (entry.name(), *signature))
    }
}

// --- both ends ---

impl Registry {
    /// All of them, by index: what a worker says of itself in its [`Hello`].
    pub fn task_names(&self) -> Vec<TaskName> {
        let task = |(name, signature): (&str, Signature)| TaskName {
            name: name.into(),
            signature: signature.to_bits(),
        };
        self.names_and_signatures().map(task).collect()
    }

    /// Which index each of these functions has in the table of the worker that said this, if it has it at all.
    ///
    /// Functions that only the worker knows are never called, so they do no harm.
    ///
    /// # Errors
    /// The first function that the worker knows by the same name and another signature, or twice: the two ends are not
    /// of one build, and nothing can be called.
    pub fn match_with(&self, hello: &Hello) -> Result<Vec<Option<u32>>, Mismatch> {
        let theirs = (0..).zip(&hello.tasks);
        let mut theirs: Vec<_> =
            theirs.map(|(index, task)| (&*task.name, task.signature, index)).collect();
        theirs.sort_unstable();
        let index = |(name, ours)| match_one(&theirs, name, ours);
        self.names_and_signatures().map(index).collect()
    }
}

/// # Errors
/// If there is one of that name, but not this one.
fn match_one(
    theirs: &[(&str, u64, u32)],
    name: &'static str,
    ours: Signature,
) -> Result<Option<u32>, Mismatch> {
    let first = theirs.partition_point(|(other, ..)| *other < name);
    let mut same = theirs.iter().skip(first).take_while(|(other, ..)| *other == name);
    let Some((_, signature, index)) = same.next() else { return Ok(None) };
    if same.next().is_some() {
        return Err(Mismatch::Twice { name });
    }
    let theirs = Signature::from_bits(*signature);
    if ours == theirs { Ok(Some(*index)) } else { Err(Mismatch::Signature { name, ours, theirs }) }
}

/// # Errors
/// The first name that is not fit, or that two functions have.
fn check_names(tasks: &[(TaskEntry, Signature)]) -> Result<(), RegistryError> {
    for (entry, _) in tasks {
        if !(1..=NAME_SIZE).contains(&entry.name().len()) {
            return Err(RegistryError::NameLength { name: entry.name() });
        }
    }
    for pair in tasks.windows(2) {
        if let [(one, _), (other, _)] = pair
            && one.name() == other.name()
        {
            let functions = [one.path(), other.path()];
            return Err(RegistryError::SameName { name: one.name(), functions });
        }
    }
    Ok(())
}

/// # Errors
/// A function that has two names.
fn index_by_function(
    tasks: &[(TaskEntry, Signature)],
) -> Result<Vec<(TypeId, u32)>, RegistryError> {
    let mut by_function: Vec<_> =
        (0..).zip(tasks).map(|(index, (entry, _))| (entry.type_id(), index)).collect();
    by_function.sort_unstable();
    for pair in by_function.windows(2) {
        if let [(first, one), (second, other)] = *pair
            && first == second
        {
            return Err(of_two_names(tasks, one, other));
        }
    }
    Ok(by_function)
}

#[cold]
fn of_two_names(tasks: &[(TaskEntry, Signature)], one: u32, other: u32) -> RegistryError {
    let entry = |index: u32| tasks.get(index as usize).map(|(entry, _)| entry);
    let name = |index| entry(index).map_or("", TaskEntry::name);
    let function = entry(one).map_or("", TaskEntry::path);
    RegistryError::SameFunction { function, names: [name(one), name(other)] }
}

/// Why functions cannot be registered together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two functions have one name.
    SameName {
        /// The name.
        name: &'static str,
        /// Where the two are in the program.
        functions: [&'static str; 2],
    },
    /// One function has two names, and a caller who names the function would mean either.
    SameFunction {
        /// Where it is in the program.
        function: &'static str,
        /// The two names.
        names: [&'static str; 2],
    },
    /// A name is empty, or longer than [`NAME_SIZE`](super::NAME_SIZE).
    NameLength {
        /// The name.
        name: &'static str,
    },
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameName { name, functions: [one, other] } => write!(
                f,
                "two functions are registered as '{name}', {one} and {other}: \
                 give one of them another name"
            ),
            Self::SameFunction { function, names: [one, other] } => write!(
                f,
                "the function {function} is registered as '{one}' and as '{other}': \
                 leave one of them out"
            ),
            Self::NameLength { name } => write!(
                f,
                "a function is registered as '{name}', a name of {} bytes: it may have 1 to {}",
                name.len(),
                NAME_SIZE
            ),
        }
    }
}

impl Error for RegistryError {}

/// Why a worker is not one for these functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// It knows another function by this name.
    Signature {
        /// The name.
        name: &'static str,
        /// The signature here.
        ours: Signature,
        /// The signature there.
        theirs: Signature,
    },
    /// It knows two functions by this name.
    Twice {
        /// The name.
        name: &'static str,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature { name, ours, theirs } => write!(
                f,
                "'{name}' has the signature {ours} here and {theirs} in the worker: \
                 the two are not of one build"
            ),
            Self::Twice { name } => write!(f, "the worker knows two functions as '{name}'"),
        }
    }
}

impl Error for Mismatch {}
