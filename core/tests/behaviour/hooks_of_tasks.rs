//! What the hook of an executor hears of each task: every way to end, exactly once, in which order;
//! and that a hook which misbehaves costs nothing but itself.

use core::cell::RefCell;
use std::panic::panic_any;
use std::sync::{Arc, Mutex};

use concurrent_futures_core::{
    Backend, Executor, InlineBackend, QueuedTask, Refused, RefusedReason, Shutdown, Task, TaskHook,
    TaskRun, TaskSpan, WhenFull, wait,
};

use crate::support::{
    Counts, Held, Trace, report_callback_panics, reported_callback_panics, within,
};

/// Notes what it hears.
#[derive(Clone, Default)]
struct Noting {
    trace: Trace,
    errors: Arc<Mutex<Vec<String>>>,
}

impl TaskHook for Noting {
    fn queued(&self, _task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        self.trace.note("queued");
        Some(Box::new(self.clone()))
    }
}

impl TaskSpan for Noting {
    fn run(self: Box<Self>, task: TaskRun<'_>) {
        self.trace.note("started");
        let _exit = self.trace.on_drop("exited");
        match task.run() {
            Ok(()) => self.trace.note("returned"),
            Err(error) => {
                self.trace.note(if error.is_panicked() { "panicked" } else { "failed" });
                self.errors.lock().expect("nobody panics here").push(error.to_string());
            }
        }
    }

    fn never_started(self: Box<Self>) {
        self.trace.note("never started");
    }
}

fn noting<B: Backend>(backend: B) -> (Trace, Executor<B>, Noting) {
    let hook = Noting::default();
    (hook.trace.clone(), Executor::with_hook(backend, hook.clone()), hook)
}

fn noting_held() -> (Trace, Held, Executor<Held>, Noting) {
    let held = Held::that_claims();
    let (trace, executor, hook) = noting(held.clone());
    (trace, held, executor, hook)
}

// --- the ways to end ---

#[test]
fn a_task_that_returns_is_queued_started_and_finished() {
    let (trace, held, executor, _) = noting_held();
    let inside = trace.clone();
    let captured = trace.on_drop("closure dropped");
    let future = executor
        .submit(move || {
            inside.note("runs");
            drop(captured);
            5
        })
        .expect("accepted");
    assert_eq!(trace.take(), ["queued"]);
    let done = trace.clone();
    future.add_done_callback(move |_| done.note("done"));
    held.run_all();
    let ran = ["started", "runs", "closure dropped", "returned", "exited", "done"];
    assert_eq!(trace.take(), ran);
    assert_eq!(future.result().expect("it returned"), 5);
    drop((executor, held));
    assert!(trace.take().is_empty(), "exactly once");
}

#[test]
fn a_task_that_fails_is_finished_with_its_error() {
    let (trace, held, executor, hook) = noting_held();
    let future = executor.submit_fallible(|| Err::<(), _>("no luck")).expect("accepted");
    held.run_all();
    assert_eq!(trace.take(), ["queued", "started", "failed", "exited"]);
    let error = future.result().expect_err("it failed");
    assert_eq!(*hook.errors.lock().expect("nobody panics here"), [error.to_string()]);
}

#[test]
fn a_task_that_panics_is_finished_inside_of_its_span() {
    let (trace, held, executor, hook) = noting_held();
    let captured = trace.on_drop("closure dropped");
    let future = executor
        .submit(move || {
            let _captured = captured;
            panic!("at the disco")
        })
        .expect("accepted");
    held.run_all();
    let panicked = ["queued", "started", "closure dropped", "panicked", "exited"];
    assert_eq!(trace.take(), panicked);
    let error = future.result().expect_err("it panicked");
    assert_eq!(*hook.errors.lock().expect("nobody panics here"), [error.to_string()]);
    assert!(error.location().is_some_and(|at| at.contains("hooks_of_tasks.rs")), "{error}");
    let payload = error.into_panic().expect("the span has not taken it");
    assert_eq!(payload.downcast_ref(), Some(&"at the disco"));
}

#[test]
fn a_task_cancelled_while_queued_never_starts() {
    let (trace, held, executor, _) = noting_held();
    let captured = trace.on_drop("closure dropped");
    let future = executor.submit(move || drop(captured)).expect("accepted");
    let done = trace.clone();
    future.add_done_callback(move |_| done.note("done"));
    assert!(future.cancel());
    assert_eq!(trace.take(), ["queued", "never started", "closure dropped", "done"]);
    held.run_all();
    assert!(future.cancel());
    assert!(trace.take().is_empty(), "exactly once");
}

#[test]
fn tasks_cancelled_by_a_shutdown_never_start() {
    let (trace, _held, executor, _) = noting_held();
    let _futures = [(), ()].map(|()| executor.submit(|| ()).expect("accepted"));
    executor.shutdown(Shutdown::detach().cancel_futures()).expect("it does not wait");
    assert_eq!(trace.take(), ["queued", "queued", "never started", "never started"]);
}

#[test]
fn a_task_refused_by_its_backend_never_starts_and_comes_back() {
    struct Full;
    impl Backend for Full {
        fn schedule(&self, task: Task) -> Result<(), Refused> {
            Err(Refused::new(task, RefusedReason::Full))
        }
    }
    let (trace, executor, _) = noting(Full);
    let counts = Counts::default();
    let captured = counts.make();
    let closure = move || {
        drop(captured);
        5
    };
    let refused = executor.submit(closure).expect_err("full");
    assert_eq!(*refused.reason(), RefusedReason::Full);
    assert_eq!(trace.take(), ["queued", "never started"]);
    assert_eq!(counts.alive(), 1);
    assert_eq!((refused.into_inner())(), 5, "unharmed, and without the span");
    counts.assert_each_dropped_once();
    assert!(trace.take().is_empty(), "exactly once");
}

#[test]
fn a_task_refused_after_shutdown_never_starts_and_comes_back() {
    let (trace, held, executor, _) = noting_held();
    executor.close();
    let refused = executor.submit_fallible(|| Err::<(), _>("no luck")).expect_err("closed");
    assert_eq!(trace.take(), ["queued", "never started"]);
    assert_eq!((refused.into_inner())(), Err("no luck"));
    assert_eq!(held.len(), 0);
}

#[test]
fn a_task_abandoned_by_its_backend_never_starts() {
    let (trace, held, executor, _) = noting_held();
    let future = executor.submit(|| 1).expect("accepted");
    drop(held.pop().expect("submitted"));
    assert_eq!(trace.take(), ["queued", "never started"]);
    assert!(future.result().is_err());
}

#[test]
fn a_task_claimed_by_whoever_waits_nests_in_its_span() {
    let (trace, held, executor, _) = noting_held();
    let executor = Arc::new(executor);
    let (ours, inside) = (executor.clone(), trace.clone());
    let outer = executor
        .submit(move || {
            let inner = ours.submit(|| 1).expect("accepted");
            inside.note("waits");
            inner.result().expect("claimed")
        })
        .expect("accepted");
    assert_eq!(trace.take(), ["queued"]);
    assert!(held.run_next());
    let nested =
        ["started", "queued", "waits", "started", "returned", "exited", "returned", "exited"];
    assert_eq!(trace.take(), nested);
    assert_eq!(outer.result().expect("it returned"), 1);
    held.run_all(); // what the claim has left in the queue
    assert!(trace.take().is_empty(), "exactly once");
}

#[test]
fn every_item_of_a_map_has_a_span() {
    let (trace, executor, hook) = noting(InlineBackend);
    let doubled = executor.map(|n| n * 2, 0..2).collect::<Result<Vec<_>, _>>();
    assert_eq!(doubled.expect("they returned"), [0, 2]);
    let item = ["queued", "started", "returned", "exited"];
    assert_eq!(trace.take(), [item, item].concat());
    let outcomes = executor.map_fallible(|n: u8| if n == 0 { Ok(n) } else { Err("odd") }, 0..2);
    assert_eq!(outcomes.filter(Result::is_ok).count(), 1);
    assert!(trace.take().ends_with(&["queued", "started", "failed", "exited"]));
    assert_eq!(hook.errors.lock().expect("nobody panics here").len(), 1);
}

#[test]
fn every_way_to_submit_has_a_span() {
    let (trace, executor, _) = noting(InlineBackend);
    let item = ["queued", "started", "returned", "exited"];
    let policy = executor.when_full(WhenFull::RunInCaller);
    policy.submit(|| 1).expect("accepted").result().expect("it returned");
    assert_eq!(trace.take(), item);
    let awaited = crate::support::block_on(executor.submit_async(|| 1));
    awaited.expect("accepted").result().expect("it returned");
    assert_eq!(trace.take(), item);
}

#[test]
fn tasks_of_a_scope_borrow_under_their_spans() {
    let (trace, held, executor, _) = noting_held();
    let mut words = vec![String::from("one")];
    executor.scope(|scope| {
        let future = scope
            .submit(|| {
                trace.note("runs");
                words.push(String::from("two"));
                &words[1]
            })
            .expect("accepted");
        held.run_all();
        assert_eq!(trace.take(), ["queued", "started", "runs", "returned", "exited"]);
        assert_eq!(future.result().expect("it returned"), "two");
        let cancelled = scope.submit(|| trace.note("never")).expect("accepted");
        assert!(cancelled.cancel());
        assert_eq!(trace.take(), ["queued", "never started"]);
        executor.close();
        let refused = scope.submit(|| trace.note("after all")).expect_err("closed");
        assert_eq!(trace.take(), ["queued", "never started"]);
        (refused.into_inner())();
        assert_eq!(trace.take(), ["after all"]);
    });
}

#[test]
fn whoever_sees_the_future_done_sees_what_the_span_has_left() {
    within(|| {
        let (backend, worker) = crate::support::OneThread::start();
        let (trace, executor, _) = noting(backend);
        for _ in 0..100 {
            let future = executor.submit(|| ()).expect("accepted");
            drop(wait([future], None, concurrent_futures_core::ReturnWhen::AllCompleted));
            assert_eq!(trace.take(), ["queued", "started", "returned", "exited"]);
        }
        drop(executor);
        worker.join().expect("does not panic");
    });
}

// --- context ---

std::thread_local! {
    /// The contexts in which this thread is.
    static CONTEXT: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

fn context() -> Vec<u32> {
    CONTEXT.with_borrow(Clone::clone)
}

/// In a context as long as this lives.
struct Entered;

impl Entered {
    fn into(context: u32) -> Self {
        CONTEXT.with_borrow_mut(|all| all.push(context));
        Self
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CONTEXT.with_borrow_mut(|all| all.pop());
    }
}

/// Carries the submitter's context to the task, or the task alone if there is none.
struct Carrying;
struct Carried(u32);

impl TaskHook for Carrying {
    fn queued(&self, _task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        let context = *context().last()?;
        Some(Box::new(Carried(context)))
    }
}

impl TaskSpan for Carried {
    fn run(self: Box<Self>, task: TaskRun<'_>) {
        let _entered = Entered::into(self.0);
        let _ = task.run();
    }
}

#[test]
fn a_hook_carries_context_to_the_thread_of_the_task() {
    within(|| {
        let (backend, worker) = crate::support::OneThread::start();
        let executor = Executor::with_hook(backend, Carrying);
        let submitted = Entered::into(7);
        let inside = executor.submit(context).expect("accepted");
        let panics = executor.submit(|| panic!("context {:?}", context())).expect("accepted");
        drop(submitted);
        let outside = executor.submit(context).expect("accepted");
        assert_eq!(inside.result().expect("it returned"), [7]);
        let error = panics.result().expect_err("it panicked");
        assert_eq!(error.message(), "context [7]");
        assert_eq!(outside.result().expect("it returned"), [], "taken down, also after a panic");
        drop(executor);
        worker.join().expect("does not panic");
    });
}

#[test]
fn contexts_of_claimed_tasks_nest() {
    let held = Held::that_claims();
    let executor = Arc::new(Executor::with_hook(held.clone(), Carrying));
    let submitted = Entered::into(1);
    let ours = executor.clone();
    let seen = executor
        .submit(move || {
            let submitted = Entered::into(2);
            let inner = ours.submit(context).expect("accepted");
            drop(submitted);
            (inner.result().expect("claimed"), context())
        })
        .expect("accepted");
    drop(submitted);
    held.run_all();
    assert_eq!(seen.result().expect("it returned"), (vec![1, 2], vec![1]));
}

// --- what is known of a task ---

/// Keeps what is known of each task, and sends nothing along.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<(&'static str, &'static str)>>>);

impl TaskHook for Names {
    fn queued(&self, task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        let names = (task.callable_type(), task.result_type());
        self.0.lock().expect("nobody panics here").push(names);
        None
    }
}

fn answer() -> u8 {
    42
}

fn double(number: u64) -> u64 {
    number * 2
}

#[test]
fn a_hook_knows_the_types_of_the_task_and_may_leave_it_alone() {
    let names = Names::default();
    // Boxed and shared hooks are hooks, so that a program can choose one.
    let boxed: Box<dyn TaskHook> = Box::new(Arc::new(names.clone()));
    let executor = Executor::with_hook(InlineBackend, boxed);
    assert_eq!(executor.submit(answer).expect("accepted").result().expect("it returned"), 42);
    let failing = executor.submit_fallible(|| Err::<String, _>("no")).expect("accepted");
    assert!(failing.result().is_err());
    assert_eq!(executor.map(double, [1]).filter(Result::is_ok).count(), 1);
    let seen = names.0.lock().expect("nobody panics here");
    assert!(seen[0].0.ends_with("hooks_of_tasks::answer"), "{seen:?}");
    assert_eq!(seen[0].1, "u8");
    assert!(seen[1].0.contains("a_hook_knows_the_types"), "{seen:?}");
    assert!(seen[1].1.ends_with("String"), "{seen:?}");
    assert!(seen[2].0.contains("hooks_of_tasks::double"), "{seen:?}");
    assert_eq!(seen[2].1, "u64");
}

// --- hooks that misbehave ---

/// Where a hook panics.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Queued,
    BeforeRun,
    AfterRun,
    NeverStarted,
    Drop,
    Nowhere,
}

/// Panics there, with that text.
#[derive(Clone)]
struct Panicking(At, &'static str);

impl Panicking {
    fn reach(&self, at: At) {
        if self.0 == at {
            panic_any(self.1);
        }
    }
}

struct PanickingSpan(Panicking);

impl TaskHook for Panicking {
    fn queued(&self, _task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        self.reach(At::Queued);
        Some(Box::new(PanickingSpan(self.clone())))
    }
}

impl TaskSpan for PanickingSpan {
    fn run(self: Box<Self>, task: TaskRun<'_>) {
        self.0.reach(At::BeforeRun);
        let _ = task.run();
        self.0.reach(At::AfterRun);
    }

    fn never_started(self: Box<Self>) {
        self.0.reach(At::NeverStarted);
    }
}

impl Drop for PanickingSpan {
    fn drop(&mut self) {
        self.0.reach(At::Drop);
    }
}

/// Each way for a task to end, under a hook that panics there; says how often it did.
fn panics_of_a_hook_that_panics(at: At, text: &'static str) -> usize {
    report_callback_panics();
    let held = Held::default();
    let executor = Executor::with_hook(held.clone(), Panicking(at, text));
    let counts = Counts::default();
    let (one, two, three) = (counts.make(), counts.make(), counts.make());
    let returns = executor.submit(move || drop(one)).expect("accepted");
    let panics = executor
        .submit(move || {
            drop(two);
            panic!("the task's own")
        })
        .expect("accepted");
    let cancelled = executor.submit(move || drop(three)).expect("accepted");
    assert!(cancelled.cancel());
    assert!(cancelled.result().expect_err("cancelled").is_cancelled());
    held.run_all();
    returns.result().expect("it returned");
    let error = panics.result().expect_err("it panicked");
    assert_eq!(error.message(), "the task's own");
    assert!(error.location().is_some_and(|at| at.contains("hooks_of_tasks.rs")), "{error:?}");
    executor.close();
    let four = counts.make();
    let refused = executor.submit(move || drop(four)).expect_err("closed");
    assert_eq!(counts.alive(), 1);
    (refused.into_inner())();
    counts.assert_each_dropped_once();
    assert_eq!(executor.remaining().tasks, 0);
    reported_callback_panics(text)
}

#[test]
fn a_hook_that_panics_when_asked_costs_nothing_but_the_span() {
    assert_eq!(panics_of_a_hook_that_panics(At::Queued, "hook: when asked"), 4);
}

#[test]
fn a_span_that_panics_before_the_task_costs_nothing() {
    assert_eq!(panics_of_a_hook_that_panics(At::BeforeRun, "hook: before the task"), 2);
}

#[test]
fn a_span_that_panics_after_the_task_costs_nothing() {
    assert_eq!(panics_of_a_hook_that_panics(At::AfterRun, "hook: after the task"), 2);
}

#[test]
fn a_span_that_panics_when_its_task_never_starts_costs_nothing() {
    assert_eq!(panics_of_a_hook_that_panics(At::NeverStarted, "hook: never started"), 2);
}

#[test]
fn a_span_that_panics_when_dropped_costs_nothing() {
    assert_eq!(panics_of_a_hook_that_panics(At::Drop, "hook: dropped"), 4);
}

#[test]
fn a_hook_that_behaves_reports_nothing() {
    assert_eq!(panics_of_a_hook_that_panics(At::Nowhere, "hook: nowhere"), 0);
}

#[test]
fn a_task_that_its_span_forgets_runs_all_the_same() {
    struct Forgetful;
    impl TaskHook for Forgetful {
        fn queued(&self, _task: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
            Some(Box::new(Self))
        }
    }
    impl TaskSpan for Forgetful {
        fn run(self: Box<Self>, task: TaskRun<'_>) {
            assert_eq!(format!("{task:?}"), "TaskRun");
        }
    }
    let executor = Executor::with_hook(InlineBackend, Forgetful);
    assert_eq!(executor.submit(|| 5).expect("accepted").result().expect("it ran"), 5);
    let fails = executor.submit_fallible(|| Err::<(), _>("no luck")).expect("accepted");
    assert!(fails.result().is_err());
}

#[test]
fn a_closure_whose_drop_panics_costs_its_span_nothing() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let (trace, held, executor, _) = noting_held();
    let bomb = Bomb;
    let cancelled = executor.submit(move || core::mem::forget(bomb)).expect("accepted");
    assert!(cancelled.cancel());
    assert_eq!(trace.take(), ["queued", "never started"]);
    let bomb = Bomb;
    let panics = executor
        .submit(move || {
            let _captured = &bomb;
        })
        .expect("accepted");
    held.run_all();
    assert_eq!(trace.take(), ["queued", "started", "panicked", "exited"]);
    assert!(panics.result().expect_err("its closure panicked").is_panicked());
}
