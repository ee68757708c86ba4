//! Readers and writers of all sorts, those of bad manners too.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use concurrent_futures::calls::{Registry, ServeSettings, serve};
use concurrent_futures::{TaskError, TaskErrorKind};

use crate::hostile::{hello, ready};
use crate::support::{builder, error_of, length, pipes, tasks, within};

/// Serves the functions over a socket, in a thread.
fn socket() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let stream =
        TcpStream::connect(listener.local_addr().expect("it has one")).expect("it listens");
    let (peer, _) = listener.accept().expect("it is there");
    thread::spawn(move || {
        let registry = Registry::new(tasks()).expect("different names");
        serve(&registry, &peer, &peer, &ServeSettings::new())
    });
    stream
}

#[test]
fn a_socket_is_a_link() {
    within(|| {
        let stream = socket();
        let reader = stream.try_clone().expect("a second handle");
        let link = builder().build(reader, stream).expect("threads");
        assert_eq!(
            link.submit(length, vec![1; 500_000]).expect("accepted").result().expect("a value"),
            500_000
        );
    });
}

#[test]
fn a_socket_that_waits_for_a_time_only_is_asked_again() {
    within(|| {
        let stream = socket();
        stream.set_read_timeout(Some(Duration::from_millis(1))).expect("more than zero");
        stream.set_write_timeout(Some(Duration::from_millis(1))).expect("more than zero");
        let reader = stream.try_clone().expect("a second handle");
        let link = builder().build(reader, stream).expect("threads");
        thread::sleep(Duration::from_millis(5)); // so that there were times when nothing came
        assert_eq!(
            link.submit(length, vec![1; 500_000]).expect("accepted").result().expect("a value"),
            500_000
        );
    });
}

/// Reads what it is given, then fails in its own way.
struct Reading<F> {
    bytes: io::Cursor<Vec<u8>>,
    then: F,
}

impl<F: FnMut(&mut [u8]) -> io::Result<usize>> Read for Reading<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(buffer)? {
            0 => (self.then)(buffer),
            count => Ok(count),
        }
    }
}

/// Writes in its own way.
struct Writing<F>(F);

impl<F: FnMut(&[u8]) -> io::Result<usize>> Write for Writing<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The error of a call over a link whose reader does that when the worker is ready.
fn reading_ends(then: impl FnMut(&mut [u8]) -> io::Result<usize> + Send + 'static) -> TaskError {
    let bytes = io::Cursor::new([hello(), ready()].concat());
    let link = builder().build(Reading { bytes, then }, io::sink()).expect("threads");
    error_of(&link)
}

/// The error of a call over a link whose writer does that.
fn writing_ends(write: impl FnMut(&[u8]) -> io::Result<usize> + Send + 'static) -> TaskError {
    let [(reader, _writer), (_peer_reader, mut peer_writer)] = pipes();
    peer_writer.write_all(&[hello(), ready()].concat()).expect("room");
    let link = builder().build(reader, Writing(write)).expect("threads");
    error_of(&link)
}

#[test]
fn a_reader_that_fails_says_why() {
    within(|| {
        let error = reading_ends(|_| Err(io::Error::other("no carrier")));
        assert!(error.message().contains("cannot be read from: no carrier"), "{error}");
    });
}

#[test]
fn a_reader_that_panics_is_a_link_that_is_lost() {
    within(|| {
        let error = reading_ends(|_| panic!("on purpose"));
        assert!(error.message().contains("its reader panicked"), "{error}");
    });
}

#[test]
fn a_reader_that_says_more_than_there_is_room_for_is_not_believed() {
    within(|| {
        let error = reading_ends(|buffer| Ok(buffer.len() + 1));
        assert!(error.message().contains("more than there is room for"), "{error}");
    });
}

#[test]
fn a_writer_that_fails_says_why() {
    within(|| {
        let error = writing_ends(|_| Err(io::Error::other("no carrier")));
        assert!(error.message().contains("cannot be written to: no carrier"), "{error}");
    });
}

#[test]
fn a_writer_that_takes_nothing_more_is_a_link_that_is_lost() {
    within(|| {
        let error = writing_ends(|_| Ok(0));
        assert!(error.message().contains("cannot be written to"), "{error}");
    });
}

#[test]
fn a_writer_that_panics_is_a_link_that_is_lost() {
    within(|| {
        let error = writing_ends(|_| panic!("on purpose"));
        assert!(error.message().contains("its writer panicked"), "{error}");
    });
}

#[test]
fn a_writer_that_takes_a_little_now_and_then_loses_nothing() {
    within(|| {
        let [(reader, mut writer), (worker_reader, worker_writer)] = pipes();
        thread::spawn(move || {
            let registry = Registry::new(tasks()).expect("different names");
            serve(&registry, worker_reader, worker_writer, &ServeSettings::new())
        });
        let mut turn = 0;
        let write = move |bytes: &[u8]| {
            turn += 1;
            match turn % 3 {
                0 => Err(ErrorKind::Interrupted.into()),
                1 => Err(ErrorKind::TimedOut.into()),
                _ => writer.write(&bytes[..bytes.len().min(7)]),
            }
        };
        let link = builder().build(reader, Writing(write)).expect("threads");
        assert_eq!(
            link.submit(length, vec![1; 5_000]).expect("accepted").result().expect("a value"),
            5_000
        );
    });
}

/// Says on a channel that it was dropped.
struct Dropped<T>(T, std::sync::mpsc::Sender<()>);

impl<T> Drop for Dropped<T> {
    fn drop(&mut self) {
        let _ = self.1.send(()); // nobody may listen
    }
}

impl<W: Write> Write for Dropped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<R: Read> Read for Dropped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

#[test]
fn reader_and_writer_are_dropped_in_the_end() {
    within(|| {
        let [(reader, writer), (worker_reader, worker_writer)] = pipes();
        let worker = thread::spawn(move || {
            let registry = Registry::new(tasks()).expect("different names");
            serve(&registry, worker_reader, worker_writer, &ServeSettings::new())
        });
        let [(read, reads), (written, writes)]: [(_, Receiver<()>); 2] = [channel(), channel()];
        let link =
            builder().build(Dropped(reader, read), Dropped(writer, written)).expect("threads");
        drop(link);
        worker.join().expect("it does not panic").expect("it was told to go, or saw the end");
        writes.recv().expect("the writer is dropped");
        reads.recv().expect("so is the reader, when the worker has closed its end");
    });
}

#[test]
fn an_end_at_any_moment_is_an_error_of_the_call() {
    within(|| {
        let error = reading_ends(|_| Ok(0));
        // It was sent, or it waited, or was refused: as far as it had come.
        let kinds = [TaskErrorKind::WorkerLost, TaskErrorKind::PoolBroken, TaskErrorKind::Failed];
        assert!(kinds.contains(&error.kind()), "{error}");
        assert!(error.message().contains("the stream from the worker ended"), "{error}");
    });
}
