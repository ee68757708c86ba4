//! A callback is called in the thread that completes.

use concurrent_futures_core::promise;
use std::rc::Rc;

fn main() {
    let (_promise, future) = promise::<u8>();
    let shared = Rc::new(1);
    future.add_done_callback(move |_| drop(shared)); //~ E0277
}
