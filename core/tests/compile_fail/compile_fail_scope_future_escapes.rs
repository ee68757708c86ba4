//! A future whose value borrows the scope cannot leave it.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    let future = executor.scope(|scope| scope.submit(move || scope).unwrap()); //~ none
    drop(future);
}
