//! `result` moves the value out, and the future with it.

use concurrent_futures_core::promise;

fn main() {
    let (_promise, future) = promise::<String>();
    let _first = future.result();
    let _second = future.result(); //~ E0382
}
