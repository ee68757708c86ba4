//! Runs something again and again, each time with the interrupt one place later.
#![forbid(unsafe_code)]

use core::fmt;
use std::rc::Rc;
use std::thread;

use crate::one_core::{self, Handler, Interrupt, Run};

/// What was tried.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Pairs of acts of which the second had something to do.
    pub(crate) cells: usize,
    pub(crate) runs: usize,
    pub(crate) operations: usize,
    /// The longest critical section, in operations.
    pub(crate) longest: usize,
}

impl Tally {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            cells: self.cells + other.cells,
            runs: self.runs + other.runs,
            operations: self.operations + other.operations,
            longest: self.longest.max(other.longest),
        }
    }

    fn count(&mut self, run: Run) {
        self.runs += 1;
        self.operations += run.operations;
        self.longest = self.longest.max(run.longest);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cells, runs, operations, longest } = self;
        write!(f, "{cells} cells, {runs} runs, {operations} operations, ")?;
        write!(f, "at most {longest} in a critical section")
    }
}

/// What a handler does to a world.
pub(crate) type Deed<W> = dyn Fn(&W);

/// Has `body` interrupted by `handler` at its first place, its second, and so on, until it ends before that;
/// each time in a new world, of which `end` asserts that it ended well.
pub(crate) fn at_every_place<W: 'static>(
    name: &dyn fmt::Display,
    new: impl Fn() -> W,
    body: &dyn Fn(&W),
    handler: &Rc<Deed<W>>,
    end: impl Fn(&W),
) -> Tally {
    let mut tally = Tally::default();
    for at in 1.. {
        let _said = Say { name, places: &[at] };
        let world = Rc::new(new());
        let handler = bind(handler, &world);
        let run = one_core::run(|| body(&world), vec![vec![Interrupt { at, handler }]]);
        end(&world);
        tally.count(run);
        if run.came == 0 {
            return tally;
        }
    }
    tally
}

/// When the second of two handlers comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// It interrupts the first, at each place of that.
    Within,
    /// It interrupts the thread again, at each place after the first.
    After,
}

/// As `at_every_place`, with two handlers.
pub(crate) fn at_every_two_places<W: 'static>(
    name: &dyn fmt::Display,
    new: impl Fn() -> W,
    body: &dyn Fn(&W),
    [first, second]: [&Rc<Deed<W>>; 2],
    when: Second,
    end: impl Fn(&W),
) -> Tally {
    let mut tally = Tally::default();
    let (mut at, mut then) = (1, 1);
    loop {
        let _said = Say { name, places: &[at, then] };
        let world = Rc::new(new());
        let first = Interrupt { at, handler: bind(first, &world) };
        let after = if when == Second::After { at } else { 0 };
        let second = Interrupt { at: after + then, handler: bind(second, &world) };
        let interrupts = match when {
            Second::Within => vec![vec![first], vec![second]],
            Second::After => vec![vec![first, second]],
        };
        let run = one_core::run(|| body(&world), interrupts);
        end(&world);
        tally.count(run);
        match run.came {
            0 => return tally,
            1 => (at, then) = (at + 1, 1),
            _ => then += 1,
        }
    }
}

fn bind<W: 'static>(handler: &Rc<Deed<W>>, world: &Rc<W>) -> Handler {
    let (handler, world) = (Rc::clone(handler), Rc::clone(world));
    Box::new(move || handler(&world))
}

/// Says which run has failed.
struct Say<'a> {
    name: &'a dyn fmt::Display,
    places: &'a [usize],
}

impl Drop for Say<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let at = one_core::came_at().map_or("before all".into(), ToString::to_string);
            eprintln!("{}: at place {:?}, the last handler came at {at}", self.name, self.places);
        }
    }
}
