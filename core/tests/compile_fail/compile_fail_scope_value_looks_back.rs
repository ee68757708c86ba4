//! Nor may it be dropped later, where the value's drop looks at what it borrows.

use concurrent_futures_core::{Executor, Future, InlineBackend};

struct LooksBack<'a>(&'a str);

impl Drop for LooksBack<'_> {
    fn drop(&mut self) {
        println!("{}", self.0);
    }
}

fn main() {
    let executor = Executor::new(InlineBackend);
    let mut kept: Option<Future<LooksBack<'_>>> = None;
    let text = String::from("dropped first");
    executor.scope(|scope| kept = scope.submit(|| LooksBack(&text)).ok()); //~ E0597
}
