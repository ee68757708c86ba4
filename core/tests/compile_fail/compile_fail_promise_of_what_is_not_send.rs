//! A promise goes to another thread only if its value may.

use concurrent_futures_core::promise;
use std::rc::Rc;

fn main() {
    let (promise, _future) = promise::<Rc<u8>>();
    std::thread::spawn(move || drop(promise)); //~ E0277
}
