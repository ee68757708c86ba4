//! What the workers are asked to do.

use concurrent_futures::calls::LargeBytes;
use concurrent_futures::task;

/// An empty call, with eight bytes.
#[task]
pub(crate) fn same(number: u64) -> u64 {
    number
}

/// An item of a map.
#[task]
pub(crate) fn successor(item: u64) -> u64 {
    item + 1
}

/// A chunk of a map, by hand.
pub(crate) fn successors(items: Vec<u64>) -> Vec<u64> {
    items.into_iter().map(|item| item + 1).collect()
}

/// A large payload, there and back.
pub(crate) fn echo(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

/// As [`echo`], in the type for large payloads.
#[task]
pub(crate) fn echo_large(bytes: LargeBytes) -> LargeBytes {
    bytes
}

/// Trial division by odd numbers.
#[task]
pub(crate) fn is_prime(number: u64) -> bool {
    if number < 4 || number.is_multiple_of(2) {
        return matches!(number, 2 | 3);
    }
    let mut divisors = (3..).step_by(2).take_while(|divisor| divisor * divisor <= number);
    divisors.all(|divisor| !number.is_multiple_of(divisor))
}

/// The last is none, but has no small divisor either.
pub(crate) const NUMBERS: [u64; 6] = [
    112272535095293,
    112582705942171,
    112272535095293,
    115280095190773,
    115797848077099,
    1099726899285419,
];

/// Which of [`NUMBERS`] are.
pub(crate) const ARE_PRIME: [bool; 6] = [true, true, true, true, true, false];
