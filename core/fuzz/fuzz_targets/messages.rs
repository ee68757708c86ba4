//! Messages and batches, and their bytes once more.
#![no_main]

#[path = "../../tests/calls/targets.rs"]
#[expect(dead_code, reason = "the other targets have programs of their own")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::messages(data));
