//! As of what the closure owns, so of references to it.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    executor.scope(|scope| {
        let inside = String::from("of the closure");
        let borrowed = &inside; //~ E0597
        let _ = scope.submit(move || borrowed.len());
    });
}
