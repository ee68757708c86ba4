//! A future goes to another thread only if its value may.

use concurrent_futures_core::promise;
use std::rc::Rc;

fn main() {
    let (_promise, future) = promise::<Rc<u8>>();
    std::thread::spawn(move || drop(future)); //~ E0277
}
