//! Looks names up in a slow service that allows only so many questions: at most three at a time, and
//! so many a second.
//!
//! No id is asked for twice, also when two threads want it at the same time: the cache holds futures,
//! not names, so who comes second waits for the answer that the first one is waiting for. An id
//! whose look-up fails has no name, and costs the others nothing.
//!
//! The service is simulated here. What asks it is what you would copy.
//!
//! ```sh
//! cargo run --release --example folder_names
//! cargo run --release --example folder_names -- 4 8 15 4    # these folders
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use concurrent_futures::{SharedFuture, SubmitError, ThreadPoolExecutor};

type FolderId = u32;

const AT_A_TIME: usize = 3;
const A_SECOND: u32 = 50;
const SAMPLE: [FolderId; 16] = [4, 8, 15, 4, 16, 23, 42, 8, 13, 4, 99, 15, 23, 13, 16, 4];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("folder_names: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let given =
        std::env::args().skip(1).map(|id| id.parse().map_err(|_| format!("{id:?} is no id")));
    let mut ids = given.collect::<Result<Vec<FolderId>, _>>()?;
    if ids.is_empty() {
        ids = SAMPLE.into();
    }
    let requests: Vec<(usize, FolderId)> = ids.into_iter().enumerate().collect();
    let service = Arc::new(Service::default());
    let names = Names::new(service.clone())?;

    // Two threads ask for one half each, at the same time and partly for the same ids.
    let (first, second) = requests.split_at(requests.len() / 2);
    let began = Instant::now();
    let (first, second) = thread::scope(|scope| {
        let other = scope.spawn(|| names.look_up_all(second));
        (names.look_up_all(first), other.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });

    // Whoever answers first: the rows are printed in the order of their indices.
    let mut rows: Vec<Row> = first?.into_iter().chain(second?).collect();
    rows.sort_by_key(|((index, _), _)| *index);
    for ((index, id), future) in &rows {
        let name: Option<&String> = future.result().ok();
        println!("{index:>3}  folder {id:<4} {}", name.map_or("None", String::as_str));
    }
    let (hits, misses) = names.counts();
    println!("{hits} hits, {misses} misses in {:.2?}", began.elapsed());
    println!("the service was asked {} at a time at most", service.peak.load(Ordering::Relaxed));
    Ok(())
}

/// Names that are known, and names that somebody is asking for already.
struct Names {
    known: Mutex<HashMap<FolderId, SharedFuture<String>>>,
    hits: AtomicUsize,
    service: Arc<Service>,
    rate: Arc<Rate>,
    /// As many threads as the service answers at a time.
    pool: ThreadPoolExecutor,
}

/// Who asked, and for what.
type Row = ((usize, FolderId), SharedFuture<String>);

impl Names {
    fn new(service: Arc<Service>) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            known: Mutex::default(),
            hits: AtomicUsize::new(0),
            service,
            rate: Arc::new(Rate::new(A_SECOND)),
            pool: ThreadPoolExecutor::new(AT_A_TIME)?,
        })
    }

    fn look_up_all(&self, requests: &[(usize, FolderId)]) -> Result<Vec<Row>, SubmitError<()>> {
        requests.iter().map(|row| Ok((*row, self.look_up(row.1)?))).collect()
    }

    /// Returns at once. The lock is held for the decision, not for the look-up.
    fn look_up(&self, id: FolderId) -> Result<SharedFuture<String>, SubmitError<()>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.get(&id) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(name.clone());
        }
        let (service, rate) = (self.service.clone(), self.rate.clone());
        let submitted = self.pool.submit_fallible(move || {
            rate.pass();
            service.name_of(id)
        });
        let name = submitted.map_err(SubmitError::without_callable)?.shared();
        known.insert(id, name.clone());
        Ok(name)
    }

    fn counts(&self) -> (usize, usize) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        (self.hits.load(Ordering::Relaxed), known.len())
    }
}

/// Lets so many through a second, at even intervals.
struct Rate {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Rate {
    fn new(a_second: u32) -> Self {
        Self { interval: Duration::from_secs(1) / a_second, next: Mutex::new(Instant::now()) }
    }

    fn pass(&self) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = (*next).max(Instant::now());
        *next = turn + self.interval;
        drop(next);
        thread::sleep(turn.saturating_duration_since(Instant::now()));
    }
}

/// Stands for something far away.
#[derive(Default)]
struct Service {
    busy: AtomicUsize,
    peak: AtomicUsize,
}

impl Service {
    fn name_of(&self, id: FolderId) -> Result<String, String> {
        self.peak.fetch_max(self.busy.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(80));
        self.busy.fetch_sub(1, Ordering::Relaxed);
        match id {
            13 => Err("503, ask again later".into()),
            90.. => Err("404, no such folder".into()),
            _ => {
                Ok(format!("{} {id}", ["Invoices", "Letters", "Photos", "Plans"][id as usize % 4]))
            }
        }
    }
}
