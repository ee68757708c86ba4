//! `then` runs when it will, perhaps after the scope.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    let text = String::from("borrowed");
    executor.scope(|scope| {
        let future = scope.submit(|| text.as_str()).unwrap(); //~ E0597
        let _ = future.then(|text| text.map(str::len));
    });
}
