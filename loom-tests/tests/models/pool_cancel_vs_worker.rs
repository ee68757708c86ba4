//! A task is cancelled while a worker moves it from queue to queue, or starts it.

use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker};
use crate::support::Count;

/// I1, I7: wherever the task is, it is unlinked from there and nowhere else; it is run or cancelled, and its
/// neighbours are run.
///
/// Turned red by: a list that unlinks what any other list holds.
#[test]
fn it_is_run_or_unlinked() {
    // Some forty operations each: a second with 5 preemptions, minutes without.
    model(Bound::Preemptions(5), || {
        let executor = Hands::new(&[Start::Kept]).executor(1);
        let runs = Count::default();
        let submit = |weight| {
            let runs = runs.clone();
            executor.submit(move || (0..weight).for_each(|_| runs.up())).unwrap()
        };
        // Two of three are a batch, and the second of it goes by way of the worker's own queue.
        let [first, future, last] = [submit(1), submit(10), submit(100)];
        executor.close();
        let worker = kept_worker(&executor);
        let worker = thread::spawn(move || worker.run());
        let cancelled = future.cancel();
        worker.join().unwrap();
        drop((first, last));
        assert_eq!(future.cancelled(), cancelled);
        assert_eq!(runs.get(), if cancelled { 101 } else { 111 });
        assert_eq!(executor.remaining().tasks, 0);
    });
}
