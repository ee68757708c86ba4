//! What the others are near misses of.

use concurrent_futures_core::{Executor, Future, InlineBackend, Promise, promise};
use std::cell::Cell;

fn shorter<'a>(future: Future<&'static str>, _until: &'a str) -> Future<&'a str> {
    future
}

fn main() {
    let (promise, future): (Promise<&'static str>, Future<&'static str>) = promise();
    let _ = promise.complete("static");
    let text = String::from("short");
    assert_eq!(shorter(future, &text).result().unwrap(), "static");

    let executor = Executor::new(InlineBackend);
    let owned = text.clone();
    let future = executor.submit(move || Cell::new(owned.len())).unwrap();
    let value = std::thread::spawn(move || future.result().unwrap().get()).join().unwrap();
    assert_eq!(value, 5);

    let mut lengths = [0; 2];
    let kept = executor.scope(|scope| {
        for length in &mut lengths {
            let _ = scope.submit(|| *length = text.len());
        }
        scope.submit(|| text.as_str()).unwrap()
    });
    assert_eq!((kept.result().unwrap(), lengths), ("short", [5, 5]));
}
