//! A shared future only lends its value.

use concurrent_futures_core::promise;

fn main() {
    let (_promise, future) = promise::<String>();
    let shared = future.shared();
    let _value: String = *shared.result().unwrap(); //~ E0507
}
