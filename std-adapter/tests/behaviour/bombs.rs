//! Panic payloads that panic when dropped (T2). The library forgets what such a drop throws, since
//! a type may go on like this for ever: these tests leak by design, and are to be left out where
//! leaks are looked for (`--skip bombs::`).

use std::panic::panic_any;
use std::thread;

use crate::support::{Blocker, pool, within};

struct Bomb(u8);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            panic_any(Self(self.0 - 1));
        }
    }
}

#[test]
fn a_payload_that_panics_when_dropped_leaves_the_worker_alone() {
    within(|| {
        let pool = pool(1);
        let worker = || pool.submit(|| thread::current().id()).unwrap().result().unwrap();
        let before = worker();
        for bomb in [1, 2, 200] {
            // Dropped by whoever asked.
            let future = pool.submit(move || panic_any(Bomb(bomb))).unwrap();
            drop(future.result());
            // Dropped by the worker, since nobody asks.
            let blocker = Blocker::occupy(&pool);
            drop(pool.submit(move || panic_any(Bomb(bomb))));
            blocker.release();
            // Thrown by a callback.
            let future = pool.submit(|| ()).unwrap();
            future.add_done_callback(move |_| panic_any(Bomb(bomb)));
            future.result().unwrap();
            // Thrown as a value is dropped.
            struct Value(u8);
            impl Drop for Value {
                fn drop(&mut self) {
                    panic_any(Bomb(self.0));
                }
            }
            let blocker = Blocker::occupy(&pool);
            drop(pool.submit(move || Value(bomb)).unwrap());
            let captured = Value(bomb);
            assert!(pool.submit(move || drop(captured)).unwrap().cancel());
            blocker.release();
        }
        assert_eq!(worker(), before);
    });
}

#[test]
fn a_payload_of_the_initializer_that_panics_when_dropped_breaks_the_pool_and_no_more() {
    within(|| {
        let pool = concurrent_futures::ThreadPoolExecutor::builder()
            .max_workers(1)
            .initializer(|| -> Result<(), String> { panic_any(Bomb(3)) })
            .build()
            .unwrap();
        let broken = match pool.submit(|| ()) {
            Ok(future) => future.result().unwrap_err().to_string(),
            Err(refused) => refused.to_string(),
        };
        assert!(broken.contains("a value that is not text"), "{broken}");
    });
}
