//! What the workers do.
#![expect(unsafe_code, reason = "the linker's list is made by linkme, which vouches for it")]

use std::thread;

use crate::calls::LargeBytes;
use crate::task;

crate::worker_test!();

#[task]
pub(super) fn double(n: u64) -> u64 {
    n * 2
}

/// Through the socket, not beside it.
#[task]
pub(super) fn length(text: String) -> u64 {
    text.len() as u64
}

/// The same bytes, longer by one.
#[task]
pub(super) fn longer(bytes: LargeBytes) -> LargeBytes {
    let mut bytes = bytes.into_vec();
    bytes.push(1);
    bytes.into()
}

/// So many bytes, of nothing.
#[task]
pub(super) fn zeros(count: u64) -> LargeBytes {
    vec![0; count as usize].into()
}

#[task]
pub(super) fn die() {
    std::process::abort()
}

#[task]
pub(super) fn never_end() {
    loop {
        thread::park();
    }
}
