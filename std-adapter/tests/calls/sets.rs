//! Futures of processes where futures of threads would do, and both together.

use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;

use concurrent_futures::{
    AnyFuture, FixedWaitSet, FutureState, ReturnWhen, Shutdown, TaskErrorKind, ThreadPoolExecutor,
    WaitEnd, WaitSet, as_completed, as_completed_timeout, wait,
};
use futures::executor::block_on;

use crate::functions::{double, own_pid, parse, tell_and_wait, touchy};
use crate::support::{Signs, within, workers};

#[test]
fn a_set_of_both_kinds_comes_as_each_is_done() {
    within(|| {
        let (signs, threads, processes) =
            (Signs::new(), ThreadPoolExecutor::new(1).unwrap(), workers(1));
        let waiting = (signs.path("started"), signs.path("go"));
        let slow = processes.submit(tell_and_wait, waiting).unwrap();
        let quick = threads.submit(|| 7_u64).unwrap();
        let mut order = Vec::new();
        for (name, future) in as_completed([("process", slow), ("thread", quick)]) {
            order.push((name, future.result().unwrap()));
            signs.give("go");
        }
        assert_eq!(order, [("thread", 7), ("process", 1)]);
    });
}

#[test]
fn different_results_of_both_kinds_are_waited_for_together() {
    within(|| {
        let (threads, processes) = (ThreadPoolExecutor::new(1).unwrap(), workers(1));
        let number = processes.submit(double, 4).unwrap().erase();
        let pid = processes.submit(own_pid, ()).unwrap().erase();
        let text = threads.submit(|| "text").unwrap().erase();
        let waited = wait([number, pid, text], None, ReturnWhen::AllCompleted);
        assert_eq!((waited.end, waited.done.len()), (WaitEnd::Condition, 3));
        let [number, pid, text]: [AnyFuture; 3] = waited.done.try_into().unwrap();
        assert_eq!(number.downcast::<u64>().unwrap().result().unwrap(), 8);
        assert_ne!(pid.downcast::<u32>().unwrap().result().unwrap(), std::process::id());
        assert_eq!(text.downcast::<&str>().unwrap().result().unwrap(), "text");
    });
}

#[test]
fn waiting_for_the_first_failure_sees_those_of_processes() {
    within(|| {
        let signs = Signs::new();
        let processes = workers(2);
        let waiting = (signs.path("started"), signs.path("go"));
        let slow = processes.submit(tell_and_wait, waiting).unwrap();
        let panics = processes.submit(touchy, 3).unwrap();
        let waited = wait([slow, panics], None, ReturnWhen::FirstException);
        assert_eq!((waited.done.len(), waited.not_done.len()), (1, 1));
        signs.give("go");

        let raises = processes.submit_fallible(parse, "x".into()).unwrap();
        let waited = wait([raises], None, ReturnWhen::FirstException);
        let mut raised = waited.done.into_iter().next().unwrap();
        assert_eq!(raised.exception().unwrap().kind(), TaskErrorKind::Failed);
    });
}

#[test]
fn a_timeout_gives_back_what_is_running_elsewhere() {
    within(|| {
        let signs = Signs::new();
        let processes = workers(1);
        let waiting = (signs.path("started"), signs.path("go"));
        let slow = processes.submit(tell_and_wait, waiting).unwrap();
        signs.wait_for("started");
        let mut left = as_completed_timeout([slow], Duration::from_millis(5));
        let pending = left.next().unwrap().unwrap_err().into_inner();
        assert!(pending[0].running());
        signs.give("go");
        assert_eq!(pending.into_iter().next().unwrap().result().unwrap(), 1);
    });
}

#[test]
fn sets_take_members_of_both_kinds_in_between() {
    within(|| {
        let (threads, processes) = (ThreadPoolExecutor::new(1).unwrap(), workers(1));
        let mut set = WaitSet::new();
        set.insert(processes.submit(double, 1).unwrap());
        let mut values = Vec::new();
        while let Some(future) = set.next() {
            let value = future.result().unwrap();
            values.push(value);
            if value < 30 {
                let next = match values.len() % 2 {
                    0 => processes.submit(double, value).unwrap(),
                    _ => threads.submit(move || 2 * value).unwrap(),
                };
                set.insert(next);
            }
        }
        assert_eq!(values, [2, 4, 8, 16, 32]);

        let mut fixed = pin!(FixedWaitSet::<_, 2>::new());
        fixed.as_mut().insert(processes.submit(double, 5).unwrap()).unwrap();
        fixed.as_mut().insert(threads.submit(|| 11).unwrap()).unwrap();
        let mut both =
            [(); 2].map(|()| block_on(fixed.as_mut().next_async()).unwrap().result().unwrap());
        both.sort();
        assert_eq!(both, [10, 11]);
    });
}

#[test]
fn it_can_be_awaited() {
    within(|| {
        let processes = workers(1);
        let future = processes.submit(double, 4).unwrap();
        assert_eq!(block_on(future).unwrap(), 8);
        let error = block_on(processes.submit(touchy, 5).unwrap()).unwrap_err();
        assert_eq!(error.kind(), TaskErrorKind::WorkerLost);
    });
}

#[test]
fn a_shared_one_has_many_readers() {
    within(|| {
        let processes = workers(1);
        let shared = processes.submit_fallible(parse, "17".into()).unwrap().shared();
        let others: Vec<_> = (0..4)
            .map(|_| {
                let shared = shared.clone();
                std::thread::spawn(move || shared.result().copied().unwrap())
            })
            .collect();
        assert!(others.into_iter().all(|thread| thread.join().unwrap() == 17));
        let failed = processes.submit_fallible(parse, "x".into()).unwrap().shared();
        assert!(failed.result().unwrap_err().message().starts_with("x: "));
        assert_eq!(block_on(async { (&shared).await.copied() }).unwrap(), 17);
    });
}

#[test]
fn what_follows_gets_the_value() {
    within(|| {
        let processes = workers(1);
        let next = processes.submit(double, 4).unwrap().then(|value| value.map(|n| n + 1));
        assert_eq!(next.result().unwrap().unwrap(), 9);
    });
}

#[test]
fn callbacks_are_told_how_it_ended() {
    within(|| {
        let processes = workers(1);
        let (sender, told) = mpsc::channel();
        for (sender, function) in [(sender.clone(), 4), (sender, 3)] {
            let future = processes.submit(touchy, function).unwrap();
            future.add_done_callback(move |completion| {
                sender.send(completion.error().map(|error| error.kind())).unwrap();
            });
        }
        let told: Vec<_> = told.iter().collect();
        assert_eq!(told, [None, Some(TaskErrorKind::Panicked)]);
    });
}

#[test]
fn cancellers_and_cancel_on_drop_reach_what_waits() {
    within(|| {
        let signs = Signs::new();
        let processes = workers(1);
        let item = |name: &str| (signs.path(name), signs.path("go"));
        let running = processes.submit(tell_and_wait, item("running")).unwrap();
        let mut waiting = processes.submit(tell_and_wait, item("waiting")).unwrap();
        let dropped = processes.submit(tell_and_wait, item("dropped")).unwrap().cancel_on_drop();
        signs.wait_for("running");
        assert!(!running.canceller().cancel(), "it runs");
        assert!(waiting.canceller().cancel());
        assert_eq!(waiting.exception().unwrap().kind(), TaskErrorKind::Cancelled);
        assert_eq!(waiting.state(), FutureState::Cancelled);
        drop(dropped);
        signs.give("go");
        assert_eq!(running.result().unwrap(), 1);
        processes.shutdown(Shutdown::wait()).unwrap();
        assert_eq!((signs.count("waiting"), signs.count("dropped")), (0, 0));
    });
}

#[test]
fn a_task_of_a_thread_pool_may_wait_for_one_of_a_process() {
    within(|| {
        let (threads, processes) = (ThreadPoolExecutor::new(1).unwrap(), workers(1));
        let inner = processes.submit(double, 4).unwrap();
        let outer = threads.submit_fallible(move || inner.result().map(|n| n + 1)).unwrap();
        assert_eq!(outer.result().unwrap(), 9);
        let inner = processes.submit(touchy, 3).unwrap();
        let outer = threads.submit_fallible(move || inner.result()).unwrap();
        assert_eq!(outer.result().unwrap_err().kind(), TaskErrorKind::Panicked);
    });
}
