//! An item goes to any worker.

use concurrent_futures_core::{Executor, InlineBackend};
use std::rc::Rc;

fn main() {
    let executor = Executor::new(InlineBackend);
    let _ = executor.map(|item: Rc<u8>| *item, [Rc::new(1)]); //~ E0277
}
