//! One thread pushes to the run queue, one pops, one takes half.

use std::sync::Arc;

use concurrent_futures_core::inside::{RunQueue, home};
use concurrent_futures_core::{FutureId, Task};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::queue_support::three_tasks;

/// I7: each task comes out once, in order at each taker, and has no home then.
///
/// Turned red by: lists touched without their lock.
#[test]
fn each_comes_out_once() {
    model(Bound::Exhaustive, || {
        let ([first, second, third], futures, _executor) = three_tasks();
        let queue = Arc::new(RunQueue::new(1));
        queue.push_all(vec![first, second]);
        let thief = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.take_half())
        };
        let popper = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.pop())
        };
        queue.push(third);
        let stolen = thief.join().unwrap();
        let popped = popper.join().unwrap();
        assert!(popped.is_some(), "it held two or three, and half of that was taken at most");
        assert!((1..=2).contains(&stolen.len()));
        let left = core::iter::from_fn(|| queue.pop());
        let all: Vec<_> = stolen.into_iter().chain(popped).chain(left).collect();
        let mut out: Vec<FutureId> = all.iter().filter_map(Task::id).collect();
        out.sort_by_key(|id| futures.iter().position(|future| future.id() == *id));
        assert_eq!(out, futures.each_ref().map(|future| future.id()));
        assert!(futures.iter().all(|future| home(&future.canceller()) == 0));
    });
}
