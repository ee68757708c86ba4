//! A value comes back from any worker.

use concurrent_futures_core::{Executor, InlineBackend};
use std::rc::Rc;

fn main() {
    let executor = Executor::new(InlineBackend);
    let _ = executor.submit(|| Rc::new(1)); //~ E0277
}
