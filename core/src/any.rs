//! [`AnyFuture`]: a future whose value's type is known at run time, so that one set can hold many.

use core::any::TypeId;
use core::fmt;

use crate::future::Future;
use crate::slot::SlotRef;
use crate::unique::Unique;

/// A future of some type, to wait for beside futures of others.
pub struct AnyFuture {
    unique: Unique,
    value: TypeId,
}

impl<T: Send + 'static> Future<T> {
    /// Forgets the type of the value, until [`AnyFuture::downcast`].
    pub fn erase(self) -> AnyFuture {
        AnyFuture { unique: self.into_unique(), value: TypeId::of::<T>() }
    }
}

impl AnyFuture {
    crate::observe::observers!();

    pub(crate) fn slot(&self) -> &SlotRef {
        self.unique.slot()
    }

    pub(crate) fn unique(&mut self) -> &mut Unique {
        &mut self.unique
    }

    /// Whether the value is a `T`.
    pub fn is<T: 'static>(&self) -> bool {
        self.value == TypeId::of::<T>()
    }

    /// The typed future again.
    ///
    /// # Errors
    /// This future, if its value is not a `T`.
    pub fn downcast<T: 'static>(self) -> Result<Future<T>, Self> {
        if self.is::<T>() {
            // SAFETY: erased from a `Future<T>` of this very `T`.
            Ok(unsafe { Future::from_unique(self.unique) })
        } else {
            Err(self)
        }
    }
}

impl fmt::Debug for AnyFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unique.print(f, "AnyFuture")
    }
}
