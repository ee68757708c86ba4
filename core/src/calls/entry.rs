//! [`TaskEntry`]: what is known of one registered function.
#![forbid(unsafe_code)]

use core::any::{Any, TypeId, type_name};
use core::fmt;

use super::callee::{Callee, Portable};
use super::signature::Signature;

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
}

impl TaskEntry {
    /// A function and its name, which has 1 to [`MAX_NAME`](Self::MAX_NAME) bytes.
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
        Self { name, function, path: type_name::<F>, signature: Signature::of::<M> }
    }

    /// How long a name may be, in bytes.
    pub const MAX_NAME: usize = 256;

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
