//! Where a task panicked: a panic hook that remembers the place, for tasks and calls only.
#![forbid(unsafe_code)]

use alloc::{boxed::Box, format, string::String};
use core::any::{Any, TypeId};
use core::cell::{Cell, RefCell};
#[cfg(feature = "calls")]
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic;
use std::sync::Once;

/// A panic inside a task or a call, and what tells it from another.
pub(crate) struct Site {
    pub(crate) place: String,
    /// Of calls only, if the environment asks for it: nobody else can see it where it happened.
    #[cfg(feature = "calls")]
    pub(crate) backtrace: Option<String>,
    thrown: TypeId,
    text: Option<String>,
}

std::thread_local! {
    static LAST: RefCell<Option<Site>> = const { RefCell::new(None) };
    /// Whether this thread is running a call of a registered function.
    static IN_CALL: Cell<bool> = const { Cell::new(false) };
}

/// Chains our hook before whatever hook there is, once for the program.
///
/// A hook that the program sets later without calling the one it replaces hides the places of
/// panics from us; everything else goes on as before.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    if crate::sync::IN_A_MODEL {
        return; // a panic of the checker itself has no current thread to ask about
    }
    if std::thread::panicking() {
        return; // the hook cannot be changed now; the next executor tries again
    }
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let in_call = is_in_call();
            if in_call || crate::context::in_task() {
                let site = info.location().map(|at| Site {
                    place: format!("{at}"),
                    #[cfg(feature = "calls")]
                    backtrace: in_call.then(backtrace).flatten(),
                    thrown: info.payload().type_id(),
                    text: info.payload_as_str().map(String::from),
                });
                let _ = LAST.try_with(|last| last.replace(site)); // gone only as the thread ends
            }
            previous(info);
        }));
    });
}

/// Runs `f`, whose panics are of interest: for those who run calls, on whose threads there are no tasks.
#[cfg(feature = "calls")]
pub(crate) fn in_call<R>(f: impl FnOnce() -> R) -> R {
    /// Puts back what was there, also when `f` panics.
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            let _ = IN_CALL.try_with(|in_call| in_call.set(self.0));
        }
    }
    watch();
    let before = IN_CALL.try_with(|in_call| in_call.replace(true));
    let _before = Before(before.unwrap_or(false));
    f()
}

fn is_in_call() -> bool {
    IN_CALL.try_with(Cell::get).unwrap_or(false)
}

/// Of the panic that is being reported.
#[cfg(feature = "calls")]
fn backtrace() -> Option<String> {
    let backtrace = Backtrace::capture();
    (backtrace.status() == BacktraceStatus::Captured).then(|| format!("{backtrace}"))
}

/// The place of this thread's last panic inside a task, if it threw what looks like `payload`: one
/// that was resumed, and not thrown here, has no place.
pub(crate) fn take(payload: &(dyn Any + Send)) -> Option<String> {
    Some(take_site(payload)?.place)
}

/// As [`take`], with all that is known.
pub(crate) fn take_site(payload: &(dyn Any + Send)) -> Option<Site> {
    let site = LAST.try_with(|last| last.take()).ok().flatten()?;
    let text = crate::contain::text(payload);
    (site.thrown == payload.type_id() && site.text.as_deref() == text).then_some(site)
}
