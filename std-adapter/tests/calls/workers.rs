//! What a pool says of its workers, and the guard that ends it.

use std::process;

use concurrent_futures::{
    AnyTaskExecutor, CallErrorReason, RefusedReason, Shutdown, TaskExecutor, WorkerState,
};

use crate::functions::{double, own_pid, tell_and_wait};
use crate::support::{Signs, until, within, workers};

#[test]
fn workers_say_what_they_run() {
    within(|| {
        let (signs, processes) = (Signs::new(), workers(1));
        let pid = processes.submit(own_pid, ()).unwrap().result().unwrap();
        until("it is idle", || processes.workers()[0].state == WorkerState::Idle);
        let worker = &processes.workers()[0];
        assert_eq!((worker.pid, worker.running, worker.answered), (pid, None, 1));

        let waiting = (signs.path("started"), signs.path("go"));
        let future = processes.submit(tell_and_wait, waiting).unwrap();
        signs.wait_for("started");
        let worker = &processes.workers()[0];
        assert_eq!((worker.state, worker.running), (WorkerState::Busy, Some(future.id())));
        signs.give("go");
        future.result().unwrap();
        processes.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(processes.workers(), []);
    });
}

/// Seen red, as the next one, with a guard that does nothing.
#[test]
fn a_guard_closes_the_pool_and_waits_for_its_workers() {
    within(|| {
        let processes = workers(2);
        let futures: Vec<_> = (0..50).map(|n| processes.submit(double, n).unwrap()).collect();
        drop(processes.exit_guard());
        assert!(futures.iter().all(|future| future.done()), "what was accepted is run");
        assert_eq!(processes.worker_pids(), []);
        let refused = processes.submit(double, 1).unwrap_err();
        assert_eq!(*refused.reason(), CallErrorReason::Refused(RefusedReason::ShutDown));
    });
}

#[test]
fn a_guard_of_a_chosen_executor_does_so_too() {
    within(|| {
        let chosen = AnyTaskExecutor::from(workers(1));
        let pid = chosen.submit_task(own_pid, ()).unwrap();
        drop(chosen.exit_guard().with(Shutdown::wait()));
        assert!(pid.done());
        assert_ne!(pid.result().unwrap(), process::id());
        assert!(chosen.submit_task(double, 1).is_err());
    });
}
