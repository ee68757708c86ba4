//! `then` calls its function, with the value, in the thread that completes or cancels.

use concurrent_futures_core::promise;
use std::rc::Rc;

fn main() {
    let (_promise, future) = promise::<Rc<u8>>();
    let _ = future.then(|_| ()); //~ E0277
}
