//! What the current thread is running: the stack of tasks that have claimed one another.
//!
//! A frame lives on the thread's own stack while its task runs. Without `std` there is no way to
//! ask which thread one is on: nothing is recorded, and nothing is claimed by waiting.

use core::ptr::NonNull;

use crate::slot::SlotRef;

/// Nested claims allowed on one thread. A stack of 2 MiB holds that many frames of 16 KiB.
pub(crate) const DEPTH_MAX: usize = 128;

/// A task that runs on this thread.
pub(crate) struct Frame {
    slot: NonNull<()>,
    keeper: Option<NonNull<()>>,
    parent: Option<NonNull<Frame>>,
    depth: usize,
}

#[cfg(feature = "std")]
mod top {
    use super::{Frame, NonNull};
    use core::cell::Cell;

    crate::sync::thread_local! {
        static TOP: Cell<Option<NonNull<Frame>>> = Cell::new(None);
    }

    pub(super) fn get() -> Option<NonNull<Frame>> {
        // A thread that is ending, and has destroyed its locals, runs no task of ours any more.
        TOP.try_with(Cell::get).ok().flatten()
    }

    pub(super) fn set(frame: Option<NonNull<Frame>>) {
        let _ = TOP.try_with(|top| top.set(frame));
    }
}

#[cfg(not(feature = "std"))]
mod top {
    use super::{Frame, NonNull};

    pub(super) fn get() -> Option<NonNull<Frame>> {
        None
    }

    pub(super) fn set(_: Option<NonNull<Frame>>) {}
}

/// Restores the frame below, also when what runs unwinds.
struct PopOnDrop(Option<NonNull<Frame>>);

impl Drop for PopOnDrop {
    fn drop(&mut self) {
        top::set(self.0);
    }
}

/// Runs `f` as part of the task in `slot`.
pub(crate) fn enter<R>(slot: &SlotRef, f: impl FnOnce() -> R) -> R {
    let parent = top::get();
    let depth = depth() + 1;
    let frame = Frame { slot: slot.address(), keeper: slot.keeper_address(), parent, depth };
    top::set(Some(NonNull::from(&frame)));
    let _pop = PopOnDrop(parent);
    f()
}

fn find(mut wanted: impl FnMut(&Frame) -> bool) -> bool {
    let mut next = top::get();
    while let Some(frame) = next {
        // SAFETY: frames are linked only from above, live on this thread's stack, and are unlinked
        // by `PopOnDrop` before `enter` returns.
        let frame = unsafe { frame.as_ref() };
        if wanted(frame) {
            return true;
        }
        next = frame.parent;
    }
    false
}

fn depth() -> usize {
    let mut depth = 0;
    find(|frame| {
        depth = frame.depth;
        true
    });
    depth
}

/// Whether this thread is running a task at all.
#[cfg(feature = "std")]
pub(crate) fn in_task() -> bool {
    top::get().is_some()
}

/// Whether this thread is running that very task, or one that it has claimed.
pub(crate) fn runs(slot: &SlotRef) -> bool {
    find(|frame| frame.slot == slot.address())
}

/// Whether this thread runs a task of that keeper, which therefore is alive (I6).
pub(crate) fn runs_for(keeper: NonNull<()>) -> bool {
    find(|frame| frame.keeper == Some(keeper))
}

/// Whether another task may be claimed on this thread.
pub(crate) fn has_room() -> bool {
    depth() < DEPTH_MAX
}
