//! Programs that fork by themselves.

use rustix::process::{Pid, WaitOptions, waitpid};

use crate::kit::{alone, builder, result, usable};
use crate::tasks::{act_at, add};

/// Runs `f` in a copy of this process, which ends then. `f` must not panic.
fn in_a_copy(f: impl FnOnce()) {
    // SAFETY: the test has no other threads than the pool's and a watchdog, which do nothing at the moment,
    // so that the copy inherits no lock that is held; it ends without running anything else.
    let copy = unsafe { libc::fork() };
    if copy == 0 {
        f();
        // SAFETY: it ends.
        unsafe { libc::_exit(0) };
    }
    let waited = waitpid(Pid::from_raw(copy), WaitOptions::empty()).unwrap();
    assert_eq!(waited.and_then(|(_, status)| status.exit_status()), Some(0));
}

/// Seen red with a copy that recalled calls in the words that it shares with the workers.
#[test]
fn a_copy_that_uses_its_futures_and_its_pool_harms_nothing() {
    alone(|case| {
        let pool = builder(1).build().unwrap();
        let no_gate = || String::from("/dev/null");
        for round in (1000..).step_by(1000).take(5) {
            // What is known of this function is that it takes no time: calls of it are sent ahead.
            let calls = round..round + 50;
            calls.for_each(|id| drop(result(pool.submit(act_at, (id, no_gate())).unwrap())));
            let gate = case.gate();
            let first = pool.submit(act_at, (round + 50, gate.name())).unwrap();
            let ahead: Vec<_> = (round + 51..round + 70)
                .map(|id| pool.submit(act_at, (id, no_gate())).unwrap())
                .collect();
            in_a_copy(|| {
                for future in &ahead {
                    future.cancel();
                    let _ = (future.state(), future.done());
                }
                let _ = (first.running(), pool.counters(), pool.remaining(), pool.worker_pids());
                let _ = (pool.submit(add, (1, 2)).is_err(), pool.kill(first.id()));
            });
            gate.open();
            assert_eq!(result(first).unwrap(), round + 50);
            for (id, future) in (round + 51..).zip(ahead) {
                assert_eq!(result(future).unwrap(), id);
            }
        }
        usable(&pool);
        drop(pool);
    });
}
