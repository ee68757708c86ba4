//! Loom's: every interleaving that the C11 memory model allows, on threads.

pub(crate) use loom::cell::UnsafeCell;
pub(crate) use loom::sync::{Condvar, Mutex};
pub(crate) use loom::thread_local;

/// Loom's atomics, with loads that it explores.
///
/// Loom remembers one last access of an atomic. A load hides another thread's load before it, and the
/// write that follows is then never tried before that one (loom's issues 166 and 392): of a load
/// that races with a `fetch_update` only one order is seen. So a load here is an RMW that changes
/// nothing, and its order relative to everything else is explored. It reads the newest value; that a
/// load may be stale is a second pass, with `CONCURRENT_FUTURES_STALE_LOADS` set, in which loads and
/// `fetch_update` are loom's own.
pub(crate) mod atomic {
    use std::sync::OnceLock;

    pub(crate) use loom::sync::atomic::Ordering;

    fn loads_are_stale() -> bool {
        static STALE: OnceLock<bool> = OnceLock::new();
        *STALE.get_or_init(|| std::env::var_os("CONCURRENT_FUTURES_STALE_LOADS").is_some())
    }

    macro_rules! atomic {
        ($name:ident, $value:ty, $nothing:expr) => {
            /// Loom's, but for loads.
            #[derive(Debug)]
            pub(crate) struct $name(loom::sync::atomic::$name);

            impl $name {
                #[track_caller]
                pub(crate) fn new(value: $value) -> Self {
                    Self(loom::sync::atomic::$name::new(value))
                }

                #[track_caller]
                pub(crate) fn load(&self, order: Ordering) -> $value {
                    if loads_are_stale() { self.0.load(order) } else { self.newest(order) }
                }

                #[track_caller]
                fn newest(&self, order: Ordering) -> $value {
                    self.0.fetch_or($nothing, order)
                }
            }

            impl core::ops::Deref for $name {
                type Target = loom::sync::atomic::$name;

                fn deref(&self) -> &Self::Target {
                    &self.0
                }
            }
        };
    }

    macro_rules! storable {
        ($name:ident, $value:ty) => {
            impl $name {
                /// As a swap in the first pass: among RMWs loom may put a plain store where C11
                /// would not (its issue 282).
                #[track_caller]
                pub(crate) fn store(&self, value: $value, order: Ordering) {
                    if loads_are_stale() {
                        self.0.store(value, order);
                    } else {
                        self.0.swap(value, order);
                    }
                }
            }
        };
    }

    macro_rules! updatable {
        ($name:ident, $value:ty) => {
            impl $name {
                /// # Errors
                /// The value of which `next` made nothing.
                #[track_caller]
                pub(crate) fn fetch_update(
                    &self,
                    success: Ordering,
                    failure: Ordering,
                    mut next: impl FnMut($value) -> Option<$value>,
                ) -> Result<$value, $value> {
                    if loads_are_stale() {
                        return self.0.fetch_update(success, failure, next);
                    }
                    let mut now = self.newest(failure);
                    while let Some(next) = next(now) {
                        match self.0.compare_exchange(now, next, success, failure) {
                            Ok(before) => return Ok(before),
                            Err(other) => now = other,
                        }
                    }
                    Err(now)
                }
            }
        };
    }

    /// Loom's, but for `fetch_update`; of loads see above.
    #[derive(Debug)]
    pub(crate) struct AtomicPtr<T>(loom::sync::atomic::AtomicPtr<T>);

    impl<T> AtomicPtr<T> {
        #[track_caller]
        pub(crate) fn new(value: *mut T) -> Self {
            Self(loom::sync::atomic::AtomicPtr::new(value))
        }

        #[track_caller]
        pub(crate) fn load(&self, order: Ordering) -> *mut T {
            if loads_are_stale() { self.0.load(order) } else { self.newest(order) }
        }

        /// An exchange of a value for itself reads the newest one, whether or not it fails.
        #[track_caller]
        fn newest(&self, order: Ordering) -> *mut T {
            let nothing = core::ptr::null_mut();
            self.0.compare_exchange(nothing, nothing, order, order).unwrap_or_else(|newest| newest)
        }

        /// # Errors
        /// The value of which `next` made nothing.
        #[track_caller]
        pub(crate) fn fetch_update(
            &self,
            success: Ordering,
            failure: Ordering,
            mut next: impl FnMut(*mut T) -> Option<*mut T>,
        ) -> Result<*mut T, *mut T> {
            let mut now = self.load(failure);
            while let Some(next) = next(now) {
                match self.0.compare_exchange(now, next, success, failure) {
                    Ok(before) => return Ok(before),
                    Err(other) => now = other,
                }
            }
            Err(now)
        }
    }

    impl<T> core::ops::Deref for AtomicPtr<T> {
        type Target = loom::sync::atomic::AtomicPtr<T>;

        fn deref(&self) -> &Self::Target {
            &self.0
        }
    }

    atomic!(AtomicBool, bool, false);
    atomic!(AtomicU32, u32, 0);
    atomic!(AtomicUsize, usize, 0);
    storable!(AtomicBool, bool);
    storable!(AtomicU32, u32);
    updatable!(AtomicU32, u32);
    updatable!(AtomicUsize, usize);
}

/// Loom's `Arc`, in which counting a reference races with giving one up.
///
/// Loom takes it that whoever counts a reference has one, and never tries to count one after the last
/// was given up. Who counts through a raw pointer has to be tried: each takes a turn first.
#[derive(Debug)]
pub(crate) struct Arc<T>(loom::sync::Arc<Shared<T>>);

/// The value comes first, so that its address is the whole's.
#[derive(Debug)]
#[repr(C)]
struct Shared<T> {
    value: T,
    turns: loom::sync::atomic::AtomicUsize,
}

impl<T> Arc<T> {
    pub(crate) fn new(value: T) -> Self {
        let turns = loom::sync::atomic::AtomicUsize::new(0);
        let new = Self(loom::sync::Arc::new(Shared { value, turns }));
        new.keep_memory();
        new
    }

    /// The memory stays when the value is gone, so that a late access meets a tombstone and not chaos.
    fn keep_memory(&self) {
        // SAFETY: loom has the value in a standard `Arc`, of which this is the address.
        let standard = unsafe { alloc::sync::Arc::from_raw(&raw const *self.0) };
        core::mem::forget(alloc::sync::Arc::downgrade(&standard));
        core::mem::forget(standard); // its reference is loom's
    }

    pub(crate) fn into_raw(this: Self) -> *const T {
        let data: *const Shared<T> = &raw const *this.0;
        core::mem::forget(this);
        data.cast()
    }

    pub(crate) fn as_ptr(this: &Self) -> *const T {
        let data: *const Shared<T> = &raw const *this.0;
        data.cast()
    }

    /// # Safety
    /// As for the standard one, whose documentation has more.
    pub(crate) unsafe fn from_raw(data: *const T) -> Self {
        // SAFETY: from `into_raw`, as the caller promises.
        Self(unsafe { loom::sync::Arc::from_raw(data.cast()) })
    }

    /// # Safety
    /// As for the standard one, whose documentation has more.
    pub(crate) unsafe fn increment_strong_count(data: *const T) {
        let shared: *const Shared<T> = data.cast();
        // SAFETY: from `into_raw` and alive, as the caller promises; loom has the last word on it.
        unsafe { &*shared }.take_turn();
        // SAFETY: as above.
        unsafe { loom::sync::Arc::increment_strong_count(shared) };
    }
}

impl<T> Drop for Arc<T> {
    fn drop(&mut self) {
        self.0.take_turn();
    }
}

impl<T> Shared<T> {
    fn take_turn(&self) {
        self.turns.fetch_add(1, atomic::Ordering::Relaxed); // nothing is ordered by it
    }
}

impl<T> Clone for Arc<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> core::ops::Deref for Arc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

/// Atomics by which nothing is ordered: a model need not look at them.
pub(crate) use core::sync::atomic as unmodeled;

/// One that a model need not look at.
pub(crate) use alloc::sync::Arc as PlainArc;

/// In a model a hint keeps nobody from taking the lock, and promises nothing.
#[derive(Debug)]
pub(crate) struct Hint;

impl Hint {
    pub(crate) const fn new() -> Self {
        Self
    }

    pub(crate) fn set(&self, _count: usize) {}

    pub(crate) fn is_promising(&self) -> bool {
        true
    }

    pub(crate) fn is_unpromising(&self) -> bool {
        true
    }

    pub(crate) fn count(&self) -> usize {
        0
    }
}

/// Whether the model checker runs us.
pub(crate) const IN_A_MODEL: bool = true;

/// `yield_now` and `spin_loop` hide interleavings from loom, so a model never spins.
pub(crate) fn spin_until(_spins: u32, done: impl Fn() -> bool) -> bool {
    done()
}

/// Nothing, for the same reason.
pub(crate) fn yield_now() {}

/// Loom has to be told that nothing happens here until somebody else goes on.
pub(crate) fn wait_until(done: impl Fn() -> bool) {
    while !done() {
        loom::thread::yield_now();
    }
}

/// In a model each slot has a mutex of its own: sharing would order what is not ordered.
#[derive(Debug)]
pub(crate) struct SharedMutex(Mutex<()>);

impl SharedMutex {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(()))
    }

    pub(crate) fn with<R>(&self, _key: usize, f: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock().unwrap_or_else(|poison| poison.into_inner());
        f()
    }
}

/// A cell that is read at every access to a slot or pool and written when that is freed, so that
/// an access that is not ordered before the freeing is a failure; and a leak is one too.
#[derive(Debug)]
pub(crate) struct Tombstone {
    grave: UnsafeCell<()>,
    /// For an access that is ordered after it.
    is_buried: unmodeled::AtomicBool,
    leak: UnsafeCell<Option<loom::alloc::Track<()>>>,
}

// SAFETY: loom looks at each access, and says which are not ordered.
unsafe impl Send for Tombstone {}
// SAFETY: as above.
unsafe impl Sync for Tombstone {}

impl Tombstone {
    pub(crate) fn new() -> Self {
        Self {
            grave: UnsafeCell::new(()),
            is_buried: unmodeled::AtomicBool::new(false),
            leak: UnsafeCell::new(Some(loom::alloc::Track::new(()))),
        }
    }

    /// # Panics
    /// After the end, where loom has nothing to say because it is ordered.
    pub(crate) fn assert_alive(&self) {
        self.grave.with(|_| ());
        // ORDERING: Relaxed; loom runs its threads as coroutines of one.
        assert!(!self.is_buried.load(atomic::Ordering::Relaxed), "used after it was freed");
    }

    pub(crate) fn bury(&self) -> bool {
        self.grave.with_mut(|_| ());
        // ORDERING: Relaxed; as above.
        self.is_buried.store(true, atomic::Ordering::Relaxed);
        // SAFETY: whoever buries it held its last reference; loom has just checked that.
        self.leak.with_mut(|leak| unsafe { drop((*leak).take()) });
        // The memory stays, so that a late access meets the written cell and not chaos.
        false
    }

    /// Memory that belongs to somebody else: it is the owner's again, who writes to it.
    ///
    /// # Panics
    /// If it is not, or not ordered after the end.
    pub(crate) fn assert_buried(&self) {
        self.grave.with_mut(|_| ());
        // ORDERING: Relaxed; as above.
        assert!(self.is_buried.load(atomic::Ordering::Relaxed), "not given back yet");
    }
}

macro_rules! const_unless_modeled {
    ($(#[$meta:meta])* $vis:vis const fn $($rest:tt)*) => { $(#[$meta])* $vis fn $($rest)* };
}
pub(crate) use const_unless_modeled;

macro_rules! thread_local_const {
    (static $name:ident: $type:ty = $value:expr;) => {
        loom::thread_local! { static $name: $type = $value; }
    };
}
pub(crate) use thread_local_const;

macro_rules! array_of {
    ($value:expr; $count:expr) => {
        core::array::from_fn::<_, $count, _>(|_| $value)
    };
}
pub(crate) use array_of;

macro_rules! model_only {
    ($($item:item)*) => { $($item)* };
}
pub(crate) use model_only;

/// Items that exist in no model.
macro_rules! not_modeled {
    ($($item:item)*) => {};
}
pub(crate) use not_modeled;

/// Items that exist in the model of interrupts only.
macro_rules! interrupted_only {
    ($($item:item)*) => {};
}
pub(crate) use interrupted_only;
