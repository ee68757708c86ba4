//! A promise is fulfilled once.

use concurrent_futures_core::promise;

fn main() {
    let (promise, _future) = promise();
    let _ = promise.complete(1);
    let _ = promise.complete(2); //~ E0382
}
