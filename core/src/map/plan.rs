//! [`Plan`]: how many items go into the next flight.

use super::options::MapOptions;
use super::pace::{self, Pace, SHARES};

/// In flight by default, in items.
const WINDOW: usize = 1024;
/// In flight by default for each worker, in chunks, where that is more: while one worker sleeps or
/// the consumer is away, the others have something to do.
const CHUNKS_AHEAD: usize = 8;

/// What the options come to for one call.
#[derive(Debug)]
pub(super) struct Plan {
    /// As given.
    window: Option<usize>,
    /// As given; `None` for sizes that are learned.
    chunk: Option<usize>,
    workers: usize,
}

impl Plan {
    /// The plan for items of that `size_hint`, and the pace of its chunks.
    pub(super) fn new<I, R>(
        options: &MapOptions,
        hint: (usize, Option<usize>),
        workers: impl FnOnce() -> usize,
    ) -> (Self, Pace) {
        let (window, chunk) = (options.window, options.chunk);
        if chunk == Some(1) {
            return (Self { window, chunk, workers: 1 }, Pace::fixed());
        }
        let workers = workers().max(1);
        let pace = match chunk {
            Some(_) => Pace::fixed(),
            None => {
                let shares = workers.saturating_mul(SHARES);
                let exact = hint.1 == Some(hint.0);
                let share = if exact { hint.0.div_ceil(shares) } else { usize::MAX };
                let seat = window.map_or(usize::MAX, |window| window / shares);
                Pace::learned(pace::most_of::<I, R>().min(share).min(seat).max(1), exact)
            }
        };
        (Self { window, chunk, workers }, pace)
    }

    /// Whether each item is a task of its own.
    pub(super) fn one_by_one(&self) -> bool {
        self.chunk == Some(1)
    }

    /// How many items the next flight may have while so many are in flight; 0 for none.
    pub(super) fn next(&self, in_flight: usize, pace: &Pace) -> usize {
        let (size, ahead) = match (self.chunk, pace.size()) {
            (Some(size), _) | (None, Some(size)) => {
                let chunks = size.saturating_mul(self.workers.saturating_mul(CHUNKS_AHEAD));
                (size, if size == 1 { WINDOW } else { chunks.max(WINDOW) })
            }
            // Nothing is known yet: a few for each worker, to learn from.
            (None, None) => (1, self.workers.saturating_mul(SHARES)),
        };
        let window = match (self.window, self.chunk, pace.size()) {
            (Some(window), None, None) => window.min(ahead),
            (Some(window), ..) => window,
            (None, ..) => ahead,
        };
        let size = size.min(window);
        if in_flight == 0 || in_flight.saturating_add(size) <= window { size } else { 0 }
    }
}

#[cfg(test)]
#[expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]
mod tests {
    use super::{MapOptions, Pace, Plan};
    use alloc::vec::Vec;

    fn plan(options: MapOptions, items: usize) -> (Plan, Pace) {
        Plan::new::<u64, u64>(&options, (items, Some(items)), || 2)
    }

    /// The sizes of the flights that are submitted before any lands.
    fn flights(plan: &Plan, pace: &Pace) -> Vec<usize> {
        let mut in_flight = 0;
        core::iter::from_fn(|| match plan.next(in_flight, pace) {
            0 => None,
            size => {
                in_flight += size;
                Some(size)
            }
        })
        .collect()
    }

    #[test]
    fn a_window_counts_items_whatever_the_chunks() {
        let (plan, pace) = plan(MapOptions::new().window(10).chunk_size(4), 100);
        assert_eq!(flights(&plan, &pace), [4, 4]);
    }

    #[test]
    fn a_chunk_is_not_larger_than_the_window() {
        let (plan, pace) = plan(MapOptions::new().window(10).chunk_size(usize::MAX), 100);
        assert_eq!(flights(&plan, &pace), [10]);
    }

    #[test]
    fn by_default_there_are_chunks_for_every_worker() {
        let (plan, pace) = plan(MapOptions::new().chunk_size(1000), 100_000);
        assert_eq!(flights(&plan, &pace), [1000; 16]);
    }

    #[test]
    fn a_learned_size_begins_with_a_few_single_items() {
        let (plan, pace) = plan(MapOptions::new().auto_chunk_size(), 100_000);
        assert_eq!(flights(&plan, &pace), [1; 8]);
        let (plan, pace) = super::Plan::new::<u64, u64>(
            &MapOptions::new().auto_chunk_size().window(3),
            (usize::MAX, None),
            || 2,
        );
        assert_eq!(flights(&plan, &pace), [1; 3]);
    }
}
