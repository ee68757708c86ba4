//! As with `submit`.

use concurrent_futures_core::{Executor, InlineBackend};
use std::rc::Rc;

fn main() {
    let executor = Executor::new(InlineBackend);
    let _ = executor.submit_fallible(|| Ok::<_, &str>(Rc::new(1))); //~ E0277
}
