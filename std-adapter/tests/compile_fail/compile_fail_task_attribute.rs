//! What stands in the parentheses.

use concurrent_futures::task;

#[task(nam = "other")] //~ a task takes `name = ".."` and `unlisted`
fn misspelt() {}

#[task(name = "")] //~ the name of a task has 1 to 256 bytes, and this one has 0
fn nameless() {}

#[task(name = 7)] //~ expected string literal
fn numbered() {}

#[task(unlisted, unlisted)] //~ `unlisted` is said twice
fn twice() {}

#[task(name = "a" name = "b")] //~ expected `,`
fn without_comma() {}

fn main() {}
