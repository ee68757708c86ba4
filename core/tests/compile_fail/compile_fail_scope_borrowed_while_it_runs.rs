//! What a task writes to is not to be read before the scope has ended.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    let mut total = 0;
    executor.scope(|scope| {
        let _ = scope.submit(|| total += 1);
        println!("{total}"); //~ E0502
    });
}
