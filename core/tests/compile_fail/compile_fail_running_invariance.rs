//! A promise that has started is as invariant.

use concurrent_futures_core::Running;

fn shorter<'a>(running: Running<&'static str>, _until: &'a str) -> Running<&'a str> {
    running //~ none
}

fn main() {
    let _ = shorter;
}
