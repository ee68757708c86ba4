//! Methods and functions of types.

use concurrent_futures::task;

struct Counter(u8);

impl Counter {
    #[task]
    fn method(&self) -> u8 { //~ a task has no `self`
        self.0
    }
}

fn main() {
    Counter(1).method();
}
