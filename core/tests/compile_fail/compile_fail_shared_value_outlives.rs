//! What a shared future lends goes with it.

use concurrent_futures_core::promise;

fn main() {
    let (_promise, future) = promise::<String>();
    let shared = future.shared();
    let value = shared.result().unwrap();
    drop(shared); //~ E0505
    println!("{value}");
}
