//! A core with interrupts, by which a handler runs to its end at a chosen place of what it interrupts.
//!
//! Places are where core is about to touch what contexts share, where it takes and gives up the critical
//! section, and where it calls a user's code. In a critical section no handler runs: one that is due waits
//! for its end, and comes right there. So places are counted outside of critical sections only.
//!
//! Each thread is a core of its own, with a critical section of its own.

use core::cell::{Cell, RefCell};
use core::panic::Location;
use std::thread;

use critical_section::RawRestoreState;

/// So many places are more than any handler has that waits for nobody.
const MOST_PLACES: usize = 10_000;

/// What an interrupt does.
pub(crate) type Handler = Box<dyn FnOnce()>;

/// A handler and the place at which it comes: the first one is 1. One place has one of each priority.
pub(crate) struct Interrupt {
    pub(crate) at: usize,
    pub(crate) handler: Handler,
}

/// What came of one run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    /// How many handlers came.
    pub(crate) came: usize,
    /// How often what contexts share was touched, in critical sections too.
    pub(crate) operations: usize,
    /// The longest critical section, in operations.
    pub(crate) longest: usize,
}

/// A context: what was interrupted, or handlers of one priority, and what interrupts it.
struct Level {
    places: usize,
    interrupts: Vec<Interrupt>,
}

struct OneCore {
    /// By priority: the first is the thread's.
    levels: RefCell<Vec<Level>>,
    /// The one that runs; `None` outside of `run`, where nobody is interrupted.
    current: Cell<Option<usize>>,
    /// Critical sections that are open.
    masks: Cell<usize>,
    masked_for: Cell<usize>,
    run: Cell<Run>,
    /// The last operation that was named.
    last: Cell<Option<&'static Location<'static>>>,
    /// Where the last handler came.
    came_at: Cell<Option<&'static Location<'static>>>,
}

thread_local! {
    static CORE: OneCore = const {
        OneCore {
            levels: RefCell::new(Vec::new()),
            current: Cell::new(None),
            masks: Cell::new(0),
            masked_for: Cell::new(0),
            run: Cell::new(Run { came: 0, operations: 0, longest: 0 }),
            last: Cell::new(None),
            came_at: Cell::new(None),
        }
    };
}

/// Runs `body`, interrupted by the first of `priorities`, one after the other; those by the second, and so on.
pub(crate) fn run(body: impl FnOnce(), priorities: Vec<Vec<Interrupt>>) -> Run {
    concurrent_futures_core::on_each_operation(before_operation);
    CORE.with(|core| {
        let highest = Vec::new();
        let interrupts = priorities.into_iter().chain([highest]);
        core.levels.replace(interrupts.map(|interrupts| Level { places: 0, interrupts }).collect());
        core.run.take();
        core.last.take();
        core.came_at.take();
        core.current.set(Some(0));
        let _end = End(core);
        body();
        core.run.get()
    })
}

/// Nobody is interrupted after the end, also if that is a failure.
struct End<'a>(&'a OneCore);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.current.set(None);
        self.0.masks.set(0);
        self.0.levels.take();
    }
}

/// Where the last handler came, for whoever says how it failed: the operation that was next, or, at a critical
/// section or in a user's code, the one before.
pub(crate) fn came_at() -> Option<&'static Location<'static>> {
    CORE.with(|core| core.came_at.get())
}

/// A place in the middle of a user's code.
///
/// # Panics
/// If it is called under a lock, where nobody's code belongs.
pub(crate) fn in_users_code(what: &str) {
    CORE.with(|core| {
        let masked = core.masks.get() > 0 && !thread::panicking();
        assert!(!masked, "{what} in a critical section");
        core.place();
    });
}

/// Does what is not to be interrupted: it is no part of what is tried.
pub(crate) fn uninterrupted(f: impl FnOnce()) {
    CORE.with(|core| {
        let before = core.current.take();
        f();
        core.current.set(before);
    });
}

/// Core is about to touch what contexts share.
///
/// # Panics
/// If a critical section does not end.
fn before_operation(place: &'static Location<'static>) {
    CORE.with(|core| {
        if core.current.get().is_none() {
            return;
        }
        let mut run = core.run.get();
        run.operations += 1;
        if core.masks.get() > 0 {
            core.masked_for.set(core.masked_for.get() + 1);
            run.longest = run.longest.max(core.masked_for.get());
            assert!(run.longest < MOST_PLACES, "a critical section waits for somebody");
        }
        core.run.set(run);
        core.last.set(Some(place));
        core.place();
    });
}

impl OneCore {
    /// An interrupt comes here, if it is its time.
    ///
    /// # Panics
    /// If the context has been here too often.
    fn place(&self) {
        // While a failure unwinds, nothing happens that nobody has thought of.
        if thread::panicking() || self.masks.get() > 0 {
            return;
        }
        let Some(level) = self.current.get() else { return };
        if let Some(handler) = self.due(level) {
            self.enter(level, handler);
        }
    }

    /// Counts a place of the context; the handler whose place it is.
    ///
    /// # Panics
    /// If the context has been here too often.
    fn due(&self, level: usize) -> Option<Handler> {
        let mut levels = self.levels.borrow_mut();
        let context = &mut levels[level];
        context.places += 1;
        let places = context.places;
        assert!(places < MOST_PLACES, "{} waits for what it interrupted", name(level));
        let due = context.interrupts.iter().position(|interrupt| interrupt.at == places)?;
        Some(context.interrupts.remove(due).handler)
    }

    fn enter(&self, level: usize, handler: Handler) {
        let mut run = self.run.get();
        run.came += 1;
        self.run.set(run);
        self.came_at.set(self.last.get());
        self.current.set(Some(level + 1));
        handler();
        self.current.set(Some(level));
    }
}

fn name(level: usize) -> &'static str {
    if level == 0 { "the thread" } else { "the interrupt" }
}

/// The critical section of this core.
struct Masks;

critical_section::set_impl!(Masks);

// SAFETY: no handler runs between `acquire` and the `release` of it; there is no other thread on this core.
unsafe impl critical_section::Impl for Masks {
    unsafe fn acquire() -> RawRestoreState {
        CORE.with(|core| {
            core.place();
            core.masks.set(core.masks.get() + 1);
        });
    }

    unsafe fn release((): RawRestoreState) {
        CORE.with(|core| {
            core.masks.set(core.masks.get().saturating_sub(1));
            if core.masks.get() == 0 {
                core.masked_for.set(0);
                core.place();
            }
        });
    }
}
