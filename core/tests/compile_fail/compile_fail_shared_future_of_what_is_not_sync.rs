//! Clones of a shared future lend the same value to several threads.

use concurrent_futures_core::promise;
use std::cell::Cell;

fn main() {
    let (_promise, future) = promise::<Cell<u8>>();
    let shared = future.shared();
    std::thread::spawn(move || drop(shared)); //~ E0277
}
