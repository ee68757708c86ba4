//! Two tasks cannot write to the same.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    let mut total = 0;
    executor.scope(|scope| {
        let _ = scope.submit(|| total += 1);
        let _ = scope.submit(|| total += 1); //~ E0499
    });
}
