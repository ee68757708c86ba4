//! A function without the attribute is not registered.

use concurrent_futures::tasks;

fn plain() {}

fn main() {
    plain();
    let _ = tasks![plain]; //~ [E0573]: expected type, found function `plain`
}
