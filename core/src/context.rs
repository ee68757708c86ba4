//! What the current thread is doing for us: the worker that it is, and the stack of tasks that have
//! claimed one another on it.
//!
//! Frames live on the thread's own stack. Without `std` there is no way to ask which thread one is
//! on: nothing is recorded, and nothing is claimed by waiting.

use core::ptr::NonNull;
use core::task::Waker;

use crate::keeper::KeeperRef;
use crate::slot::SlotRef;

/// Nested claims allowed on one thread. A stack of 2 MiB holds that many frames of 16 KiB.
pub(crate) const DEPTH_MAX: usize = 128;

/// One thing that this thread is doing.
struct Frame {
    activity: Activity,
    below: Option<NonNull<Frame>>,
    /// Tasks in this frame and below.
    depth: usize,
    /// The pool whose worker this thread is, and which one: in this frame or below.
    #[cfg(feature = "alloc")]
    worker: Option<(NonNull<()>, u32)>,
    /// Given to those who ask for it, see `token`.
    #[cfg(feature = "std")]
    token: core::cell::Cell<usize>,
}

enum Activity {
    /// Being a worker of the pool at this address, and which.
    Worker(NonNull<()>, u32),
    /// Running the task in this slot, whose keeper it keeps alive (I6).
    Task(NonNull<()>, Option<KeeperRef>),
    /// Resolving a task of the keeper at this address without having run it: cancelling it, say.
    Resolving(Option<NonNull<()>>),
}

#[cfg(feature = "std")]
mod top {
    use super::{Frame, NonNull};
    use core::cell::Cell;

    /// Whether frames are recorded.
    pub(super) const IS_KEPT: bool = true;

    crate::sync::thread_local_const! {
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

    pub(super) const IS_KEPT: bool = false;

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

fn enter<R>(activity: Activity, f: impl FnOnce() -> R) -> R {
    if !top::IS_KEPT {
        return f();
    }
    let below = top::get();
    // SAFETY: as in `find`.
    let under = below.map(|frame| unsafe { frame.as_ref() });
    let frame = Frame {
        depth: under.map_or(0, |frame| frame.depth)
            + usize::from(matches!(activity, Activity::Task(..))),
        #[cfg(feature = "alloc")]
        worker: match activity {
            Activity::Worker(pool, index) => Some((pool, index)),
            _ => under.and_then(|frame| frame.worker),
        },
        activity,
        below,
        #[cfg(feature = "std")]
        token: core::cell::Cell::new(0),
    };
    let _pop = PopOnDrop(frame.below);
    top::set(Some(NonNull::from(&frame)));
    f()
}

/// What a task is to a context that runs it, or resolves it. Made before that begins, since the slot may be
/// gone before it is over.
pub(crate) struct Entered {
    slot: NonNull<()>,
    /// As `SlotRef::keeper_on_heap` says: asked once for all that is to be done.
    pub(crate) keeper: Option<KeeperRef>,
}

impl Entered {
    #[inline]
    pub(crate) fn new(slot: &SlotRef) -> Self {
        Self { slot: slot.address(), keeper: slot.keeper_on_heap() }
    }
}

/// Runs `f` as part of the task, whose slot `f` may give up.
#[inline]
pub(crate) fn enter_task<R>(task: Entered, f: impl FnOnce() -> R) -> R {
    enter(Activity::Task(task.slot, task.keeper), f)
}

/// Runs `f` as part of what the promise of `slot` is about. Whoever accepted it, this thread is none
/// of their workers.
#[cfg(feature = "std")]
pub(crate) fn enter_promise<R>(slot: &SlotRef, f: impl FnOnce() -> R) -> R {
    enter(Activity::Task(slot.address(), None), f)
}

/// Runs `f` as part of resolving the task in `slot`, which this thread does not run.
pub(crate) fn enter_resolving<R>(slot: &SlotRef, f: impl FnOnce() -> R) -> R {
    enter(Activity::Resolving(Entered::new(slot).keeper.map(KeeperRef::address)), f)
}

/// Runs `f` as the worker `index` of the pool at `pool`.
#[cfg(feature = "alloc")]
pub(crate) fn enter_worker<R>(pool: NonNull<()>, index: u32, f: impl FnOnce() -> R) -> R {
    enter(Activity::Worker(pool, index), f)
}

/// Which worker of that pool this thread is, if it is one, and of no other above it.
#[cfg(feature = "alloc")]
#[inline]
pub(crate) fn worker_of(pool: NonNull<()>) -> Option<u32> {
    // SAFETY: as in `find`.
    let worker = top::get().and_then(|frame| unsafe { frame.as_ref() }.worker);
    worker.filter(|(at, _)| *at == pool).map(|(_, index)| index)
}

/// The first of this thread's activities, from the top, of which `f` makes something.
fn find<R>(mut f: impl FnMut(&Activity) -> Option<R>) -> Option<R> {
    let mut next = top::get();
    while let Some(frame) = next {
        // SAFETY: frames are linked only from above, live on this thread's stack, and are unlinked
        // by `PopOnDrop` before `enter` returns.
        let frame = unsafe { frame.as_ref() };
        if let Some(found) = f(&frame.activity) {
            return Some(found);
        }
        next = frame.below;
    }
    None
}

/// How many tasks this thread is running, one on top of the other.
pub(crate) fn depth() -> usize {
    // SAFETY: as in `find`.
    top::get().map_or(0, |frame| unsafe { frame.as_ref() }.depth)
}

/// A number for what this thread is doing now, which is never that of anything else: as long as it
/// is the same, the stack of tasks is. 0 for nothing.
#[cfg(feature = "std")]
pub(crate) fn token() -> usize {
    // Not the model's atomic: nothing is ordered by it.
    use core::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    // SAFETY: as in `find`.
    let Some(frame) = top::get().map(|frame| unsafe { frame.as_ref() }) else { return 0 };
    if frame.token.get() == 0 {
        // ORDERING: Relaxed; only that no two are the same matters.
        frame.token.set(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    frame.token.get()
}

/// Whether the task that calls this was asked to stop, by
/// [`request_stop`](crate::Future::request_stop) of its future. `false` outside of any task.
///
/// Where a task runs another one while it waits for it, the innermost is meant. A task is never
/// stopped by force: one that goes on for long looks here now and then, and returns.
///
/// # Examples
/// ```
/// # use concurrent_futures_core::{Executor, InlineBackend, promise, stop_requested};
/// let (promise, future) = promise();
/// future.request_stop();
/// let running = promise.start()?;
/// let turns = running.run(|| (0..100).take_while(|_| !stop_requested()).count());
/// running.complete(turns);
/// assert_eq!(future.result()?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "std")]
pub fn stop_requested() -> bool {
    find(|activity| match activity {
        Activity::Task(slot, _) => Some(*slot),
        _ => None,
    })
    .is_some_and(|slot| {
        // SAFETY: whoever entered the frame holds a reference to the slot until it is left (I8), and
        // the address is that of the whole slot.
        let header = unsafe { slot.cast::<crate::slot::Header>().as_ref() };
        header.state.load().is_stop_requested()
    })
}

/// Whether this thread is running a task at all.
pub(crate) fn in_task() -> bool {
    depth() > 0
}

/// Whether this thread is running that very task, or one that it has claimed.
pub(crate) fn runs(slot: &SlotRef) -> bool {
    find(|activity| match activity {
        Activity::Task(running, _) if *running == slot.address() => Some(()),
        _ => None,
    })
    .is_some()
}

/// Whether this thread is a worker of that pool.
#[cfg(feature = "alloc")]
pub(crate) fn works_for(pool: NonNull<()>) -> bool {
    find(|activity| match activity {
        Activity::Worker(at, _) if *at == pool => Some(()),
        _ => None,
    })
    .is_some()
}

/// The keeper at that address, if this thread runs a task of it: it is alive then (I6).
pub(crate) fn keeper(address: NonNull<()>) -> Option<KeeperRef> {
    find(|activity| match activity {
        Activity::Task(_, Some(keeper)) if keeper.address() == address => Some(*keeper),
        _ => None,
    })
}

/// Whether this thread is in the middle of running or resolving a task of that keeper, which is
/// accepted until it has done so.
#[cfg(feature = "std")]
pub(crate) fn is_busy_for(address: NonNull<()>) -> bool {
    find(|activity| match activity {
        Activity::Task(_, Some(keeper)) if keeper.address() == address => Some(()),
        Activity::Resolving(Some(keeper)) if *keeper == address => Some(()),
        _ => None,
    })
    .is_some()
}

/// Whether another task may be claimed on this thread.
pub(crate) fn has_room() -> bool {
    depth() < DEPTH_MAX
}

/// Whether a keeper for which this thread works says that every worker waits.
pub(crate) fn all_wait() -> bool {
    let mut all = false;
    // SAFETY: of a task that runs on this thread, so alive (I6).
    each_keeper(|keeper| all |= unsafe { keeper.all_wait() });
    all
}

/// Tells every keeper for which this thread works that it parks in a wait, until dropped.
pub(crate) struct Waiting<'a> {
    waker: &'a Waker,
}

impl<'a> Waiting<'a> {
    pub(crate) fn enter(waker: &'a Waker) -> Self {
        // SAFETY: of a task that runs on this thread, so alive (I6).
        each_keeper(|keeper| unsafe { keeper.enter_wait(waker) });
        Self { waker }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // SAFETY: as above, and the same tasks are still running.
        each_keeper(|keeper| unsafe { keeper.leave_wait(self.waker) });
    }
}

/// Calls `f` once for each keeper of a task that runs on this thread.
fn each_keeper(mut f: impl FnMut(KeeperRef)) {
    let mut position = 0;
    find(|activity| {
        if let Activity::Task(_, Some(keeper)) = activity {
            let mut above = 0;
            let seen = find(|other| {
                let before = above < position;
                above += 1;
                match other {
                    Activity::Task(_, Some(other)) if before => {
                        (other.address() == keeper.address()).then_some(())
                    }
                    _ => None,
                }
            });
            if seen.is_none() {
                f(*keeper);
            }
        }
        position += 1;
        None::<()>
    });
}
