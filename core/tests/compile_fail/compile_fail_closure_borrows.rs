//! A task may run after the caller has returned.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    let text = String::from("on this stack");
    let _ = executor.submit(|| text.len()); //~ E0373
}
