//! An erased future says nothing of what its value borrows, so it may borrow nothing.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    let text = String::from("borrowed");
    executor.scope(|scope| {
        let future = scope.submit(|| text.as_str()).unwrap(); //~ E0597
        let _ = future.erase();
    });
}
