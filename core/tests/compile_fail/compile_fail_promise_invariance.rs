//! A promise is invariant: otherwise a short-lived reference becomes a `&'static` and outlives what
//! it refers to.

use concurrent_futures_core::{Future, Promise, promise};

fn shorter<'a>(promise: Promise<&'static str>, _until: &'a str) -> Promise<&'a str> {
    promise //~ none
}

fn main() {
    let (promise, future): (Promise<&'static str>, Future<&'static str>) = promise();
    {
        let text = String::from("freed before it is read");
        let _ = shorter(promise, &text).complete(&text);
    }
    println!("{}", future.result().unwrap());
}
