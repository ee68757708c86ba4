//! Running code that is not ours: what unwinds out of it is caught where there is a std to catch it.
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
pub(crate) use with_std::*;

#[cfg(feature = "std")]
mod with_std {
    use alloc::boxed::Box;
    use core::any::Any;
    use core::panic::AssertUnwindSafe;
    use std::panic::catch_unwind;

    /// What was thrown. Dropping it may unwind too; that is contained as well.
    pub(crate) struct Payload(Option<Box<dyn Any + Send>>);

    impl Payload {
        pub(crate) fn into_inner(mut self) -> Box<dyn Any + Send> {
            self.0.take().unwrap_or_else(|| Box::new(()))
        }

        pub(crate) fn message(&self) -> &str {
            self.0.as_deref().and_then(text).unwrap_or("a value that is not text")
        }

        pub(crate) fn with<R>(&self, f: impl FnOnce(&(dyn Any + Send)) -> Option<R>) -> Option<R> {
            f(self.0.as_deref()?)
        }
    }

    /// What was thrown, if it is text.
    pub(crate) fn text(payload: &(dyn Any + Send)) -> Option<&str> {
        let literal = payload.downcast_ref::<&'static str>().copied();
        literal.or_else(|| payload.downcast_ref::<alloc::string::String>().map(|text| &**text))
    }

    impl core::fmt::Debug for Payload {
        fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
            f.debug_tuple("Payload").field(&self.message()).finish()
        }
    }

    impl Drop for Payload {
        fn drop(&mut self) {
            // A payload may panic when dropped, and so may what that throws: the second is leaked,
            // since a type can go on like this for ever.
            let payload = self.0.take();
            if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                core::mem::forget(second);
            }
        }
    }

    /// Runs `f`; an unwind ends here.
    ///
    /// # Errors
    /// What was thrown.
    pub(crate) fn contain<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
        catch_unwind(AssertUnwindSafe(f)).map_err(|payload| Payload(Some(payload)))
    }
}

#[cfg(not(feature = "std"))]
mod without_std {
    /// Nothing can be caught here, so nothing was.
    #[derive(Debug)]
    pub(crate) enum Payload {}

    /// Runs `f`; an unwind, where the target has them, goes on to the caller.
    ///
    /// # Errors
    /// None.
    pub(crate) fn contain<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
        Ok(f())
    }
}
#[cfg(not(feature = "std"))]
pub(crate) use without_std::*;

/// A value of a user whose drop may panic, which is contained.
#[cfg(feature = "alloc")]
pub(crate) struct Contained<T>(Option<T>);

#[cfg(feature = "alloc")]
impl<T> Contained<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(value))
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

#[cfg(feature = "alloc")]
impl<T> Drop for Contained<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        let _ = contain(|| drop(value));
    }
}
