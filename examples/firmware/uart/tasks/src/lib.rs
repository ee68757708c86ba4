//! The functions that the board serves and the computer calls. Both are built with this package, so that each knows the
//! other's names and types, and compares them before the first call.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use concurrent_futures_core::calls::{Limits, TaskEntry};
use serde::{Deserialize, Serialize};

/// All of them.
pub const TASKS: [TaskEntry; 5] = [
    TaskEntry::new("board::filter", &filter),
    TaskEntry::new("board::crc", &crc),
    TaskEntry::new("board::measure", &measure),
    TaskEntry::new("board::count_primes", &count_primes),
    TaskEntry::new("board::crash", &crash),
];

/// What the board can bear: it has 64 KiB of memory.
pub fn limits() -> Limits {
    Limits::default().payload(8 * 1024).depth(16).text(256)
}

/// Each sample, or the middle one of it and its neighbours: without outliers.
pub fn filter(samples: Vec<i32>) -> Vec<i32> {
    let mut filtered = samples.clone();
    for (middle, window) in filtered.iter_mut().skip(1).zip(samples.windows(3)) {
        if let [a, b, c] = *window {
            *middle = a.max(b).min(a.min(b).max(c));
        }
    }
    filtered
}

/// CRC-32 of bytes, as Ethernet and zip have it.
pub fn crc(bytes: Vec<u8>) -> u32 {
    let step = |crc: u32, byte: u8| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    };
    !bytes.into_iter().fold(!0, step)
}

/// What is on a channel of the converter, in millivolts.
pub fn measure(channel: u8) -> Result<i32, NoSuchChannel> {
    match channel {
        0..4 => Ok(3300 - 100 * i32::from(channel)),
        _ => Err(NoSuchChannel { channel }),
    }
}

/// How many primes are below a number. Takes its time.
pub fn count_primes(below: u32) -> u32 {
    let is_prime = |n: &u32| (2..).take_while(|d| d * d <= *n).all(|d| !n.is_multiple_of(d));
    (2..below).filter(is_prime).count() as u32
}

/// Panics, as firmware does now and then.
pub fn crash() {
    panic!("index out of bounds, somewhere in a driver");
}

/// There is no such channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoSuchChannel {
    /// What was asked for.
    pub channel: u8,
}

impl fmt::Display for NoSuchChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no channel {}: there are 0 to 3", self.channel)
    }
}

impl Error for NoSuchChannel {}
