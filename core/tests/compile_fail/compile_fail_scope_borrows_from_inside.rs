//! What a scope's closure owns is gone before the scope's tasks are.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    executor.scope(|scope| {
        let inside = String::from("of the closure");
        let _ = scope.submit(|| inside.len()); //~ E0373
    });
}
