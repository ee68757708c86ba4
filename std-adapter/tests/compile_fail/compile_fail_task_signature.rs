//! Functions of another sort than a worker can call.

use concurrent_futures::task;

#[task]
fn generic<T: Clone>(value: T) -> T { //~ a task cannot be generic
    value
}

#[task]
fn with_lifetime<'a>(value: std::borrow::Cow<'a, str>) -> usize { //~ a task cannot be generic
    value.len()
}

#[task]
async fn asynchronous() {} //~ a task cannot be `async`

#[task]
unsafe fn unsafely() {} //~ a task cannot be `unsafe`

#[task]
extern "C" fn foreign() {} //~ a task cannot be `extern`

#[task]
fn nine(
    _: u8,
    _: u8,
    _: u8,
    _: u8,
    _: u8,
    _: u8,
    _: u8,
    _: u8,
    ninth: u8, //~ a task has 8 arguments at most
) {
    drop(ninth);
}

#[task]
async fn several<T>(value: &T) {} //~ a task borrows nothing

#[task]
struct NoFunction; //~ a task is a function with a body

#[task]
static NO_FUNCTION: u8 = 1; //~ a task is a function with a body

fn main() {}
