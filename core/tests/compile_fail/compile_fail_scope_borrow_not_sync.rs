//! What tasks borrow is shared with other threads.

use concurrent_futures_core::{Executor, InlineBackend};
use std::cell::Cell;

fn main() {
    let executor = Executor::new(InlineBackend);
    let count = Cell::new(0);
    executor.scope(|scope| {
        let _ = scope.submit(|| count.set(1)); //~ E0277
    });
}
