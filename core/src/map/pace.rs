//! [`Pace`]: how large a chunk should be, learned from the chunks before.

use crate::sync::{atomic::AtomicUsize, atomic::Ordering};

/// A list is cut into at least so many chunks for each worker, so that one that is slower than the
/// others holds up a small part only.
pub(super) const SHARES: usize = 4;

/// A chunk is not larger than this, in bytes of its items or results: what one thread writes is in
/// the cache when the other reads it.
const BYTES_MAX: usize = 64 * 1024;

/// So many items or results of that size fill a chunk.
pub(super) const fn most_of<I, R>() -> usize {
    let item = if size_of::<I>() > size_of::<R>() { size_of::<I>() } else { size_of::<R>() };
    match item {
        0 => BYTES_MAX,
        bytes if bytes > BYTES_MAX => 1,
        bytes => BYTES_MAX / bytes,
    }
}

/// How large the next chunk of a [`Map`](crate::Map) should be, learned from those before. Its
/// [source](crate::MapSource) keeps it.
#[derive(Debug)]
pub struct Pace {
    /// 0 until a chunk was measured.
    size: AtomicUsize,
    /// At most so large; 0 for sizes that are not learned.
    most: usize,
}

impl Pace {
    /// The size is fixed, nothing is measured.
    pub(super) fn fixed() -> Self {
        Self { size: AtomicUsize::new(0), most: 0 }
    }

    /// The size is learned, up to `most`, 1 at least.
    #[cfg(feature = "std")]
    pub(super) fn learned(most: usize, _exact: bool) -> Self {
        Self { size: AtomicUsize::new(0), most }
    }

    /// Without a clock nothing can be learned: where the number of items is known each worker gets
    /// its shares, elsewhere items go one by one.
    #[cfg(not(feature = "std"))]
    pub(super) fn learned(most: usize, exact: bool) -> Self {
        Self { size: AtomicUsize::new(if exact { most } else { 1 }), most }
    }

    /// `None` until the first chunk was measured.
    pub(super) fn size(&self) -> Option<usize> {
        // ORDERING: Relaxed; a hint, nothing is published by it.
        match self.size.load(Ordering::Relaxed) {
            0 => None,
            size => Some(size),
        }
    }

    /// Begins to measure a chunk, if that is wanted.
    #[cfg(feature = "std")]
    pub(super) fn begin(&self) -> Stopwatch {
        Stopwatch((self.most > 0).then(std::time::Instant::now))
    }

    #[cfg(not(feature = "std"))]
    pub(super) fn begin(&self) -> Stopwatch {
        Stopwatch(())
    }

    /// Learns from a chunk of so many items.
    #[cfg(feature = "std")]
    pub(super) fn end(&self, stopwatch: Stopwatch, items: usize) {
        if let Some(began) = stopwatch.0 {
            self.learn(items, began.elapsed());
        }
    }

    #[cfg(not(feature = "std"))]
    pub(super) fn end(&self, _: Stopwatch, _: usize) {}

    /// Learns from a chunk of so many items that was timed elsewhere.
    pub(super) fn landed(&self, items: usize, took: Option<core::time::Duration>) {
        #[cfg(feature = "std")]
        if let Some(took) = took.filter(|_| self.most > 0) {
            self.learn(items, took);
        }
        #[cfg(not(feature = "std"))]
        let _ = (items, took);
    }

    #[cfg(feature = "std")]
    fn learn(&self, items: usize, took: core::time::Duration) {
        let took = usize::try_from(took.as_nanos()).unwrap_or(usize::MAX).max(1);
        // What would have taken as long as wanted. Not trusted too far: the first items are slow
        // because nothing is in the cache yet, a preempted thread makes any chunk look slow, and
        // items that come later may be of another kind.
        let wanted = items.saturating_mul(WANTED) / took;
        let grown = wanted.min(items.saturating_mul(GROWTH)).clamp(1, self.most);
        let shrunk = wanted.max(items / 2).clamp(1, self.most);
        // ORDERING: Relaxed; as in `size`.
        let _ = self.size.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |size| {
            // Chunks of several sizes are under way: a small one that was quick says nothing
            // against larger ones, a large one that was slow everything.
            let next = match took {
                ..SHORTEST => size.max(grown),
                SHORTEST..=LONGEST => size.max(items.min(self.most)),
                _ if size == 0 => shrunk,
                _ => size.min(shrunk),
            };
            (next != size).then_some(next)
        });
    }
}

/// A chunk that takes less is too small: what it costs to submit and to wait for it shows.
#[cfg(feature = "std")]
const SHORTEST: usize = 100_000; // ns
#[cfg(feature = "std")]
const WANTED: usize = 200_000; // ns
/// A chunk that takes more keeps results back that others could work on already.
#[cfg(feature = "std")]
const LONGEST: usize = 1_000_000; // ns
/// A chunk is at most so many times as large as one that was measured.
#[cfg(feature = "std")]
const GROWTH: usize = 8;

/// A measurement under way.
#[cfg(feature = "std")]
pub(super) struct Stopwatch(Option<std::time::Instant>);
#[cfg(not(feature = "std"))]
pub(super) struct Stopwatch(());

#[cfg(all(test, feature = "std"))]
#[expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
mod tests {
    use super::Pace;
    use core::time::Duration;

    #[test]
    fn quick_chunks_grow_step_by_step_up_to_the_most() {
        let pace = Pace::learned(100, true);
        assert_eq!(pace.size(), None);
        for (items, grown) in [(1, 8), (8, 64), (64, 100), (100, 100)] {
            pace.learn(items, Duration::from_nanos(1));
            assert_eq!(pace.size(), Some(grown));
        }
    }

    #[test]
    fn slow_items_go_one_by_one() {
        let pace = Pace::learned(100, true);
        pace.learn(1, Duration::from_secs(1));
        assert_eq!(pace.size(), Some(1));
    }

    #[test]
    fn a_slow_chunk_halves_the_size_and_a_small_quick_one_does_not() {
        let pace = Pace::learned(1000, true);
        pace.learn(200, Duration::from_nanos(1));
        assert_eq!(pace.size(), Some(1000));
        pace.learn(1, Duration::from_nanos(1));
        assert_eq!(pace.size(), Some(1000));
        pace.learn(1000, Duration::from_millis(100));
        assert_eq!(pace.size(), Some(500));
    }

    #[test]
    fn a_chunk_that_takes_long_enough_is_left_alone() {
        let pace = Pace::learned(1000, true);
        pace.learn(30, Duration::from_micros(300));
        pace.learn(30, Duration::from_micros(999));
        assert_eq!(pace.size(), Some(30));
    }

    #[test]
    fn what_the_clock_says_is_not_trusted_to_be_possible() {
        let pace = Pace::learned(1000, true);
        pace.learn(usize::MAX, Duration::ZERO);
        assert_eq!(pace.size(), Some(1000));
        pace.learn(0, Duration::MAX);
        assert_eq!(pace.size(), Some(1));
    }
}
