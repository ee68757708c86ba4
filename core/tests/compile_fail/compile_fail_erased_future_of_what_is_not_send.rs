//! An erased future goes everywhere, so its value must.

use concurrent_futures_core::promise;
use std::rc::Rc;

fn main() {
    let (_promise, future) = promise::<Rc<u8>>();
    let _ = future.erase(); //~ E0599
}
