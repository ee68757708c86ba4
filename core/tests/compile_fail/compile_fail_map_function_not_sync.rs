//! The function of a map is called by several workers at once.

use concurrent_futures_core::{Executor, InlineBackend};
use std::cell::Cell;

fn main() {
    let executor = Executor::new(InlineBackend);
    let calls = Cell::new(0);
    let counting = move |_: u8| calls.set(calls.get() + 1);
    let _ = executor.map(counting, [1]); //~ E0277
}
