//! A task is unlinked from the run queue while a worker pops.

use std::sync::Arc;

use concurrent_futures_core::inside::{RunQueue, home};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::queue_support::three_tasks;

/// I7: the task comes out at one of the two, and its neighbours are linked as before.
///
/// Turned red by: lists touched without their lock, a removal that does not look where the task is.
#[test]
fn one_of_the_two_gets_it() {
    model(Bound::Exhaustive, || {
        let (tasks, futures, _executor) = three_tasks();
        let queue = Arc::new(RunQueue::new(1));
        queue.push_all(tasks.into());
        let middle = futures[1].canceller();
        let remover = {
            let (queue, middle) = (Arc::clone(&queue), middle.clone());
            thread::spawn(move || queue.remove(&middle))
        };
        let popped = [queue.pop(), queue.pop()].map(Option::unwrap);
        let removed = remover.join().unwrap();
        assert_eq!(popped[0].id(), Some(futures[0].id()));
        match removed {
            Some(task) => {
                assert_eq!(task.id(), Some(futures[1].id()));
                assert_eq!(popped[1].id(), Some(futures[2].id()));
            }
            None => {
                assert_eq!(popped[1].id(), Some(futures[1].id()));
                assert_eq!(queue.pop().unwrap().id(), Some(futures[2].id()));
            }
        }
        assert!(queue.is_empty());
        assert_eq!(home(&middle), 0);
    });
}
