//! A value may be read after the caller has returned.

use concurrent_futures_core::{Executor, InlineBackend};

fn main() {
    let executor = Executor::new(InlineBackend);
    let text = String::from("on this stack");
    let borrowed: &str = &text; //~ E0597
    let _ = executor.submit(move || borrowed);
}
