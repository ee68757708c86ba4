//! A scope cannot be kept.

use concurrent_futures_core::{Executor, InlineBackend, Scope};

fn main() {
    let executor = Executor::new(InlineBackend);
    let mut kept: Option<&Scope<'_, '_>> = None;
    executor.scope(|scope| kept = Some(scope)); //~ E0521
    drop(kept);
}
