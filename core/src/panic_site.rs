//! Where a task panicked: a panic hook that remembers the place, for tasks only.
#![forbid(unsafe_code)]

use alloc::{boxed::Box, format, string::String};
use core::any::{Any, TypeId};
use core::cell::RefCell;
use std::panic;
use std::sync::Once;

/// A panic inside a task, and what tells it from another.
struct Site {
    place: String,
    thrown: TypeId,
    text: Option<String>,
}

std::thread_local! {
    static LAST: RefCell<Option<Site>> = const { RefCell::new(None) };
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
            if crate::context::in_task() {
                let site = info.location().map(|at| Site {
                    place: format!("{at}"),
                    thrown: info.payload().type_id(),
                    text: info.payload_as_str().map(String::from),
                });
                let _ = LAST.try_with(|last| last.replace(site)); // gone only as the thread ends
            }
            previous(info);
        }));
    });
}

/// The place of this thread's last panic inside a task, if it threw what looks like `payload`: one
/// that was resumed, and not thrown here, has no place.
pub(crate) fn take(payload: &(dyn Any + Send)) -> Option<String> {
    let site = LAST.try_with(|last| last.take()).ok().flatten()?;
    let text = crate::contain::text(payload);
    (site.thrown == payload.type_id() && site.text.as_deref() == text).then_some(site.place)
}
