//! Large payloads: bytes that another process sends back.

use std::time::Duration;

use super::{WORKERS_ANSWER, WORKERS_START, median};
use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::harness::timing::timed;
use crate::limits::{Bytes, Memory};
use crate::pools;

pub(crate) fn run(
    contestant: Contestant,
    workers: usize,
    bytes: usize,
    count: u64,
) -> Option<Figures> {
    let bytes: Vec<u8> = (0..bytes as u64).map(|place| ((place * place) >> 7) as u8).collect();
    let limit = |memory| {
        let mut other = Bytes::start(memory).expect(WORKERS_START);
        // Its buffers stay where they are, and so does its memory file.
        measure(count, || {
            let (answer, time) = timed(|| other.echo(&bytes).expect(WORKERS_ANSWER));
            assert!(answer == bytes, "the bytes have come back");
            time
        })
    };
    match contestant {
        Contestant::Socketpair => Some(limit(Memory::None)),
        Contestant::Memfd => Some(limit(Memory::Shared)),
        Contestant::Memcpy => {
            let mut copy = vec![0; bytes.len()];
            Some(measure(count, || timed(|| copy.copy_from_slice(&bytes)).1))
        }
        _ => {
            let pool = pools::start(contestant, workers)?;
            Some(measure(count, || {
                let argument = bytes.clone();
                let (answer, time) = timed(|| pool.echo(argument));
                assert!(answer == bytes, "the bytes have come back");
                time
            }))
        }
    }
}

/// One more warms up.
fn measure(count: u64, mut echo: impl FnMut() -> Duration) -> Figures {
    echo();
    vec![("time", median((0..count).map(|_| echo()).collect()))]
}
