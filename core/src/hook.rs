//! Where panics of done callbacks are reported, since nobody waits for a callback.
#![forbid(unsafe_code)]

use crate::contain::Payload;

#[cfg(feature = "std")]
mod with_std {
    use super::Payload;
    use alloc::boxed::Box;
    use alloc::sync::Arc;
    use core::any::Any;
    use std::sync::RwLock;

    type Hook = Arc<dyn Fn(Box<dyn Any + Send>) + Send + Sync>;
    static HOOK: RwLock<Option<Hook>> = RwLock::new(None);

    /// Sets what is called with the payload when a done callback panics, in the thread where it did.
    /// By default nothing: the panic hook of the program has had its say.
    pub fn set_callback_panic_hook(hook: impl Fn(Box<dyn Any + Send>) + Send + Sync + 'static) {
        let hook: Hook = Arc::new(hook);
        let before = HOOK.write().unwrap_or_else(|poison| poison.into_inner()).replace(hook);
        drop(before);
    }

    pub(crate) fn callback_panicked(payload: Payload) {
        let hook = HOOK.read().unwrap_or_else(|poison| poison.into_inner()).clone();
        if let Some(hook) = hook {
            // A hook that panics is not reported to itself.
            drop(crate::contain::contain(|| hook(payload.into_inner())));
        }
    }
}
#[cfg(feature = "std")]
pub(crate) use with_std::callback_panicked;
#[cfg(feature = "std")]
pub use with_std::set_callback_panic_hook;

#[cfg(not(feature = "std"))]
pub(crate) fn callback_panicked(payload: Payload) {
    match payload {}
}
