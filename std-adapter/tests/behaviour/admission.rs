//! A bounded queue in front of real threads: how much gets in, who waits how long, and what the end
//! does to those who wait. Every order of events is tested in core, with workers run by hand.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::task::{Context, Poll};
use core::time::Duration;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::task::{Wake, Waker};
use std::thread;

use concurrent_futures::{
    PoolSettings, RefusedReason, Shutdown, SubmitError, TaskError, TaskErrorKind,
    ThreadPoolExecutor, WhenFull,
};

use crate::platform::scarce_with;
use crate::support::{Blocker, Counter, Gate, Thread, receive, within};

fn bounded(workers: usize, capacity: usize) -> ThreadPoolExecutor {
    ThreadPoolExecutor::builder().max_workers(workers).queue_capacity(capacity).build().unwrap()
}

#[test]
fn a_capacity_of_zero_is_an_error() {
    let error = ThreadPoolExecutor::builder().queue_capacity(0).build().unwrap_err();
    let text = "a queue capacity of 0 would accept nothing: ask for 1 at least, or for none";
    assert_eq!(error.to_string(), text);
}

#[test]
fn as_many_are_accepted_as_run_and_wait_and_no_more() {
    const WORKERS: usize = 3;
    const CAPACITY: usize = 5;
    within(|| {
        let pool = Arc::new(bounded(WORKERS, CAPACITY));
        let mut busy: Vec<_> = (0..WORKERS).map(|_| Blocker::occupy(&pool)).collect();
        let ran = Counter::new();
        let counts = |ran: &Counter| {
            let ran = ran.clone();
            move || ran.count()
        };
        for _ in 0..CAPACITY {
            drop(pool.submit(counts(&ran)).unwrap());
        }
        assert_eq!(pool.counters().queued, CAPACITY);
        // The next is not, whatever the policy makes of it.
        let reason = |policy| pool.when_full(policy).submit(counts(&ran)).unwrap_err();
        assert_eq!(*reason(WhenFull::Reject).reason(), RefusedReason::Full);
        let later = WhenFull::BlockFor(Duration::from_millis(1));
        assert_eq!(*reason(later).reason(), RefusedReason::Full);
        let caller = thread::current().id();
        let here = pool.when_full(WhenFull::RunInCaller).submit(|| thread::current().id()).unwrap();
        assert!(here.done());
        assert_eq!(here.result().unwrap(), caller);
        let blocked = submit_in_thread(&pool, counts(&ran));
        assert_eq!((ran.get(), blocked.is_finished()), (0, false));
        busy.pop().unwrap().release();
        blocked.join().unwrap().unwrap();
        drop(busy);
        pool.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(ran.get(), CAPACITY + 1);
    });
}

type Submitted = Result<(), SubmitError<()>>;

/// Submits in a thread of its own, which is parked when this returns.
fn submit_in_thread(
    pool: &Arc<ThreadPoolExecutor>,
    task: impl FnOnce() + Send + 'static,
) -> thread::JoinHandle<Submitted> {
    let pool = pool.clone();
    let (told, submitter) = mpsc::channel();
    let handle = thread::spawn(move || {
        told.send(Thread::current()).unwrap();
        pool.submit(task).map(drop).map_err(SubmitError::without_callable)
    });
    receive(&submitter).until_parked();
    handle
}

#[test]
fn who_blocks_first_gets_in_first() {
    within(|| {
        let pool = Arc::new(bounded(1, 1));
        let order = Arc::new(Mutex::new(Vec::new()));
        let note = |number: usize| {
            let order = order.clone();
            move || order.lock().unwrap().push(number)
        };
        let blocker = Blocker::occupy(&pool);
        drop(pool.submit(note(0)).unwrap());
        let blocked: Vec<_> = (1..8).map(|n| submit_in_thread(&pool, note(n))).collect();
        blocker.release();
        blocked.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
        pool.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(*order.lock().unwrap(), (0..8).collect::<Vec<_>>());
    });
}

#[test]
fn a_deadline_is_waited_for_and_the_closure_comes_back() {
    within(|| {
        let pool = bounded(1, 1);
        let blocker = Blocker::occupy(&pool);
        drop(pool.submit(|| ()).unwrap());
        let time = Duration::from_millis(20);
        let began = std::time::Instant::now();
        let refused = pool.when_full(WhenFull::BlockFor(time)).submit(|| 7).unwrap_err();
        assert!(began.elapsed() >= time);
        assert_eq!(*refused.reason(), RefusedReason::Full);
        assert_eq!(refused.into_inner()(), 7);
        // Beyond the clock: as long as it takes.
        let gate = blocker.release_later();
        thread::scope(|scope| {
            let (told, submitter) = mpsc::channel();
            let pool = &pool;
            let submitted = scope.spawn(move || {
                told.send(Thread::current()).unwrap();
                pool.when_full(WhenFull::BlockFor(Duration::MAX)).submit(|| 8)
            });
            receive(&submitter).until_parked();
            gate.open();
            assert_eq!(submitted.join().unwrap().unwrap().result().unwrap(), 8);
        });
    });
}

#[test]
fn never_do_more_wait_than_there_is_room_for() {
    const CAPACITY: usize = 3;
    const TASKS: usize = 500;
    within(|| {
        let pool = Arc::new(bounded(2, CAPACITY));
        let ran = Counter::new();
        let submitters: Vec<_> = (0..4)
            .map(|number| {
                let (pool, ran) = (pool.clone(), ran.clone());
                thread::spawn(move || {
                    for _ in 0..TASKS {
                        let ran = ran.clone();
                        let task = move || ran.count();
                        // Two of them block, two await.
                        let submitted = if number % 2 == 0 {
                            pool.submit(task)
                        } else {
                            block_on(pool.submit_async(task))
                        };
                        drop(submitted.unwrap());
                        assert!(pool.counters().queued <= CAPACITY);
                    }
                })
            })
            .collect();
        submitters.into_iter().for_each(|thread| thread.join().unwrap());
        pool.shutdown(Shutdown::wait()).unwrap();
        assert_eq!(ran.get(), 4 * TASKS);
    });
}

#[test]
fn tasks_that_submit_to_a_full_queue_all_run() {
    within(|| {
        for policy in [WhenFull::Block, WhenFull::RunInCaller] {
            let pool = ThreadPoolExecutor::builder().max_workers(2).queue_capacity(1);
            let pool = Arc::new(pool.when_full(policy).build().unwrap());
            let ran = Counter::new();
            fn tree(pool: &Arc<ThreadPoolExecutor>, ran: &Counter, depth: usize) {
                ran.count();
                for _ in 0..if depth == 0 { 0 } else { 3 } {
                    let (inner, ran) = (pool.clone(), ran.clone());
                    drop(pool.submit(move || tree(&inner, &ran, depth - 1)).unwrap());
                }
            }
            let (inner, counted) = (pool.clone(), ran.clone());
            pool.submit(move || tree(&inner, &counted, 6)).unwrap().result().unwrap();
            let all = (0..=6).map(|level| 3_usize.pow(level)).sum();
            while ran.get() < all {
                thread::yield_now();
            }
            pool.shutdown(Shutdown::wait()).unwrap();
            assert_eq!(ran.get(), all);
        }
    });
}

#[test]
fn a_map_over_a_bounded_queue_has_an_outcome_for_every_item() {
    within(|| {
        for policy in [
            WhenFull::Block,
            WhenFull::BlockFor(Duration::MAX),
            WhenFull::RunInCaller,
            WhenFull::Reject,
        ] {
            let pool = ThreadPoolExecutor::builder().max_workers(2).queue_capacity(2);
            let pool = Arc::new(pool.when_full(policy).build().unwrap());
            let inner = pool.clone();
            let of_a_task = pool.submit(move || outcomes_of_a_map(&inner)).unwrap();
            for (done, refused) in [outcomes_of_a_map(&pool), of_a_task.result().unwrap()] {
                assert_eq!(done + refused, 2000);
                assert!(refused == 0 || policy == WhenFull::Reject, "{policy:?}");
            }
        }
    });
}

/// How many items came back, and how many were refused.
fn outcomes_of_a_map(pool: &ThreadPoolExecutor) -> (usize, usize) {
    let outcomes: Vec<_> = pool.map(|n| n, 0..2000).collect();
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = |error: &TaskError| error.kind() == TaskErrorKind::Refused;
    (done, outcomes.iter().filter(|outcome| outcome.as_ref().is_err_and(refused)).count())
}

#[test]
fn a_scope_over_a_bounded_queue_blocks_and_ends() {
    within(|| {
        let (pool, sum) = (bounded(2, 1), AtomicUsize::new(0));
        pool.scope(|scope| {
            for n in 0..200 {
                let sum = &sum;
                drop(scope.submit(move || sum.fetch_add(n, Ordering::SeqCst)).unwrap());
            }
        });
        assert_eq!(sum.load(Ordering::SeqCst), 19_900);
    });
}

#[test]
fn an_executor_chosen_at_run_time_has_the_policies_of_its_pool() {
    within(|| {
        let pool = ThreadPoolExecutor::builder().max_workers(1).queue_capacity(1);
        let pool = pool.when_full(WhenFull::Reject).build_any().unwrap();
        let gate = Gate::new();
        let (closed, (started, has_started)) = (gate.clone(), mpsc::channel());
        let task = move || {
            started.send(()).unwrap();
            closed.pass();
        };
        drop(pool.submit(task).unwrap());
        receive(&has_started);
        drop(pool.submit(|| ()).unwrap());
        assert_eq!(*pool.submit(|| ()).unwrap_err().reason(), RefusedReason::Full);
        assert!(pool.when_full(WhenFull::RunInCaller).submit(|| ()).unwrap().done());
        assert_eq!((pool.counters().queued, pool.counters().submitted), (1, 3));
        gate.open();
    });
}

// --- the end ---

#[test]
fn every_end_gives_the_closure_back_to_who_waits_for_room() {
    within(|| {
        for how in [
            Shutdown::wait(),
            Shutdown::wait().cancel_futures(),
            Shutdown::detach(),
            Shutdown::detach().cancel_futures(),
        ] {
            let pool = Arc::new(bounded(1, 1));
            let blocker = Blocker::occupy(&pool);
            let ran = Counter::new();
            let counted = ran.clone();
            let queued = pool.submit(move || counted.count()).unwrap();
            let blocked: Vec<_> =
                (0..3).map(|_| submit_in_thread(&pool, || unreachable!("refused"))).collect();
            let gate = blocker.release_later();
            let inner = pool.clone();
            let ending = thread::spawn(move || inner.shutdown(how));
            for thread in blocked {
                let refused = thread.join().unwrap().unwrap_err();
                assert_eq!(*refused.reason(), RefusedReason::ShutDown);
            }
            gate.open();
            ending.join().unwrap().unwrap();
            let cancelled = queued.result().is_err_and(|error| error.is_cancelled());
            assert_eq!(cancelled, ran.get() == 0, "{how:?}");
        }
    });
}

#[test]
fn submitters_that_race_with_the_end_run_or_get_their_closures_back() {
    within(|| {
        for round in 0..100 {
            let pool = Arc::new(bounded(2, 1));
            let (ran, accepted) = (Counter::new(), Arc::new(AtomicUsize::new(0)));
            let submitters: Vec<_> = (0..3)
                .map(|number| {
                    let (pool, ran, accepted) = (pool.clone(), ran.clone(), accepted.clone());
                    thread::spawn(move || {
                        loop {
                            let ran = ran.clone();
                            let task = move || ran.count();
                            let submitted = match number {
                                0 => block_on(pool.submit_async(task)),
                                1 => pool.submit(task),
                                _ => pool.when_full(WhenFull::RunInCaller).submit(task),
                            };
                            match submitted {
                                Ok(_) => accepted.fetch_add(1, Ordering::SeqCst),
                                Err(refused) => {
                                    assert_eq!(*refused.reason(), RefusedReason::ShutDown);
                                    return;
                                }
                            };
                        }
                    })
                })
                .collect();
            while accepted.load(Ordering::SeqCst) < round {
                thread::yield_now();
            }
            pool.shutdown(Shutdown::wait()).unwrap();
            let ran_by_then = ran.get();
            submitters.into_iter().for_each(|thread| thread.join().unwrap());
            assert_eq!((ran.get(), ran_by_then), (accepted.load(Ordering::SeqCst), ran.get()));
        }
    });
}

#[test]
fn an_initializer_that_fails_tells_who_waits_for_room() {
    within(|| {
        let gate = Gate::new();
        let closed = gate.clone();
        let pool = ThreadPoolExecutor::builder().max_workers(1).queue_capacity(1);
        let pool = pool.initializer(move || {
            closed.pass();
            Err::<(), _>("no licence")
        });
        let pool = Arc::new(pool.build().unwrap());
        let queued = pool.submit(|| ()).unwrap();
        let blocked: Vec<_> =
            (0..3).map(|_| submit_in_thread(&pool, || unreachable!("refused"))).collect();
        gate.open();
        for thread in blocked {
            let refused = thread.join().unwrap().unwrap_err();
            assert!(matches!(refused.reason(), RefusedReason::Broken(_)), "{refused:?}");
        }
        assert!(queued.result().unwrap_err().to_string().contains("no licence"));
    });
}

#[test]
fn who_waits_for_room_starts_a_worker_when_the_first_cannot_be_had() {
    within(|| {
        for there_is_a_second in [true, false] {
            let (entered, starting) = mpsc::channel();
            let gate = Gate::new();
            let closed = gate.clone();
            let permit = move |asked| {
                entered.send(()).unwrap();
                closed.pass();
                asked > 0 && there_is_a_second
            };
            let pool = Arc::new(scarce_with(PoolSettings::new(1).queue_capacity(1), permit));
            let inner = pool.clone();
            let first = thread::spawn(move || inner.submit(|| 1).map(|future| future.result()));
            receive(&starting);
            let inner = pool.clone();
            let (told, submitter) = mpsc::channel();
            let second = thread::spawn(move || {
                told.send(Thread::current()).unwrap();
                inner.submit(|| 2).map(|future| future.result())
            });
            receive(&submitter).until_parked();
            gate.open();
            let refused = first.join().unwrap().unwrap_err();
            assert!(matches!(refused.reason(), RefusedReason::NoWorker(_)), "{refused:?}");
            match second.join().unwrap() {
                Ok(outcome) => assert_eq!((outcome.unwrap(), there_is_a_second), (2, true)),
                Err(refused) => {
                    assert!(!there_is_a_second && refused.into_inner()() == 2, "unharmed");
                }
            }
        }
    });
}

/// Polls in a loop, and parks the thread in between.
fn block_on<F: Future>(future: F) -> F::Output {
    #[derive(Default)]
    struct Bell(Mutex<bool>, Condvar);
    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            *self.0.lock().unwrap() = true;
            self.1.notify_one();
        }
    }
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(bell.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        let silent = bell.0.lock().unwrap();
        *bell.1.wait_while(silent, |rung| !*rung).unwrap() = false;
    }
}

// --- fairness ---

/// A task that submits itself again, until it is told to stop.
fn again(pool: &Arc<ThreadPoolExecutor>, stop: &Arc<AtomicBool>) {
    if !stop.load(Ordering::SeqCst) {
        let (inner, told) = (pool.clone(), stop.clone());
        drop(pool.submit(move || again(&inner, &told)).unwrap());
    }
}

#[test]
fn workers_that_keep_submitting_to_themselves_get_to_what_others_submit() {
    within(|| {
        for capacity in [None, Some(4)] {
            let builder = ThreadPoolExecutor::builder().max_workers(2);
            let builder = match capacity {
                None => builder,
                Some(tasks) => builder.queue_capacity(tasks),
            };
            let (pool, stop) =
                (Arc::new(builder.build().unwrap()), Arc::new(AtomicBool::new(false)));
            for _ in 0..2 {
                let (inner, told) = (pool.clone(), stop.clone());
                drop(pool.submit(move || again(&inner, &told)).unwrap());
            }
            for n in 0..100 {
                assert_eq!(pool.submit(move || n).unwrap().result().unwrap(), n);
            }
            stop.store(true, Ordering::SeqCst);
            pool.shutdown(Shutdown::wait()).unwrap();
        }
    });
}

#[test]
fn what_waits_behind_a_long_task_is_got_to_by_workers_that_are_always_busy() {
    within(|| {
        let (pool, stop) = (Arc::new(crate::support::pool(3)), Arc::new(AtomicBool::new(false)));
        for _ in 0..2 {
            let (inner, told) = (pool.clone(), stop.clone());
            drop(pool.submit(move || again(&inner, &told)).unwrap());
        }
        let inner = pool.clone();
        let long = pool.submit(move || {
            // Into this worker's own queue, and then it goes on without looking there.
            let gate = Gate::new();
            let behind = gate.clone();
            drop(inner.submit(move || behind.open()).unwrap());
            gate.pass();
        });
        long.unwrap().result().unwrap();
        stop.store(true, Ordering::SeqCst);
        pool.shutdown(Shutdown::wait()).unwrap();
    });
}

#[test]
fn with_one_tasks_start_in_the_order_submitted_also_those_of_tasks() {
    const TASKS: usize = 2000;
    /// Numbers given and numbers started; the lock makes giving and submitting one step.
    #[derive(Default)]
    struct Log(Mutex<usize>, Mutex<Vec<usize>>);
    fn submit(pool: &Arc<ThreadPoolExecutor>, log: &Arc<Log>) {
        let mut given = log.0.lock().unwrap();
        if *given < TASKS {
            let (inner, noted, number) = (pool.clone(), log.clone(), *given);
            *given += 1;
            let task = move || {
                noted.1.lock().unwrap().push(number);
                submit(&inner, &noted);
            };
            drop(pool.submit(task).unwrap());
        }
    }
    within(|| {
        for capacity in [None, Some(TASKS)] {
            let builder = ThreadPoolExecutor::builder().max_workers(1);
            let builder = match capacity {
                None => builder,
                Some(tasks) => builder.queue_capacity(tasks),
            };
            let (pool, log) = (Arc::new(builder.build().unwrap()), Arc::new(Log::default()));
            // Some are queued before any of them submits the next.
            let blocker = Blocker::occupy(&pool);
            (0..TASKS / 10).for_each(|_| submit(&pool, &log));
            blocker.release();
            while *log.0.lock().unwrap() < TASKS {
                submit(&pool, &log);
            }
            pool.shutdown(Shutdown::wait()).unwrap();
            assert_eq!(*log.1.lock().unwrap(), (0..TASKS).collect::<Vec<_>>());
        }
    });
}
