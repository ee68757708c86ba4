//! [`Qemu`]: the board.
#![forbid(unsafe_code)]

use std::error::Error;
use std::ffi::OsStr;
use std::io;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long the firmware may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// A board in QEMU, switched off when dropped.
pub(crate) struct Qemu(Child);

impl Qemu {
    /// Switches it on, with its serial line on QEMU's standard input and output. Of a real board this would be a serial
    /// port, for instance of the crate `serialport`, whose clone is the writer.
    pub(crate) fn start(
        firmware: &OsStr,
    ) -> Result<(Self, ChildStdout, ChildStdin), Box<dyn Error>> {
        let mut child = Command::new("qemu-system-arm")
            .args(["-machine", "lm3s6965evb", "-display", "none", "-monitor", "none"])
            .args(["-semihosting-config", "enable=on,target=native"])
            .args(["-serial", "stdio", "-kernel"])
            .arg(firmware)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("qemu-system-arm cannot be started: {error}"))?;
        let (reader, writer) = (child.stdout.take(), child.stdin.take());
        let qemu = Self(child);
        let (reader, writer) = reader.zip(writer).ok_or("QEMU has no standard input or output")?;
        Ok((qemu, reader, writer))
    }

    /// Waits until the firmware has ended by itself.
    pub(crate) fn wait(mut self) -> io::Result<ExitStatus> {
        let began = Instant::now();
        loop {
            match self.0.try_wait()? {
                Some(status) => return Ok(status),
                None if began.elapsed() > PATIENCE => return Err(io::ErrorKind::TimedOut.into()),
                None => thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        // It has ended, or is to; there is nobody to tell that it has not.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
