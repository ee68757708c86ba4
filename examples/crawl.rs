//! Fetches pages through a pool of five threads and shows each as soon as it is there.
//!
//! Waiting for the network is what such a pool is for, more threads than processors included. Each
//! future is paired with its URL, and the pairs come back in the order in which they are done.
//!
//! Without arguments it asks a server of its own on this machine, an address where nobody listens,
//! and a host that does not exist. Pages go to standard output, the progress bar to the terminal.
//!
//! ```sh
//! cargo run --release --example crawl
//! cargo run --release --example crawl -- https://www.rust-lang.org https://crates.io
//! ```

mod loopback;

use std::error::Error;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use concurrent_futures::{ThreadPoolExecutor, as_completed};
use indicatif::{ProgressBar, ProgressStyle};
use ureq::Agent;
use ureq::http::Uri;

const WORKERS: usize = 5;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("crawl: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let arguments = std::env::args_os().skip(1);
    let given = arguments.map(checked).collect::<Result<Vec<_>, _>>()?;
    let timeouts = Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(5)))
        .timeout_global(Some(Duration::from_secs(20)));
    if given.is_empty() {
        // A proxy that the environment names cannot reach this machine's own addresses.
        crawl(&timeouts.proxy(None).build().into(), samples()?)?;
        return Ok(());
    }
    match crawl(&timeouts.build().into(), given)? {
        0 => Ok(()),
        failed => Err(format!("{failed} of these pages could not be had").into()),
    }
}

/// Fetches all of them and says how many could not be had.
fn crawl(agent: &Agent, urls: Vec<String>) -> Result<usize, Box<dyn Error>> {
    println!("{} pages, {WORKERS} at a time", urls.len());
    let bar = ProgressBar::new(urls.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?);

    let pool = ThreadPoolExecutor::new(WORKERS)?;
    let mut pages = Vec::new();
    for url in urls {
        let (agent, target) = (agent.clone(), url.clone());
        pages.push((url, pool.submit_fallible(move || fetch(&agent, &target))?));
    }

    let (mut bytes, mut failed) = (0, 0);
    for (url, future) in as_completed(pages) {
        let line = match future.result() {
            Ok(page) => {
                bytes += page.len();
                format!("{:>9} bytes  {url}", page.len())
            }
            Err(error) => {
                failed += 1;
                format!("{:>15}  {url}: {error}", "-")
            }
        };
        // The bar steps aside meanwhile. Where there is no terminal there is no bar either.
        bar.suspend(|| println!("{line}"));
        bar.set_message(format!("{bytes} bytes"));
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!("{bytes} bytes in all, {failed} errors");
    Ok(failed)
}

/// Any status but success is an error.
fn fetch(agent: &Agent, url: &str) -> Result<Vec<u8>, ureq::Error> {
    agent.get(url).call()?.into_body().read_to_vec()
}

fn checked(argument: OsString) -> Result<String, String> {
    let url = argument.into_string().map_err(|argument| format!("{argument:?} is no URL"))?;
    let parsed: Uri = url.parse().map_err(|error| format!("{url:?} is no URL: {error}"))?;
    match parsed.scheme_str() {
        Some("http" | "https") => Ok(url),
        _ => Err(format!("{url:?} is no URL of a page: it should begin with http:// or https://")),
    }
}

/// Pages of many sizes, some slow, and all the ways in which there can be none.
fn samples() -> io::Result<Vec<String>> {
    let server = loopback::serve()?;
    let paths = [
        "page/120",
        "page/4",
        "slow/36",
        "page/0",
        "forbidden",
        "page/700",
        "slow/8",
        "missing",
        "page/64",
        "slow/250",
        "page/16",
        "page/1",
    ];
    let mut urls: Vec<_> = paths.iter().map(|path| format!("http://{server}/{path}")).collect();
    urls.push(format!("http://{}/", nobody_listens()?));
    urls.push("http://no-such-host.invalid/".into()); // that ending is reserved for names of nobody
    Ok(urls)
}

/// An address that was free a moment ago.
fn nobody_listens() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
