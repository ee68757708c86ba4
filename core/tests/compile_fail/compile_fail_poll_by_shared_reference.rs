//! The one inline waiter belongs to whoever has the future to itself.

use concurrent_futures_core::promise;

fn main() {
    let (_promise, future) = promise::<u8>();
    let borrowed = &future;
    let _ = borrowed.try_result(); //~ E0596
}
