//! Starts the board in QEMU, with its serial line on standard input and output, and calls its functions.
#![forbid(unsafe_code)]

use std::error::Error;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use concurrent_futures::{CallOptions, LinkExecutor, TaskErrorKind, as_completed};
use uart_tasks::{NoSuchChannel, TASKS, count_primes, crash, crc, filter, limits, measure};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let firmware = env::args().nth(1).ok_or("which firmware? `cargo run` in the folder above knows")?;
    let mut qemu = Qemu::start(&firmware)?;
    let (reader, writer) = qemu.serial_line()?;
    let board = LinkExecutor::builder().tasks(TASKS).limits(limits()).build(reader, writer)?;
    println!("filter: {:?}", board.submit(filter, vec![1, 2, 90, 4, 5])?.result()?);
    drop(board);
    qemu.end()
}

struct Qemu(Child);

impl Qemu {
    fn start(firmware: &str) -> Result<Self, Box<dyn Error>> {
        let child = Command::new("qemu-system-arm")
            .args(["-machine", "lm3s6965evb", "-display", "none", "-monitor", "none", "-serial", "stdio"])
            .args(["-semihosting-config", "enable=on,target=native", "-kernel", firmware])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("qemu-system-arm cannot be started: {error}"))?;
        Ok(Self(child))
    }

    fn serial_line(&mut self) -> Result<(std::process::ChildStdout, std::process::ChildStdin), Box<dyn Error>> {
        let reader = self.0.stdout.take().ok_or("taken before")?;
        let writer = self.0.stdin.take().ok_or("taken before")?;
        Ok((reader, writer))
    }

    fn end(mut self) -> Outcome {
        let status = self.0.wait()?;
        println!("{status}");
        Ok(())
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
