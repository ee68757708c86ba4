//! Spans that are carried along with tasks, as a subscriber sees them.

use core::fmt;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, ThreadId};

use concurrent_futures::{
    Shutdown, TaskError, ThreadPoolBuilder, ThreadPoolExecutor, TracingHook, as_completed,
};
use tracing::dispatcher::{self, Dispatch};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, info, info_span};
use tracing_core::Interest;
use tracing_core::span::{Attributes, Current, Id, Record};

use crate::support::{Blocker, within};

// --- a subscriber that keeps everything ---

#[derive(Clone)]
struct Collector {
    seen: Arc<Mutex<Seen>>,
    max_level: Level,
}

#[derive(Default)]
struct Seen {
    /// By their number less one.
    spans: Vec<SeenSpan>,
    /// What was said, and in which span.
    events: Vec<(String, Option<u64>)>,
    /// The spans in which each thread is.
    entered: HashMap<ThreadId, Vec<u64>>,
}

#[derive(Clone, Debug)]
struct SeenSpan {
    metadata: &'static Metadata<'static>,
    parent: Option<u64>,
    fields: Fields,
    handles: usize,
    /// The threads that have entered it, in that order.
    entered_by: Vec<ThreadId>,
}

#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.into());
    }
}

impl Collector {
    fn new(max_level: Level) -> Self {
        Self { seen: Arc::default(), max_level }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    /// Runs `f` in a watched thread whose subscriber this is, and checks that nothing is left open.
    fn watch<R: Send + 'static>(&self, f: impl FnOnce() -> R + Send + 'static) -> R {
        let dispatch = Dispatch::new(self.clone());
        let value = within(move || dispatcher::with_default(&dispatch, f));
        let seen = self.seen();
        assert!(seen.entered.values().all(Vec::is_empty), "a thread is still in a span");
        for span in &seen.spans {
            assert_eq!(span.handles, 0, "never closed: {span:?}");
        }
        value
    }

    fn tasks(&self) -> Vec<SeenSpan> {
        let spans = self.seen().spans.clone();
        spans.into_iter().filter(|span| span.metadata.name() == "task").collect()
    }

    /// The names of the spans around that event, the innermost first.
    #[track_caller]
    fn ancestors(&self, event: &str) -> Vec<&'static str> {
        let seen = self.seen();
        let said = seen.events.iter().find(|(text, _)| text == event);
        let mut next = said.expect("said").1;
        let mut names = Vec::new();
        while let Some(id) = next {
            let span = seen.span(id);
            names.push(span.metadata.name());
            next = span.parent;
        }
        names
    }
}

impl Seen {
    fn span(&self, id: u64) -> &SeenSpan {
        &self.spans[usize::try_from(id).unwrap() - 1]
    }

    fn span_mut(&mut self, id: &Id) -> &mut SeenSpan {
        &mut self.spans[usize::try_from(id.into_u64()).unwrap() - 1]
    }

    fn current(&self) -> Option<u64> {
        self.entered.get(&thread::current().id())?.last().copied()
    }
}

impl SeenSpan {
    fn field(&self, name: &str) -> &str {
        self.fields.0.get(name).map_or("", |value| value)
    }
}

impl Subscriber for Collector {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes() // there are as many collectors as tests
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.max_level
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut seen = self.seen();
        let contextual = attributes.is_contextual().then(|| seen.current()).flatten();
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        seen.spans.push(SeenSpan {
            metadata: attributes.metadata(),
            parent: attributes.parent().map(Id::into_u64).or(contextual),
            fields,
            handles: 1,
            entered_by: Vec::new(),
        });
        Id::from_u64(seen.spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        values.record(&mut self.seen().span_mut(id).fields);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut seen = self.seen();
        let current = seen.current();
        seen.events.push((fields.0.remove("message").unwrap_or_default(), current));
    }

    fn enter(&self, id: &Id) {
        let thread = thread::current().id();
        let mut seen = self.seen();
        seen.span_mut(id).entered_by.push(thread);
        seen.entered.entry(thread).or_default().push(id.into_u64());
    }

    fn exit(&self, id: &Id) {
        let left = self.seen().entered.entry(thread::current().id()).or_default().pop();
        assert_eq!(left, Some(id.into_u64()), "spans are left in the order of a stack");
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.seen().span_mut(id).handles += 1;
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut seen = self.seen();
        let span = seen.span_mut(&id);
        span.handles -= 1;
        span.handles == 0
    }

    fn current_span(&self) -> Current {
        let seen = self.seen();
        match seen.current() {
            Some(id) => Current::new(Id::from_u64(id), seen.span(id).metadata),
            None => Current::none(),
        }
    }
}

fn build(builder: ThreadPoolBuilder, hook: TracingHook) -> ThreadPoolExecutor {
    builder.max_workers(1).task_hook(hook).build().unwrap()
}

/// A pool of one whose tasks have the subscriber of whoever submits.
fn traced() -> ThreadPoolExecutor {
    build(ThreadPoolExecutor::builder(), TracingHook::new().carry_subscriber())
}

// --- ancestors ---

#[test]
fn an_event_in_a_task_has_the_submitters_span_as_ancestor() {
    let collector = Collector::new(Level::TRACE);
    collector.watch(|| {
        let pool = traced();
        let future = info_span!("request").in_scope(|| pool.submit(|| info!("inside")).unwrap());
        future.result().unwrap();
        pool.submit(|| info!("outside")).unwrap().result().unwrap();
    });
    assert_eq!(collector.ancestors("inside"), ["task", "request"]);
    assert_eq!(collector.ancestors("outside"), ["task"]);
}

#[test]
fn events_in_the_items_of_a_map_have_it_too() {
    let collector = Collector::new(Level::TRACE);
    collector.watch(|| {
        let pool = traced();
        let _request = info_span!("request").entered();
        let count = pool.map(|number| info!("item {number}"), 0..3_u8).count();
        assert_eq!(count, 3);
    });
    for item in ["item 0", "item 1", "item 2"] {
        assert_eq!(collector.ancestors(item), ["task", "request"]);
    }
}

#[test]
fn a_task_of_a_task_has_both_as_ancestors_also_when_claimed() {
    let collector = Collector::new(Level::TRACE);
    collector.watch(|| {
        let pool = Arc::new(traced());
        let ours = pool.clone();
        let outer = move || {
            let inner = info_span!("step").in_scope(|| ours.submit(|| info!("inner")));
            inner.unwrap().result().unwrap(); // in a pool of one: claimed
            info!("outer");
        };
        pool.submit(outer).unwrap().result().unwrap();
    });
    assert_eq!(collector.ancestors("inner"), ["task", "step", "task"]);
    assert_eq!(collector.ancestors("outer"), ["task"]);
}

#[test]
fn without_the_subscriber_the_span_is_entered_all_the_same() {
    let collector = Collector::new(Level::TRACE);
    let worker = collector.watch(|| {
        let pool = build(ThreadPoolExecutor::builder(), TracingHook::new());
        let task = || {
            info!("to the worker's own subscriber, which is none");
            thread::current().id()
        };
        pool.submit(task).unwrap().result().unwrap()
    });
    assert_eq!(collector.tasks()[0].entered_by, [worker]);
    assert!(collector.seen().events.is_empty());
}

#[test]
fn where_the_tasks_span_is_disabled_the_submitters_is_carried_along() {
    let collector = Collector::new(Level::INFO);
    let worker = collector.watch(|| {
        let pool = traced();
        let task = || {
            info!("inside");
            thread::current().id()
        };
        let future = info_span!("request", outcome = "mine").in_scope(|| pool.submit(task));
        future.unwrap().result().unwrap()
    });
    assert_eq!(collector.ancestors("inside"), ["request"]);
    let request = collector.seen().span(1).clone();
    assert_eq!(request.entered_by.len(), 2);
    assert_eq!(request.entered_by[1], worker);
    assert_eq!(request.field("outcome"), "mine", "nothing is written to the submitter's span");
}

#[test]
fn without_any_subscriber_tasks_run_as_ever() {
    within(|| {
        let pool = build(ThreadPoolExecutor::builder(), TracingHook::new());
        assert_eq!(pool.submit(|| 5).unwrap().result().unwrap(), 5);
    });
}

// --- fields and ends ---

#[test]
fn a_span_says_how_its_task_ended() {
    let collector = Collector::new(Level::TRACE);
    collector.watch(|| {
        let hook = TracingHook::new().named("fetch").carry_subscriber();
        let pool = build(ThreadPoolExecutor::builder(), hook);
        pool.submit(|| ()).unwrap().result().unwrap();
        let failed = pool.submit_fallible(|| Err::<(), _>("no luck")).unwrap();
        assert!(failed.result().is_err());
        let panicked = pool.submit(|| "x".parse::<u8>().unwrap()).unwrap();
        assert!(panicked.result().is_err());
    });
    let [returned, failed, panicked] = &collector.tasks()[..] else { panic!("three tasks") };
    assert_eq!((returned.field("outcome"), returned.field("error")), ("returned", ""));
    let error = "task failed: no luck";
    assert_eq!((failed.field("outcome"), failed.field("error")), ("failed", error));
    assert_eq!(panicked.field("outcome"), "panicked");
    assert!(panicked.field("error").contains("InvalidDigit"), "{panicked:?}");
    for span in [returned, failed, panicked] {
        assert_eq!(span.metadata.target(), "concurrent_futures");
        assert_eq!(span.field("executor"), "fetch");
        assert!(span.field("callable").contains("a_span_says_how_its_task_ended"), "{span:?}");
        span.field("queued_us").parse::<u64>().expect("microseconds");
    }
}

#[test]
fn a_cancelled_task_closes_its_span_without_entering_it() {
    let collector = Collector::new(Level::TRACE);
    collector.watch(|| {
        let pool = traced();
        let blocker = Blocker::occupy(&pool);
        let future = pool.submit(|| ()).unwrap();
        assert!(future.cancel());
        blocker.release();
        pool.shutdown(Shutdown::wait()).unwrap();
        pool.submit(|| ()).unwrap_err();
    });
    let tasks = collector.tasks();
    assert_eq!(tasks[0].field("outcome"), "returned");
    for never in &tasks[1..] {
        assert_eq!(never.field("outcome"), "never_started");
        assert_eq!(never.field("queued_us"), "");
        assert!(never.entered_by.is_empty());
    }
    assert_eq!(tasks.len(), 3, "the blocker, the cancelled one, the refused one");
}

#[test]
fn many_tasks_of_many_workers_each_keep_their_own_span() {
    let collector = Collector::new(Level::TRACE);
    collector.watch(|| {
        let hook = TracingHook::new().carry_subscriber();
        let pool = ThreadPoolExecutor::builder().max_workers(4).task_hook(hook).build().unwrap();
        let submit = |number: u32| {
            info_span!("request", number).in_scope(|| pool.submit(move || info!("task {number}")))
        };
        let futures = (0..100).map(submit).collect::<Result<Vec<_>, _>>().unwrap();
        let outcomes = as_completed(futures).map(|future| future.result());
        outcomes.collect::<Result<Vec<()>, TaskError>>().unwrap();
    });
    for number in 0..100 {
        assert_eq!(collector.ancestors(&format!("task {number}")), ["task", "request"]);
    }
    let seen = collector.seen();
    for (text, span) in &seen.events {
        let task = seen.span(span.expect("in a span"));
        let request = seen.span(task.parent.expect("has a parent"));
        assert_eq!(*text, format!("task {}", request.field("number")));
    }
}
