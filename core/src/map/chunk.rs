//! The tasks of a `map`: one item, or a chunk of them.

use alloc::vec::Vec;
use core::marker::PhantomData;

use super::each::Each;
use super::function::MapFunction;
use super::outcomes::{Failed, Outcomes};
use super::pace::Pace;
use crate::body::Callable;
use crate::contain::contain;
use crate::error::TaskError;
use crate::sync::{Arc, atomic::AtomicBool, atomic::Ordering};

/// What all tasks of one `map` share.
#[derive(Debug)]
pub(super) struct Recipe<F> {
    function: F,
    pub(super) pace: Pace,
    /// Nobody wants the rest: chunks end within their next items.
    stopped: AtomicBool,
}

impl<F> Recipe<F> {
    pub(super) fn new(function: F, pace: Pace) -> Self {
        Self { function, pace, stopped: AtomicBool::new(false) }
    }

    pub(super) fn stop(&self) {
        // ORDERING: Relaxed; nothing is published by it, and one item more does no harm.
        self.stopped.store(true, Ordering::Relaxed);
    }

    #[inline]
    fn is_stopped(&self) -> bool {
        // ORDERING: Relaxed; as in `stop`.
        self.stopped.load(Ordering::Relaxed)
    }
}

/// The task of one item.
pub(super) struct OneItem<F, I, R> {
    recipe: Arc<Recipe<F>>,
    item: I,
    result: PhantomData<fn() -> R>,
}

impl<F, I, R> OneItem<F, I, R> {
    pub(super) fn new(recipe: Arc<Recipe<F>>, item: I) -> Self {
        Self { recipe, item, result: PhantomData }
    }
}

impl<F: MapFunction<I, R>, I, R> Callable for OneItem<F, I, R> {
    type Output = R;
    type Kept = Result<R, TaskError>;

    fn call(self) -> Result<R, TaskError> {
        self.recipe.function.call(self.item)
    }
}

/// A chunk looks whether it was stopped after so many items; after fewer at first, in case they are
/// slow ones.
const BLOCK_MAX: usize = 32;

/// The task of a chunk.
pub(super) struct Chunk<F, I, R> {
    recipe: Arc<Recipe<F>>,
    items: Each<I>,
    result: PhantomData<fn() -> R>,
}

impl<F, I, R> Chunk<F, I, R> {
    pub(super) fn new(recipe: Arc<Recipe<F>>, items: Vec<I>) -> Self {
        Self { recipe, items: items.into(), result: PhantomData }
    }
}

impl<F: MapFunction<I, R>, I, R> Callable for Chunk<F, I, R> {
    type Output = Outcomes<R>;
    type Kept = Result<Outcomes<R>, TaskError>;

    fn call(mut self) -> Result<Outcomes<R>, TaskError> {
        let items = self.items.len();
        let stopwatch = self.recipe.pace.begin();
        let mut values = Vec::with_capacity(items);
        let mut failures = Vec::new();
        // A panic ends this loop, not the chunk: as long as there is none, an item costs nothing
        // for being contained.
        while let Err(payload) = contain(|| self.run(&mut values, &mut failures)) {
            failures.push(Failed { after: values.len(), error: TaskError::panicked(payload) });
        }
        self.recipe.pace.end(stopwatch, items);
        Ok(Outcomes::new(values, failures))
    }
}

impl<F: MapFunction<I, R>, I, R> Chunk<F, I, R> {
    /// Works on what is left of the items. `values` has room for all of them.
    fn run(&mut self, values: &mut Vec<R>, failures: &mut Vec<Failed>) {
        let recipe = &*self.recipe;
        let mut block = 1;
        while self.items.len() > 0 && !recipe.is_stopped() {
            // Nothing but the function in there: no atomic that would have the lengths written back
            // and read again for each item. The compiler may even use vectors.
            recipe.function.call_each(&mut self.items, block, values, failures);
            block = (2 * block).min(BLOCK_MAX);
        }
    }
}
