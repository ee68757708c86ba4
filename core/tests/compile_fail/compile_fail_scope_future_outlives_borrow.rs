//! A future may leave its scope, but not outlive what its value borrows.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    let future = {
        let text = String::from("short");
        executor.scope(|scope| scope.submit(|| text.as_str()).unwrap()) //~ E0597
    };
    println!("{:?}", future.result());
}
