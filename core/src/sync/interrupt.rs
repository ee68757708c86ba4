//! The model of interrupts: before each operation on what contexts share, somebody may run an interrupt
//! handler to its end.
//!
//! One core, one thread, and nothing but interrupts between two operations: what a handler sees, and
//! what is seen of it, depends on which operation it came before, and on nothing else. So trying each
//! is exact, and takes as many runs as there are operations. Whether and when a handler runs is
//! decided by whoever is told of the operations; here they are only named.
//!
//! Atomics have the methods that core uses and no others: whoever needs another adds it, with its call
//! of `before_operation`.

extern crate std;

use core::cell::Cell;
use core::panic::Location;
use std::sync::OnceLock;

/// Atomics by which nothing is ordered: a model need not look at them.
#[cfg(feature = "alloc")]
pub(crate) use core::sync::atomic as unmodeled;

/// Who is told of each operation, and where it is in the source.
type Hook = fn(&'static Location<'static>);

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Has `hook` called before each atomic operation, and where a cell is touched: before, while it is, and
/// after. The first hook stays for ever.
pub fn on_each_operation(hook: Hook) {
    HOOK.get_or_init(|| hook);
}

/// The place for an interrupt.
#[track_caller]
fn before_operation() {
    if let Some(hook) = HOOK.get() {
        hook(Location::caller());
    }
}

/// Core's atomics, with a place for an interrupt before each access.
#[expect(dead_code, reason = "not each of them has each method called, whatever the features")]
pub(crate) mod atomic {
    use super::before_operation;
    pub(crate) use core::sync::atomic::Ordering;

    macro_rules! forwarded {
        ($($(#[$meta:meta])* $name:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
            $(
                $(#[$meta])*
                #[track_caller]
                pub(crate) fn $name(&self, $($argument: $type),*) -> $result {
                    before_operation();
                    self.0.$name($($argument),*)
                }
            )*
        };
    }

    macro_rules! atomic {
        ($name:ident$(<$parameter:ident>)?, $value:ty) => {
            /// Core's, with a place for an interrupt before each access.
            #[derive(Debug)]
            pub(crate) struct $name$(<$parameter>)?(core::sync::atomic::$name$(<$parameter>)?);

            impl$(<$parameter>)? $name$(<$parameter>)? {
                pub(crate) const fn new(value: $value) -> Self {
                    Self(core::sync::atomic::$name::new(value))
                }

                forwarded! {
                    load(order: Ordering) -> $value;
                    store(value: $value, order: Ordering) -> ();
                    swap(value: $value, order: Ordering) -> $value;
                    /// # Errors
                    /// The value that is there instead.
                    compare_exchange(now: $value, new: $value, success: Ordering, failure: Ordering)
                        -> Result<$value, $value>;
                }

                /// # Errors
                /// The value of which `next` made nothing.
                #[track_caller]
                pub(crate) fn fetch_update(
                    &self,
                    success: Ordering,
                    failure: Ordering,
                    mut next: impl FnMut($value) -> Option<$value>,
                ) -> Result<$value, $value> {
                    let mut now = self.load(failure);
                    while let Some(next) = next(now) {
                        match self.compare_exchange(now, next, success, failure) {
                            Ok(before) => return Ok(before),
                            Err(other) => now = other,
                        }
                    }
                    Err(now)
                }
            }
        };
    }

    macro_rules! number {
        ($name:ident, $value:ty) => {
            atomic!($name, $value);

            impl $name {
                forwarded! {
                    fetch_add(value: $value, order: Ordering) -> $value;
                    fetch_sub(value: $value, order: Ordering) -> $value;
                    fetch_or(value: $value, order: Ordering) -> $value;
                    fetch_and(value: $value, order: Ordering) -> $value;
                    fetch_xor(value: $value, order: Ordering) -> $value;
                }
            }
        };
    }

    atomic!(AtomicBool, bool);
    atomic!(AtomicPtr<T>, *mut T);
    number!(AtomicU32, u32);
    number!(AtomicUsize, usize);
}

/// A cell that knows whether somebody is in the middle of it, with places for an interrupt there.
///
/// What a caller does with the address after `with` or `with_mut` has returned is not seen.
#[derive(Debug, Default)]
pub(crate) struct UnsafeCell<T> {
    value: core::cell::UnsafeCell<T>,
    visits: Visits,
}

/// Who is in the middle of a cell.
#[derive(Debug, Default)]
struct Visits {
    readers: Cell<usize>,
    writers: Cell<usize>,
    last: Cell<Option<&'static Location<'static>>>,
}

/// Somebody is in the middle of a cell until this is dropped.
struct Visit<'a> {
    count: &'a Cell<usize>,
    place: &'static Location<'static>,
}

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { value: core::cell::UnsafeCell::new(value), visits: Visits::new() }
    }

    /// # Panics
    /// If an interrupt comes here in the middle of a write.
    #[track_caller]
    pub(crate) fn with<R>(&self, read: impl FnOnce(*const T) -> R) -> R {
        before_operation();
        self.visits.refuse_if(self.visits.writers.get() > 0);
        let _visit = self.visits.enter(&self.visits.readers);
        read(self.value.get())
    }

    /// # Panics
    /// If an interrupt comes here while somebody is in the middle of the cell.
    #[track_caller]
    pub(crate) fn with_mut<R>(&self, write: impl FnOnce(*mut T) -> R) -> R {
        before_operation();
        self.visits.refuse_if(self.visits.writers.get() + self.visits.readers.get() > 0);
        let _visit = self.visits.enter(&self.visits.writers);
        write(self.value.get())
    }
}

impl Visits {
    const fn new() -> Self {
        Self { readers: Cell::new(0), writers: Cell::new(0), last: Cell::new(None) }
    }

    /// # Panics
    /// If the cell is not to be touched now.
    #[track_caller]
    fn refuse_if(&self, refused: bool) {
        let place = Location::caller();
        // A model that fails unwinds through this as well: the first failure is the one to read.
        if let (true, false, Some(last)) = (refused, std::thread::panicking(), self.last.get()) {
            panic!("an interrupt: {place} touches the cell that {last} is in the middle of");
        }
    }

    #[track_caller]
    fn enter<'a>(&self, count: &'a Cell<usize>) -> Visit<'a> {
        let place = Location::caller();
        count.set(count.get() + 1);
        self.last.set(Some(place));
        let visit = Visit { count, place };
        before_operation();
        visit
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if let Some(hook) = HOOK.get() {
            hook(self.place);
        }
        // Zero already: the memory of the cell was given out anew.
        let left = self.count.get().checked_sub(1);
        assert!(
            left.is_some() || std::thread::panicking(),
            "the cell that {} was in the middle of is gone",
            self.place
        );
        self.count.set(left.unwrap_or(0));
    }
}

/// What says that a slot or set is gone: a later access is a failure. Memory on the heap stays for that.
#[derive(Debug, Default)]
pub(crate) struct Tombstone(Cell<bool>);

// SAFETY: a model has one thread.
unsafe impl Send for Tombstone {}
// SAFETY: as above.
unsafe impl Sync for Tombstone {}

impl Tombstone {
    pub(crate) const fn new() -> Self {
        Self(Cell::new(false))
    }

    /// # Panics
    /// After the end.
    #[track_caller]
    pub(crate) fn assert_alive(&self) {
        assert!(!self.0.get() || std::thread::panicking(), "used after it was freed");
    }

    /// # Panics
    /// If it was freed before.
    #[track_caller]
    pub(crate) fn bury(&self) -> bool {
        assert!(!self.0.replace(true) || std::thread::panicking(), "freed twice");
        false
    }

    /// Memory that belongs to somebody else: it is the owner's again.
    ///
    /// # Panics
    /// If it is not.
    #[track_caller]
    pub(crate) fn assert_buried(&self) {
        assert!(self.0.get() || std::thread::panicking(), "not given back yet");
    }
}

/// Items that exist in the model of interrupts only.
macro_rules! interrupted_only {
    ($($item:item)*) => { $($item)* };
}
pub(crate) use interrupted_only;
