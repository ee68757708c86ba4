//! A task waits for another of its own pool while a worker, or nobody, starts that one.

use std::sync::Arc;
use std::sync::Mutex;

use concurrent_futures_core::{Future, TaskErrorKind};
use concurrent_futures_loom::{Bound, model};
use loom::thread;

use crate::pool_support::{Hands, Start, kept_worker};
use crate::support::Count;

/// I1, I7: the waiter runs the task itself or waits for the worker that does; either way it is run once.
///
/// Turned red by: a waiter that looks whether the task is pending, and runs it whether or not its claim succeeded.
#[test]
fn it_is_run_once() {
    // Some forty operations each: a second with 3 preemptions, fifteen with 4.
    model(Bound::Preemptions(3), || {
        let executor = Hands::new(&[Start::Kept, Start::Spawned]).executor(2);
        let (wanted, runs) = (Slip::default(), Count::default());
        let (slip, ran) = (wanted.clone(), runs.clone());
        let waiting = executor.submit(move || slip.take().result().unwrap()).unwrap();
        wanted.put(
            executor
                .submit(move || {
                    ran.up();
                    7
                })
                .unwrap(),
        );
        executor.close();
        kept_worker(&executor).run();
        assert_eq!(waiting.result().unwrap(), 7);
        assert_eq!(runs.get(), 1);
        assert_eq!(executor.remaining().tasks, 0);
    });
}

/// I1, I7: a pool of one; the task is cancelled from outside meanwhile. It is run once or not at all.
///
/// Turned red by: the same.
#[test]
fn it_is_run_or_cancelled() {
    // Some thirty operations each: half a second with 5 preemptions.
    model(Bound::Preemptions(5), || {
        let executor = Hands::new(&[Start::Kept]).executor(1);
        let (wanted, runs) = (Slip::default(), Count::default());
        let (slip, ran) = (wanted.clone(), runs.clone());
        let waiting = executor.submit(move || slip.take().result()).unwrap();
        let future = executor
            .submit(move || {
                ran.up();
                7
            })
            .unwrap();
        let canceller = future.canceller();
        wanted.put(future);
        executor.close();
        let canceller = thread::spawn(move || canceller.cancel());
        kept_worker(&executor).run();
        let cancelled = canceller.join().unwrap();
        match waiting.result().unwrap() {
            Ok(value) => assert_eq!((value, cancelled), (7, false)),
            Err(error) => assert_eq!((error.kind(), cancelled), (TaskErrorKind::Cancelled, true)),
        }
        assert_eq!(runs.get(), usize::from(!cancelled));
        assert_eq!(executor.remaining().tasks, 0);
    });
}

/// Hands the future of a task to another task, both of which are submitted before either runs.
#[derive(Clone, Default)]
struct Slip(Arc<Mutex<Option<Future<u32>>>>);

impl Slip {
    fn put(&self, future: Future<u32>) {
        *self.0.lock().unwrap() = Some(future);
    }

    fn take(&self) -> Future<u32> {
        self.0.lock().unwrap().take().unwrap()
    }
}
