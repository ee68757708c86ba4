//! What a pool is made of, and what it cannot be made of.

use core::hint::black_box;
use std::collections::BTreeSet;
use std::sync::{Arc, Barrier, mpsc};
use std::thread::{self, ThreadId};

use concurrent_futures::{
    AnyExecutor, InlineBackend, QueuedTask, TaskHook, TaskRun, TaskSpan, ThreadPoolBuilder,
    ThreadPoolExecutor,
};

use crate::support::{pool, receive, within};

#[test]
fn zero_workers_are_an_error() {
    let error = ThreadPoolExecutor::new(0).unwrap_err();
    assert_eq!(error.to_string(), "a pool of 0 workers: ask for 1 at least and 65536 at most");
    assert!(ThreadPoolExecutor::builder().max_workers(0).build().is_err());
}

#[test]
fn more_workers_than_can_be_counted_are_an_error() {
    assert!(ThreadPoolExecutor::new(usize::MAX).unwrap_err().to_string().contains("65536"));
    assert!(ThreadPoolExecutor::new((1 << 16) + 1).is_err());
    assert_eq!(pool(1 << 16).max_workers(), 1 << 16);
}

#[test]
fn a_name_with_a_nul_is_an_error() {
    let error = ThreadPoolExecutor::builder().thread_name_prefix("a\0b").build().unwrap_err();
    assert_eq!(error.to_string(), "a thread's name cannot have a NUL in it: choose another");
}

#[test]
fn by_default_there_are_four_workers_more_than_processors_and_32_at_most() {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let pool = ThreadPoolExecutor::builder().build().unwrap();
    assert_eq!(pool.max_workers(), (processors + 4).min(32));
}

fn names_of(builder: ThreadPoolBuilder, workers: usize) -> BTreeSet<String> {
    let pool = builder.max_workers(workers).build().unwrap();
    let together = Arc::new(Barrier::new(workers));
    let futures: Vec<_> = (0..workers)
        .map(|_| {
            let together = together.clone();
            let task = move || {
                together.wait();
                thread::current().name().unwrap().to_string()
            };
            pool.submit(task).unwrap()
        })
        .collect();
    futures.into_iter().map(|future| future.result().unwrap()).collect()
}

#[test]
fn threads_are_named_by_prefix_and_number() {
    within(|| {
        let names = names_of(ThreadPoolExecutor::builder().thread_name_prefix("fetch-"), 3);
        assert_eq!(names, ["fetch-0", "fetch-1", "fetch-2"].map(String::from).into());
    });
}

#[test]
fn threads_are_named_after_the_pool_by_default() {
    within(|| {
        let names = names_of(ThreadPoolExecutor::builder(), 1);
        assert_eq!(names, ["ThreadPoolExecutor-0".to_string()].into());
    });
}

#[test]
fn threads_have_the_stack_asked_for() {
    /// More than the 2 MiB that std gives by default.
    const LARGE: usize = 8 << 20;
    within(|| {
        let pool =
            ThreadPoolExecutor::builder().max_workers(1).stack_size(4 * LARGE).build().unwrap();
        let sum = pool.submit(|| {
            let large = black_box([1_u8; LARGE]);
            large.iter().map(|byte| usize::from(*byte)).sum::<usize>()
        });
        assert_eq!(sum.unwrap().result().unwrap(), LARGE);
    });
}

#[test]
fn builder_pool_and_errors_can_be_printed() {
    let builder = ThreadPoolExecutor::builder().max_workers(2).thread_name_prefix("print-");
    let text = format!("{builder:?}");
    assert!(text.contains("print-") && text.contains("max_workers: Some(2)"), "{text}");
    let text = format!("{:?}", builder.build().unwrap());
    assert!(text.contains("ThreadPoolExecutor") && text.contains("max_workers: 2"), "{text}");
}

#[test]
fn pools_can_be_shared_and_sent() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<ThreadPoolExecutor>();
    shared::<ThreadPoolBuilder>();
}

/// Says in which thread a task was submitted, and in which it runs.
struct Threads(mpsc::Sender<[ThreadId; 2]>);
struct Submitted(mpsc::Sender<[ThreadId; 2]>, ThreadId);

impl TaskHook for Threads {
    fn queued(&self, _: &QueuedTask) -> Option<Box<dyn TaskSpan>> {
        Some(Box::new(Submitted(self.0.clone(), thread::current().id())))
    }
}

impl TaskSpan for Submitted {
    fn run(self: Box<Self>, task: TaskRun<'_>) {
        let outcome = task.run();
        self.0.send([self.1, thread::current().id()]).unwrap();
        outcome.unwrap();
    }
}

#[test]
fn a_task_hook_hears_of_each_task_where_it_is_submitted_and_where_it_runs() {
    within(|| {
        let (sender, threads) = mpsc::channel();
        let hook = Arc::new(Threads(sender));
        let builder = ThreadPoolExecutor::builder().max_workers(2).task_hook(hook.clone());
        assert!(format!("{builder:?}").contains("task_hook: true"));
        let pool = builder.build().unwrap();
        let worker = pool.submit(|| thread::current().id()).unwrap().result().unwrap();
        assert_eq!(receive(&threads), [thread::current().id(), worker]);
        assert_eq!(pool.map(|_| (), 0..10).count(), 10);
        drop(pool);
        assert_eq!(threads.try_iter().count(), 10);
        let any = ThreadPoolExecutor::builder().max_workers(2).task_hook(hook.clone());
        drop(any.build_any().unwrap().submit(|| ()).unwrap());
        assert_eq!(threads.try_iter().count(), 1);
        drop(AnyExecutor::with_hook(InlineBackend, hook).submit(|| ()).unwrap());
        assert_eq!(threads.try_iter().count(), 1);
    });
}
