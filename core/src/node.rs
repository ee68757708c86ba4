//! Nodes of a slot's list: waiters of shared futures, done callbacks and members of sets, in the order
//! added.
//!
//! Intrusive, circular, doubly linked: one pointer in the header, linking and unlinking in constant
//! time. All of it happens under the slot's lock (I4).

use core::marker::PhantomPinned;
use core::ptr::NonNull;
use core::task::Waker;

use crate::completion::Completion;
use crate::sync::{UnsafeCell, const_unless_modeled};

/// One entry. Lives in a pinned future, a box, or a static.
pub(crate) struct Node {
    inner: UnsafeCell<Inner>,
    _pinned: PhantomPinned,
}

// SAFETY: `inner` is touched only under the lock of the slot in whose list the node is, or by the
// node's owner while it is in none; wakers and calls are Send.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

struct Inner {
    next: Option<NonNull<Node>>,
    previous: Option<NonNull<Node>>,
    linked: bool,
    role: Role,
    /// Of a waiter, while it waits.
    waker: Option<Waker>,
}

/// What a callback does when its node is visited, given the node.
pub(crate) type Call = unsafe fn(NonNull<Node>, &Completion);

/// What a member of a set does when its slot is resolved, given the node: it notes that, under the
/// slot's lock, and returns the waker of who waits for the set.
pub(crate) type Note = unsafe fn(NonNull<Node>) -> Option<Waker>;

#[derive(Clone, Copy)]
enum Role {
    Waiter,
    Callback(Call),
    Member(Note),
}

/// What is to be done, outside the lock, for a node that was popped.
pub(crate) enum Visit {
    Wake(Waker),
    Call(NonNull<Node>, Call),
    /// It was seen to under the lock.
    Nothing,
}

impl Node {
    const_unless_modeled! {
    /// A node that is linked nowhere and wakes `waker` when it is visited.
    pub(crate) const fn waiter() -> Self {
        Self::new(Role::Waiter)
    }
    }

    const_unless_modeled! {
    /// A node that is linked nowhere and calls `call` when it is visited.
    pub(crate) const fn callback(call: Call) -> Self {
        Self::new(Role::Callback(call))
    }
    }

    const_unless_modeled! {
    /// A node that is linked nowhere and tells a set with `note` when it is visited.
    pub(crate) const fn member(note: Note) -> Self {
        Self::new(Role::Member(note))
    }
    }

    const_unless_modeled! {
    const fn new(role: Role) -> Self {
        let inner = Inner { next: None, previous: None, linked: false, role, waker: None };
        Self { inner: UnsafeCell::new(inner), _pinned: PhantomPinned }
    }
    }

    /// Puts a waker in, and returns the one before.
    ///
    /// # Safety
    /// The caller owns the node, a waiter's, and it is linked nowhere.
    pub(crate) unsafe fn set_waker(&self, waker: Waker) -> Option<Waker> {
        // SAFETY: linked nowhere, so nobody but the owner looks.
        self.inner.with_mut(|inner| unsafe { &mut *inner }.waker.replace(waker))
    }
}

/// Reads or writes what is in a node.
///
/// # Safety
/// The node is alive, and the caller holds the lock under which it is touched.
unsafe fn with<R>(node: NonNull<Node>, f: impl FnOnce(&mut Inner) -> R) -> R {
    // SAFETY: alive, as the caller promises; nodes are only ever shared.
    let node = unsafe { node.as_ref() };
    // SAFETY: under the lock, as the caller promises; `f` touches this node only.
    node.inner.with_mut(|inner| f(unsafe { &mut *inner }))
}

/// The list of a slot: its first node, whose `previous` is the last.
pub(crate) struct NodeList(Option<NonNull<Node>>);

impl NodeList {
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// Links a node at the end.
    ///
    /// # Safety
    /// The caller holds the list's lock; the node is linked nowhere and stays alive and in place
    /// until it is popped or removed.
    pub(crate) unsafe fn push(&mut self, node: NonNull<Node>) {
        let (first, last) = match self.0 {
            None => {
                self.0 = Some(node);
                (node, node)
            }
            Some(first) => {
                // SAFETY: linked nodes are alive, and the lock is held.
                let last = unsafe { with(first, |first| first.previous.replace(node)) };
                let last = last.unwrap_or(first);
                // SAFETY: as above.
                unsafe { with(last, |last| last.next = Some(node)) };
                (first, last)
            }
        };
        // SAFETY: alive as the caller promises, and the lock is held.
        unsafe {
            with(node, |inner| {
                inner.next = Some(first);
                inner.previous = Some(last);
                inner.linked = true;
            });
        };
    }

    /// Unlinks the first node.
    ///
    /// # Safety
    /// The caller holds the list's lock.
    #[inline]
    pub(crate) unsafe fn pop(&mut self) -> Option<Visit> {
        // SAFETY: linked, and the lock is held.
        self.0.map(|first| unsafe { self.pop_first(first) })
    }

    /// # Safety
    /// As for `pop`, and it is the first node.
    unsafe fn pop_first(&mut self, node: NonNull<Node>) -> Visit {
        // SAFETY: linked, and the lock is held.
        unsafe { self.unlink(node) };
        // SAFETY: still alive: its owner can unlink or free it only after the lock is released.
        let (role, waker) = unsafe { with(node, |inner| (inner.role, inner.waker.take())) };
        let waker = match role {
            Role::Waiter => waker,
            Role::Callback(call) => return Visit::Call(node, call),
            // SAFETY: just unlinked, and alive as above.
            Role::Member(note) => unsafe { note(node) },
        };
        waker.map_or(Visit::Nothing, Visit::Wake)
    }

    /// Unlinks a node if it is linked, and returns the waker in it, linked or not.
    ///
    /// # Safety
    /// The caller holds the list's lock; the node is alive, and in this list if in any.
    pub(crate) unsafe fn remove(&mut self, node: NonNull<Node>) -> Option<Waker> {
        // SAFETY: alive as the caller promises, and the lock is held.
        if unsafe { with(node, |inner| inner.linked) } {
            // SAFETY: linked here, and the lock is held.
            unsafe { self.unlink(node) };
        }
        // SAFETY: as above.
        unsafe { with(node, |inner| inner.waker.take()) }
    }

    /// # Safety
    /// The caller holds the list's lock, and the node is linked in this list.
    unsafe fn unlink(&mut self, node: NonNull<Node>) {
        // SAFETY: linked, so alive; the lock is held.
        let neighbours = unsafe {
            with(node, |inner| {
                inner.linked = false;
                (inner.previous.take(), inner.next.take())
            })
        };
        let (Some(previous), Some(next)) = neighbours else { return };
        if next == node {
            self.0 = None;
            return;
        }
        // SAFETY: neighbours of a linked node are linked.
        unsafe { with(previous, |previous| previous.next = Some(next)) };
        // SAFETY: as above.
        unsafe { with(next, |next| next.previous = Some(previous)) };
        if self.0 == Some(node) {
            self.0 = Some(next);
        }
    }
}
