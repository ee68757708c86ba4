//! The pool against its peers: `cargo bench -p concurrent-futures --bench peers -- --help`.

#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a program; nobody else calls its functions"
)]

mod case;
mod contestant;
#[path = "../harness/mod.rs"]
mod harness;
mod memory;
mod mixing;
mod pools;
mod system;
mod work;

use std::process::ExitCode;

use harness::Program;

const PROGRAM: Program = Program {
    name: "peers",
    purpose: "Measures the thread pool of this package and others, and prints tables.",
    files: "benchmarks",
    markers: "",
    crates: &[
        "crossbeam-channel",
        "oneshot",
        "rayon",
        "tokio",
        "futures",
        "blocking",
        "threadpool",
    ],
    left_out: |_| None,
    workers_variables: &[pools::WORKERS_VARIABLE],
    script: include_str!("python.py"),
};

fn main() -> ExitCode {
    harness::main()
}
