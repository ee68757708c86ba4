//! A future is covariant, not bivariant.

use concurrent_futures_core::Future;

fn longer<'a>(future: Future<&'a str>, _from: &'a str) -> Future<&'static str> {
    future //~ none
}

fn main() {
    let _ = longer;
}
