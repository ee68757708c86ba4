//! Nor may a reference to one.

use concurrent_futures_core::{SharedFuture, promise};
use std::cell::Cell;

fn sync<T: Sync>(_: &T) {}

fn main() {
    let (_promise, future) = promise::<Cell<u8>>();
    let shared: SharedFuture<Cell<u8>> = future.shared();
    sync(&shared); //~ E0277
}
