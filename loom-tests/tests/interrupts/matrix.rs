//! Each act, interrupted by each at each place.
#![forbid(unsafe_code)]

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::cell::Cell;
use std::rc::Rc;
use std::thread;

use crate::acts::{Act, By, acts};
use crate::one_core::{self, Interrupt};
use crate::world::World;

/// What was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Pairs of acts of which the second had something to do.
    pub(crate) cells: usize,
    pub(crate) runs: usize,
    pub(crate) operations: usize,
    pub(crate) longest: usize,
}

impl Tally {
    fn and(self, other: Self) -> Self {
        Self {
            cells: self.cells + other.cells,
            runs: self.runs + other.runs,
            operations: self.operations + other.operations,
            longest: self.longest.max(other.longest),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cells, runs, operations, longest } = self;
        write!(f, "{cells} cells, {runs} runs, {operations} operations, ")?;
        write!(f, "at most {longest} in a critical section")
    }
}

/// Interrupts one act by another, at each place from the first to the last.
fn interrupt_everywhere(act: &'static Act, by: &'static Act) -> Tally {
    let mut tally = Tally::default();
    for at in 1.. {
        let _context = Say { act, by, at };
        let world = Rc::new(World::new());
        let did = Rc::new(Cell::new(false));
        let handler = {
            let (world, did) = (Rc::clone(&world), Rc::clone(&did));
            Box::new(move || did.set((by.act)(&world)))
        };
        let body = || {
            let _ = (act.act)(&world);
        };
        let run = one_core::run(body, vec![Interrupt { at, handler }]);
        world.end();
        tally.runs += 1;
        tally.operations += run.operations;
        tally.longest = tally.longest.max(run.longest);
        tally.cells |= usize::from(did.get());
        if run.came == 0 {
            break;
        }
    }
    tally
}

/// Says which run has failed.
struct Say {
    act: &'static Act,
    by: &'static Act,
    at: usize,
}

impl Drop for Say {
    fn drop(&mut self) {
        if thread::panicking() {
            let place = one_core::came_at().map_or("no place".into(), ToString::to_string);
            let Self { act, by, at } = self;
            eprintln!("`{}`, interrupted by `{}` at place {at}, {place}", act.name, by.name);
        }
    }
}

/// Every act is interrupted by every act that an interrupt may do, at every place.
#[test]
fn every_act_is_interrupted_by_every_other_at_every_place() {
    let acts: &'static [Act] = acts().leak();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut tally = Tally::default();
        // ORDERING: Relaxed; a number to each.
        while let Some(act) = acts.get(next.fetch_add(1, Ordering::Relaxed)) {
            let others = acts.iter().filter(|by| by.by == By::Anybody);
            let row =
                others.map(|by| interrupt_everywhere(act, by)).fold(Tally::default(), Tally::and);
            println!("{:<40} {row}", act.name);
            tally = tally.and(row);
        }
        tally
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let tally = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let tallies = workers.into_iter().map(|worker| worker.join().expect("a run has failed"));
        tallies.fold(Tally::default(), Tally::and)
    });
    println!("interrupts: {} acts, {tally}", acts.len());
}
