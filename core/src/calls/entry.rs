//! [`TaskEntry`]: what is known of one registered function.
#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::any::{Any, TypeId, type_name};
use core::fmt;

use super::callee::{Callee, Portable};
use super::limits::Limits;
use super::run::{Job, RunError, Runner, Verdict, run};
use super::signature::Signature;
use super::surroundings::Surroundings;

/// One function that may be called from afar, under a name that both ends know.
///
/// Made by `#[task]` on a computer, and by [`new`](Self::new) anywhere, in a `const` or a `static` too.
///
/// # Examples
/// ```
/// # use concurrent_futures_core::calls::{Registry, TaskEntry};
/// fn area(width: u32, height: u32) -> u32 {
///     width * height
/// }
/// const AREA: TaskEntry = TaskEntry::new("geometry::area", &area);
/// let registry = Registry::new([AREA])?;
/// assert_eq!(registry.find(&area).map(|task| task.name()), Some("geometry::area"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct TaskEntry {
    name: &'static str,
    function: &'static (dyn Any + Send + Sync),
    path: fn() -> &'static str,
    signature: fn() -> Signature,
    runner: Runner,
}

impl TaskEntry {
    /// A function and its name, which has 1 to [`NAME_SIZE`](super::NAME_SIZE) bytes.
    ///
    /// The function is `&area`, or a closure that captures nothing. A pointer to a function is refused by the
    /// compiler: all pointers to functions of the same arguments have the same type, and the type is what a
    /// function is found by.
    pub const fn new<F, A, M>(name: &'static str, function: &'static F) -> Self
    where
        F: Callee<A, M>,
        A: Portable,
        M: 'static,
    {
        const {
            assert!(
                size_of::<F>() == 0,
                "only functions and closures that capture nothing can be registered"
            );
        }
        Self {
            name,
            function,
            path: type_name::<F>,
            signature: Signature::of::<M>,
            runner: run::<F, A, M>,
        }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Where the function is in the program, for messages.
    pub fn path(&self) -> &'static str {
        (self.path)()
    }

    /// The type that only this function has: two functions differ in it even if the compiler has made one of
    /// their bodies.
    pub fn type_id(&self) -> TypeId {
        self.function.type_id()
    }

    /// The hash of its types.
    pub fn signature(&self) -> Signature {
        (self.signature)()
    }

    /// Runs the function on encoded arguments, and appends its encoded result to `reply`.
    ///
    /// An `Err` of a function that returns a `Result` is [`Verdict::Raised`] if the caller said that it is
    /// `fallible`, and a value like any other if not; both are encoded the same.
    ///
    /// Panics of the function, of the code that reads and writes its values, and of their `drop` are contained by
    /// the surroundings. A result whose `drop` panics has been written before, so nothing comes of that.
    ///
    /// # Errors
    /// Why there is no result. The reply is then as it was; large payloads may have been attached.
    pub fn run(
        &self,
        arguments: &[u8],
        limits: &Limits,
        fallible: bool,
        surroundings: &mut dyn Surroundings,
        reply: &mut Vec<u8>,
    ) -> Result<Verdict, RunError> {
        (self.runner)(self.function, Job { arguments, limits, fallible, surroundings, reply })
    }
}

impl fmt::Debug for TaskEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TaskEntry");
        debug
            .field("name", &self.name)
            .field("signature", &self.signature())
            .finish_non_exhaustive()
    }
}
