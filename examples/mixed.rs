//! Threads wait, processes compute, and one loop takes the results of both as they come.
//!
//! Pages are fetched in threads, since that is waiting. What is counted in them and in files is counted in
//! processes, since that computes, and since what reads other people's files had better not take the
//! program down. A task in a thread may wait for a call in a process: that is what it is there for. All
//! futures are of one type, and go into one `as_completed`.
//!
//! ```sh
//! cargo run --release --example mixed
//! cargo run --release --example mixed -- https://www.rust-lang.org README.md /usr/share/common-licenses/*
//! ```

mod loopback;

use std::collections::HashMap;
use std::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{self, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use concurrent_futures::calls::LargeBytes;
use concurrent_futures::{Future, ProcessPoolExecutor, ThreadPoolExecutor, as_completed, task};
use serde::{Deserialize, Serialize};
use ureq::Agent;

/// What is known of a text. It comes from another process, so it can be written and read.
#[derive(Debug, Serialize, Deserialize)]
struct Digest {
    bytes: usize,
    words: usize,
    different: usize,
    most: String,
    /// Which process counted.
    pid: u32,
}

#[derive(Clone)]
enum Source {
    Page(String),
    File(PathBuf),
}

fn main() -> ExitCode {
    concurrent_futures::init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mixed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let given: Vec<_> = std::env::args_os().skip(1).map(source).collect();
    let config = Agent::config_builder().timeout_global(Some(Duration::from_secs(20)));
    let own = given.is_empty();
    let (agent, sources): (Agent, _) = match own {
        // A proxy that the environment names cannot reach this machine's own addresses.
        true => (config.proxy(None).build().into(), samples()?),
        false => (config.build().into(), given),
    };
    let threads = ThreadPoolExecutor::new(8)?;
    let workers = thread::available_parallelism()?.get();
    let processes = Arc::new(ProcessPoolExecutor::new(workers)?);

    let start = Instant::now();
    let mut futures: Vec<(Source, Future<Digest>)> = Vec::new();
    for source in sources {
        let future = match source.clone() {
            Source::File(path) => processes.submit_fallible(digest_of_file, path)?,
            Source::Page(url) => {
                let (agent, processes) = (agent.clone(), processes.clone());
                threads.submit_fallible(move || page_digest(&agent, &url, &processes))?
            }
        };
        futures.push((source, future));
    }

    let (mut pages, mut files, mut words, mut failed) = (0, 0, 0, 0);
    for (source, future) in as_completed(futures) {
        let (name, count) = match source {
            Source::Page(url) => (url, &mut pages),
            Source::File(path) => (path.display().to_string(), &mut files),
        };
        let after = start.elapsed().as_millis();
        match future.result() {
            Ok(Digest { bytes, words: found, different, most, pid }) => {
                *count += 1;
                words += found;
                println!(
                    "{after:>5} ms  {name}: {bytes} bytes, {found} words, {different} different, \
                     most often {most:?}, counted by process {pid}"
                );
            }
            Err(error) => {
                failed += 1;
                println!("{after:>5} ms  {name}: {error}");
            }
        }
    }
    println!("{pages} pages and {files} files, {words} words in all, {failed} errors");
    match failed {
        failed if failed > 0 && !own => Err(format!("{failed} of these could not be had").into()),
        _ => Ok(()),
    }
}

/// In a thread: waits for the network, then for a process.
fn page_digest(
    agent: &Agent,
    url: &str,
    processes: &ProcessPoolExecutor,
) -> Result<Digest, Box<dyn Error + Send + Sync>> {
    let page = agent.get(url).call()?.into_body().read_to_vec()?;
    // Not written and read byte by byte, but sent as they are, beside the call.
    Ok(processes.submit(digest, LargeBytes::from(page))?.result()?)
}

/// In a process: only the file's name is sent there.
#[task]
fn digest_of_file(path: PathBuf) -> Result<Digest, String> {
    fs::read(path).map(|bytes| digest(bytes.into())).map_err(|error| error.to_string())
}

/// Counts words, whatever the bytes are.
#[task]
fn digest(bytes: LargeBytes) -> Digest {
    let text = String::from_utf8_lossy(&bytes);
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in text.split(|letter: char| !letter.is_alphanumeric()) {
        if !word.is_empty() {
            *counts.entry(word).or_default() += 1;
        }
    }
    // Of words that are there equally often, always the same.
    let most = counts.iter().max_by_key(|(word, count)| (**count, **word));
    Digest {
        bytes: bytes.len(),
        words: counts.values().sum(),
        different: counts.len(),
        most: most.map(|(word, _)| word.to_string()).unwrap_or_default(),
        pid: process::id(),
    }
}

fn source(argument: OsString) -> Source {
    match argument.to_str() {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
            Source::Page(url.to_owned())
        }
        _ => Source::File(argument.into()),
    }
}

/// Pages of a server on this machine, and what can be read about this repository.
fn samples() -> io::Result<Vec<Source>> {
    let server = loopback::serve()?;
    let paths = ["page/700", "slow/36", "missing", "page/4", "slow/250", "forbidden"];
    let pages = paths.iter().map(|path| Source::Page(format!("http://{server}/{path}")));
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let names = ["README.md", "core/README.md", "no/such/file", "Cargo.lock"];
    let files = names.iter().map(|name| Source::File(root.join(name)));
    Ok(pages.chain(files).collect())
}
