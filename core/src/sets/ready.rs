//! Which members of a set have been resolved: a stack that completers push to without a lock.
//!
//! The waker of each member is its own entry of the stack. The consumer takes all at once and is
//! woken only by the push that finds the stack empty: a batch of completions costs one wake-up.
#![forbid(unsafe_code)]

use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::task::Waker;

use crate::sync::{atomic::AtomicBool, atomic::AtomicUsize, atomic::Ordering};

/// No entry; entries count from 1.
const NONE: usize = 0;

pub(super) struct Ready {
    top: AtomicUsize,
    consumer: Waker,
}

pub(super) struct Entry {
    ready: Arc<Ready>,
    /// From 1.
    number: usize,
    /// The entry below. Written by whoever pushes, read by the consumer after it took the stack.
    below: AtomicUsize,
    pushed: AtomicBool,
}

impl Ready {
    pub(super) fn new(consumer: Waker) -> Arc<Self> {
        Arc::new(Self { top: AtomicUsize::new(NONE), consumer })
    }

    /// The waker of the member at `index`.
    pub(super) fn entry(self: &Arc<Self>, index: usize) -> Arc<Entry> {
        Arc::new(Entry {
            ready: self.clone(),
            number: index + 1,
            below: AtomicUsize::new(NONE),
            pushed: AtomicBool::new(false),
        })
    }

    /// Takes what was pushed since: indices, the first pushed first.
    pub(super) fn take<'a>(&self, entry: impl Fn(usize) -> &'a Entry) -> Vec<usize> {
        // ORDERING: Acquire; pairs with the Release in `push`: the entries below are seen.
        let mut number = self.top.swap(NONE, Ordering::Acquire);
        let mut indices = Vec::new();
        while number != NONE {
            indices.push(number - 1);
            // ORDERING: Relaxed; published by `push`.
            number = entry(number - 1).below.load(Ordering::Relaxed);
        }
        indices.reverse();
        indices
    }
}

impl Entry {
    fn push(&self) {
        // ORDERING: Relaxed; only one of several wakes may push, whichever.
        if self.pushed.swap(true, Ordering::Relaxed) {
            return;
        }
        let push = |top| {
            // ORDERING: Relaxed; published by the exchange.
            self.below.store(top, Ordering::Relaxed);
            Some(self.number)
        };
        // ORDERING: Release; pairs with the Acquire in `take`.
        let before = self.ready.top.fetch_update(Ordering::Release, Ordering::Relaxed, push);
        if before == Ok(NONE) {
            self.ready.consumer.wake_by_ref();
        }
    }
}

impl Wake for Entry {
    fn wake(self: Arc<Self>) {
        self.push();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.push();
    }
}
