//! The whole API over workers that are not ours: Rayon's pool, and Tokio's threads for blocking work.
//!
//! A backend has one duty, `schedule`: to run each task that it accepts, once, wherever it likes.
//! Futures, sets, `map`, `cancel`, counting and `shutdown` are the executor's affair, and a task may
//! wait for tasks of its own executor without starving a small pool. `may_claim` extends that to
//! whatever else runs on the workers: code of the program's own on Rayon's threads, here.
//!
//! ```sh
//! cargo run --release --example own_backend                     # the lines of these programs
//! cargo run --release --example own_backend -- /etc/*.conf      # of your files
//! ```

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};

use concurrent_futures::{
    Backend, Executor, Refused, ReturnWhen, Shutdown, Task, as_completed, wait,
};

const WORKERS: usize = 2;

/// Rayon's workers.
struct Rayon(rayon::ThreadPool);

impl Backend for Rayon {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        // Plain `spawn` would start the youngest task first, where a worker submits.
        self.0.spawn_fifo(move || task.run());
        Ok(())
    }

    fn may_claim(&self) -> bool {
        self.0.current_thread_index().is_some()
    }
}

/// Tokio's threads for blocking work. When the runtime ends, what waits there is dropped, and its
/// futures are errors.
struct Tokio(tokio::runtime::Handle);

impl Backend for Tokio {
    fn schedule(&self, task: Task) -> Result<(), Refused> {
        self.0.spawn_blocking(move || task.run());
        Ok(())
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("own_backend: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let files = files()?;

    let pool = rayon::ThreadPoolBuilder::new().num_threads(WORKERS).build()?;
    demo("Rayon", Executor::new(Rayon(pool)), &files)?;

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(WORKERS)
        .build()?;
    demo("Tokio's spawn_blocking", Executor::new(Tokio(runtime.handle().clone())), &files)
}

/// Knows nothing of who runs the tasks.
fn demo<B: Backend>(
    name: &str,
    executor: Executor<B>,
    files: &[PathBuf],
) -> Result<(), Box<dyn Error>> {
    println!("over {name}");

    let path = files.first().cloned().unwrap_or_default();
    let first = executor.submit_fallible(move || lines(&path))?;
    println!("  submit: {} lines in the first file", first.result()?);

    let mut total = 0;
    for lines in executor.map_fallible(|path: PathBuf| lines(&path), files.to_vec()) {
        total += lines?;
    }
    println!("  map: {total} lines in {} files", files.len());

    let submit = |path: &PathBuf| {
        let path = path.clone();
        executor.submit_fallible(move || lines(&path))
    };
    let futures = files.iter().map(submit).collect::<Result<Vec<_>, _>>()?;
    let waited = wait(futures, None, ReturnWhen::FirstCompleted);
    println!("  wait: {} done when it returned", waited.done.len());

    let futures = waited.done.into_iter().chain(waited.not_done);
    let named = files.iter().map(|path| path.file_name().unwrap_or(path.as_os_str())).zip(futures);
    for (name, future) in as_completed(named) {
        println!("  as completed: {} has {} lines", name.display(), future.result()?);
    }
    cancelled(&executor)?;

    // As many tasks as there are workers, each waiting for one more: none of them starves.
    let executor = Arc::new(executor);
    let outer = (0..WORKERS).map(|n| {
        let inner = executor.clone();
        executor.submit_fallible(move || -> Result<usize, Box<dyn Error + Send + Sync>> {
            Ok(inner.submit(move || n + 1)?.result()?)
        })
    });
    let outer = wait(outer.collect::<Result<Vec<_>, _>>()?, None, ReturnWhen::AllCompleted);
    println!("  nested: {} tasks have waited for one of theirs", outer.done.len());

    executor.shutdown(Shutdown::wait())?;
    match executor.submit(|| ()) {
        Ok(_) => println!("  submit after shutdown: accepted?"),
        Err(refused) => println!("  shutdown: done; submit again: {refused}"),
    }
    Ok(())
}

/// Keeps every worker busy, so that one task more is still pending and can be cancelled.
fn cancelled<B: Backend>(executor: &Executor<B>) -> Result<(), Box<dyn Error>> {
    let (started, starts) = mpsc::channel();
    let mut busy = Vec::new();
    let mut gates = Vec::new();
    for _ in 0..WORKERS {
        let (gate, wait_here) = mpsc::channel::<()>();
        let started = started.clone();
        busy.push(executor.submit(move || {
            let _ = started.send(());
            wait_here.recv().is_err()
        })?);
        gates.push(gate);
    }
    for _ in 0..WORKERS {
        starts.recv()?;
    }
    let queued = executor.submit(|| "never run")?;
    let (before, cancelled) = (queued.state(), queued.cancel());
    println!("  cancel: {before}, then {}: {cancelled}", queued.state());
    drop(gates);
    for future in busy {
        future.result()?;
    }
    Ok(())
}

fn lines(path: &Path) -> io::Result<usize> {
    let named = |error| io::Error::other(format!("{}: {error}", path.display()));
    Ok(fs::read(path).map_err(named)?.iter().filter(|&&byte| byte == b'\n').count())
}

/// Those given, or the sources of these examples.
fn files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let given: Vec<_> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if !given.is_empty() {
        return Ok(given);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    Ok(paths.into_iter().filter(|path| path.extension() == Some(OsStr::new("rs"))).collect())
}
