//! Work that fails now and then, and is attempted again.
//!
//! A service on this machine drops the first connections and then answers. A policy says how often to
//! ask, how long after a failure (with jitter, so that clients that failed together do not come back
//! together), and after which errors. Between two attempts no thread waits: one timer serves all of
//! them, and the future can be cancelled.
//!
//! ```sh
//! cargo run --release --example retries                       # a service of its own
//! cargo run --release --example retries -- example.org:80     # connects to yours
//! ```

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use concurrent_futures::{History, RetryPolicy, TaskError, ThreadPoolExecutor};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("retries: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let pool = ThreadPoolExecutor::new(2)?;
    if let Some(address) = std::env::args().nth(1) {
        return connect_to(&pool, &address);
    }
    let service = flaky_service(3)?;
    let nobody = TcpListener::bind("127.0.0.1:0")?.local_addr()?; // closed again at once
    it_answers_at_last(&pool, service)?;
    it_gives_up(&pool, nobody)?;
    it_is_cancelled_between_attempts(&pool, nobody)
}

/// Five attempts: after about 20, 40, 80 and 160 ms.
fn it_answers_at_last(pool: &ThreadPoolExecutor, at: SocketAddr) -> Result<(), Box<dyn Error>> {
    let policy = RetryPolicy::attempts(5)?
        .exponential(Duration::from_millis(20), Duration::from_secs(1))
        .when(is_worth_another_attempt);
    let (future, history) = pool.submit_retry(&policy, move || ask(at))?;
    let answer = future.result()?;
    println!("flaky: attempt {} was answered: {answer}", history.failed() + 1);
    print_history(&history);
    Ok(())
}

/// The future's error is the last one; the history has them all.
fn it_gives_up(pool: &ThreadPoolExecutor, at: SocketAddr) -> Result<(), Box<dyn Error>> {
    let policy = RetryPolicy::attempts(3)?.fixed(Duration::from_millis(10));
    let (future, history) = pool.submit_retry(&policy, move || ask(at))?;
    match future.result() {
        Ok(answer) => println!("nobody: answered after all: {answer}"),
        Err(error) => println!("nobody: gave up after {} attempts: {error}", history.failed()),
    }
    print_history(&history);
    Ok(())
}

/// The next attempt would be in an hour.
fn it_is_cancelled_between_attempts(
    pool: &ThreadPoolExecutor,
    at: SocketAddr,
) -> Result<(), Box<dyn Error>> {
    let policy = RetryPolicy::attempts(3)?.fixed(Duration::from_secs(3600));
    let (future, history) = pool.submit_retry(&policy, move || ask(at))?;
    // `cancel` is refused while an attempt runs, and so for a moment after it has failed.
    while history.failed() == 0 || !future.cancel() {
        thread::sleep(Duration::from_millis(1));
    }
    println!("cancelled: {} after {} attempt", future.cancelled(), history.failed());
    Ok(())
}

fn connect_to(pool: &ThreadPoolExecutor, address: &str) -> Result<(), Box<dyn Error>> {
    let at = address.to_socket_addrs()?.next().ok_or("no such host")?;
    let policy = RetryPolicy::attempts(5)?.when(is_worth_another_attempt);
    let patience = Duration::from_secs(2);
    let connect = move || TcpStream::connect_timeout(&at, patience).map(drop);
    let (future, history) = pool.submit_retry(&policy, connect)?;
    let outcome = future.result();
    print_history(&history);
    outcome?;
    println!("{at}: connected at attempt {}", history.failed() + 1);
    Ok(())
}

/// Errors that time may mend. A service that answers nonsense will do so again.
fn is_worth_another_attempt(error: &TaskError) -> bool {
    let Some(error) = error.downcast_ref::<io::Error>() else { return false };
    error.kind() != io::ErrorKind::InvalidData
}

fn ask(at: SocketAddr) -> io::Result<String> {
    let mut connection = TcpStream::connect_timeout(&at, Duration::from_secs(2))?;
    connection.set_read_timeout(Some(Duration::from_secs(2)))?;
    connection.write_all(b"how are you?\n")?;
    let mut answer = String::new();
    if BufReader::new(connection).read_line(&mut answer)? == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "hung up without an answer"));
    }
    Ok(answer.trim_end().to_owned())
}

/// Hangs up on the first so many, then answers.
fn flaky_service(failures: usize) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let at = listener.local_addr()?;
    thread::spawn(move || {
        for (number, connection) in listener.incoming().enumerate() {
            let Ok(mut connection) = connection else { continue };
            let mut question = String::new();
            // Read to the end of the line: to hang up on unread bytes is a reset.
            let _ = BufReader::new(&connection).read_line(&mut question);
            if number >= failures {
                let _ = connection.write_all(b"much better, thank you\n");
            }
        }
    });
    Ok(at)
}

fn print_history(history: &History) {
    for (number, error) in history.errors().iter().enumerate() {
        println!("  attempt {}: {error}", number + 1);
    }
}
