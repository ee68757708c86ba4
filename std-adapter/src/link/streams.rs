//! The two ends of a link that a program holds: reading and writing, each in a thread of its own.
#![forbid(unsafe_code)]

use std::io::{self, ErrorKind, Read, Write};
use std::thread;
use std::time::{Duration, Instant};

use super::desk::LinkDesk;
use crate::contain::contain;

/// So many bytes are read at once, at most.
const READ: usize = 16 * 1024;

/// How long a writer may take nothing when the link has ended: then the last words are dropped.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

/// How long to wait before a stream that does not block is tried again. One with a timeout of its own has waited already.
const TRY_AGAIN: Duration = Duration::from_millis(1);

/// Reads until the link has ended, or there is nothing more to read.
pub(super) fn read_all(desk: &LinkDesk, mut reader: impl Read) {
    let ended = contain(|| read_until_ended(desk, &mut reader));
    if ended.is_none() {
        desk.with(|link, now| link.failed(now, "its reader panicked"));
    }
    contain(|| drop(reader));
}

fn read_until_ended(desk: &LinkDesk, reader: &mut impl Read) {
    let mut buffer = vec![0; READ];
    loop {
        let read = reader.read(&mut buffer).map(|count| buffer.get(..count));
        let has_ended = desk.with(|link, now| {
            match read {
                Ok(Some([])) => link.hung_up(now),
                Ok(Some(bytes)) => link.receive(now, bytes),
                Ok(None) => {
                    link.failed(now, "its reader says that it read more than there is room for")
                }
                Err(ref error) if is_nothing(error) => {}
                Err(ref error) => link.failed(now, &format!("it cannot be read from: {error}")),
            }
            link.is_ended()
        });
        if has_ended {
            return;
        }
        if let Err(error) = read {
            wait_for(&error);
        }
    }
}

/// Writes what there is to write until the link has ended.
pub(super) fn write_all(desk: &LinkDesk, mut writer: impl Write) {
    let written = contain(|| {
        while let Some(bytes) = desk.wait_for_output() {
            write_one(desk, &mut writer, &bytes)?;
        }
        Ok(())
    });
    let how = match written {
        Some(Ok(())) => None,
        Some(Err(error)) => Some(io::Error::to_string(&error)),
        None => Some(String::from("its writer panicked")),
    };
    if let Some(how) = how {
        desk.with(|link, now| link.failed(now, &format!("it cannot be written to: {how}")));
    }
    contain(|| drop(writer)); // the worker sees an end, where nobody else has that side of the link
    desk.writing_ends();
}

/// Not `Write::write_all`, which forgets how far it came when a writer with a timeout takes nothing for a while.
///
/// # Errors
/// The writer's own.
fn write_one(desk: &LinkDesk, writer: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    let mut farewell: Option<Instant> = None;
    while !bytes.is_empty() {
        match writer.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if is_nothing(&error) => {
                if desk.lock().link.is_ended()
                    && farewell.get_or_insert_with(Instant::now).elapsed() > FAREWELL
                {
                    return Ok(());
                }
                wait_for(&error);
            }
            Err(error) => return Err(error),
        }
    }
    writer.flush()
}

/// Nothing has happened: a signal came, or the stream has a timeout, or does not block.
fn is_nothing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

fn wait_for(error: &io::Error) {
    if error.kind() == ErrorKind::WouldBlock {
        thread::sleep(TRY_AGAIN);
    }
}
