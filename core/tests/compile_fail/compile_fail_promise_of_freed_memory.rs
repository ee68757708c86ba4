//! The same without a function between: the promise keeps the lifetime of its future.

use concurrent_futures_core::{Future, Promise, promise};

fn main() {
    let (promise, future): (Promise<&'static str>, Future<&'static str>) = promise();
    {
        let text = String::from("freed before it is read");
        let _ = promise.complete(&text); //~ E0597
    }
    println!("{}", future.result().unwrap());
}
