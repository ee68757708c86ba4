//! A closure may go to any worker.

use concurrent_futures_core::{Executor, InlineBackend};
use std::rc::Rc;

fn main() {
    let executor = Executor::new(InlineBackend);
    let shared = Rc::new(1);
    let _ = executor.submit(move || *shared); //~ E0277
}
