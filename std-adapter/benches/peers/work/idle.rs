//! What a pool uses of the processor while it has nothing to do.

use std::thread;
use std::time::Duration;

use crate::contestant::Contestant;
use crate::harness::Figures;
use crate::mixing::mix;
use crate::pools::{Pool, with_pool};
use crate::system;

const IDLE: Duration = Duration::from_secs(1);

pub(crate) fn run(contestant: Contestant, workers: usize, count: u64) -> Option<Figures> {
    let used = with_pool!(contestant, P => {
        let pool = P::start(workers);
        let handles: Vec<_> = (0..count).map(|number| pool.submit(move || mix(number))).collect();
        handles.into_iter().for_each(|handle| { P::result(handle); });
        let before = system::cpu_time()?;
        thread::sleep(IDLE);
        system::cpu_time()? - before
    })?;
    Some(vec![("time", used.as_secs_f64() * 1e3)])
}
