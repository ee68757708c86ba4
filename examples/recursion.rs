//! A task that submits to its own pool and waits, in a pool of one thread.
//!
//! In Python this is the example of a deadlock, in the documentation of `concurrent.futures` itself:
//!
//! ```python
//! def wait_on_future():
//!     f = executor.submit(pow, 5, 2)
//!     # This will never complete because there is only one worker thread
//!     # and it is executing this function.
//!     print(f.result())
//!
//! executor = ThreadPoolExecutor(max_workers=1)
//! executor.submit(wait_on_future)
//! ```
//!
//! Here it finishes: a worker that waits for a task of its own pool which nobody has started runs that
//! task itself. So work may be split where it is found; below, each folder is a task that submits its
//! subfolders and waits for them. What would be too deep for the thread's stack (128 tasks on top of
//! one another) or could never end is an error, `WouldDeadlock`.
//!
//! ```sh
//! cargo run --release --example recursion               # the examples' own folder
//! cargo run --release --example recursion -- /usr/lib   # yours
//! ```

use std::error::Error;
use std::fmt;
use std::fs::{self, DirEntry};
use std::io;
use std::iter::Sum;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};

use concurrent_futures::{Future, SharedFuture, TaskError, ThreadPoolExecutor};

type Pool = Arc<ThreadPoolExecutor>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("recursion: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let folder = match std::env::args_os().nth(1) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")),
    };
    // One that cannot be read further down is counted; this one is a mistake.
    fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;

    let pool: Pool = Arc::new(ThreadPoolExecutor::new(1)?);
    wait_on_future(&pool)?;
    let total = in_task(&pool, folder.clone())?.result()??;
    println!("{}: {total}", folder.display());
    wait_on_itself(&pool)
}

/// The program above.
fn wait_on_future(pool: &Pool) -> Result<(), Box<dyn Error>> {
    let executor = pool.clone();
    let outer = pool.submit_fallible(move || -> Result<u32, Box<dyn Error + Send + Sync>> {
        let inner = executor.submit(|| 5u32.pow(2))?;
        Ok(inner.result()?)
    })?;
    println!("5 to the power of 2, by a task of a task in a pool of one: {}", outer.result()?);
    Ok(())
}

/// What is in a folder: its files are added up here, each folder in it is a task.
fn size(pool: &Pool, folder: &Path) -> Result<Size, TaskError> {
    let Ok(entries) = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) else {
        return Ok(Size { unreadable: 1, ..Size::default() });
    };
    let (folders, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_folder);
    let futures = folders
        .into_iter()
        .map(|entry| in_task(pool, entry.path()))
        .collect::<Result<Vec<_>, _>>()?;

    let mut total: Size = others.iter().map(Size::of_file).sum();
    total.folders += 1;
    for future in futures {
        total = total + future.result()??;
    }
    Ok(total)
}

/// A future of `size`: of a `Result`, so that what fails far below arrives as it is.
fn in_task(pool: &Pool, folder: PathBuf) -> Result<Future<Result<Size, TaskError>>, TaskError> {
    let inside = pool.clone();
    pool.submit(move || size(&inside, &folder)).map_err(TaskError::failed)
}

/// Links are not followed: they may lead in circles.
fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_dir())
}

/// What could really never end is an error, not a deadlock.
fn wait_on_itself(pool: &Pool) -> Result<(), Box<dyn Error>> {
    let (give, receive) = mpsc::channel::<SharedFuture<String>>();
    let future = pool.submit(move || match receive.recv() {
        Ok(own) => own.result().map_or_else(|error| error.to_string(), String::clone),
        Err(error) => error.to_string(),
    })?;
    let future = future.shared();
    give.send(future.clone())?;
    println!("a task that waits for itself: {}", future.result()?);
    Ok(())
}

#[derive(Debug, Default, Clone, Copy)]
struct Size {
    bytes: u64,
    files: u64,
    folders: u64,
    unreadable: u64,
}

impl Size {
    fn of_file(entry: &DirEntry) -> Self {
        match entry.metadata() {
            Ok(metadata) => Self { bytes: metadata.len(), files: 1, ..Self::default() },
            Err(_) => Self { unreadable: 1, ..Self::default() },
        }
    }
}

impl std::ops::Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            bytes: self.bytes + other.bytes,
            files: self.files + other.files,
            folders: self.folders + other.folders,
            unreadable: self.unreadable + other.unreadable,
        }
    }
}

impl Sum for Size {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |sum, size| sum + size)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes in {} files, {} folders", self.bytes, self.files, self.folders)?;
        if self.unreadable > 0 {
            write!(f, ", {} could not be read", self.unreadable)?;
        }
        Ok(())
    }
}
