//! Calls to other processes: `cargo bench -p concurrent-futures --bench processes -- --help`.
//!
//! The pools that are measured start this program again as their workers, and so do the limits beside
//! them.

#![forbid(unsafe_code)]
#![expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a program; nobody else calls its functions"
)]

#[cfg(target_os = "linux")]
mod case;
#[cfg(target_os = "linux")]
mod contestant;
#[cfg(target_os = "linux")]
#[path = "../harness/mod.rs"]
mod harness;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod placement;
#[cfg(target_os = "linux")]
mod pools;
#[cfg(target_os = "linux")]
mod tasks;
#[cfg(target_os = "linux")]
mod work;

#[cfg(target_os = "linux")]
const PROGRAM: harness::Program = harness::Program {
    name: "processes",
    purpose: "Measures calls to other processes, and prints tables.",
    files: "benchmarks-processes",
    markers: "processes: ",
    crates: &["procspawn", "ipc-channel"],
    left_out: case::left_out,
    workers_variables: &[],
    script: include_str!("python.py"),
};

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    // Neither returns where this program has been started as a worker.
    concurrent_futures::init();
    procspawn::init();
    match limits::asked_for() {
        Some(worker) => limits::serve(worker),
        None => harness::main(),
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("nothing is measured here: pools of processes are measured on Linux only");
}
