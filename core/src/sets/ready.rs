//! Which members of a set on the heap have been resolved: a stack that completers push to without a
//! lock, and that nobody waits for.
//!
//! The waker of a member is its own entry of the stack, and costs neither an allocation nor a count.
//! One word, `top`, says everything else:
//!
//! | `top` | means |
//! |---|---|
//! | nothing | nothing was pushed, and nobody waits |
//! | a waker | nothing was pushed; whoever pushes next takes the waker along and wakes it |
//! | an entry | the entry that was pushed last, on top of the others |
//! | closed, n | the set is gone; n pushes are still to come, and the last of them frees the memory |
//!
//! The consumer takes the whole stack at once, and only the push that finds its waker wakes it: a
//! batch of completions costs one wake-up.
//!
//! Invariants, cited below:
//!
//! - **R1** An entry's `below` belongs to the push while the entry is out, that is from its
//!   registration until the consumer has taken it off the stack or its waker back; to nobody else ever.
//! - **R2** An entry that is out ends in exactly one push, or in a waker taken back: the slot
//!   wakes what it holds once, and nobody else ever sees the waker.
//! - **R3** The box of a waker in `top` belongs to whoever takes it out of there.
//! - **R4** The memory belongs to the consumer until `top` is closed, then to the last push. A push
//!   that is not the last touches neither its entry nor what they share once it has changed `top`.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Poll, RawWaker, RawWakerVTable, Waker};

use super::members::Member;
use super::next::Armed;
use crate::node::Node;
use crate::state::Disarm;
use crate::sync::{Tombstone, UnsafeCell, atomic::AtomicPtr, atomic::Ordering};

/// What the consumer and the wakers share.
struct Shared {
    top: AtomicPtr<Entry>,
    /// Written once, by the consumer when it closes; read by the last push (R4).
    entries: UnsafeCell<Vec<NonNull<[Entry]>>>,
    tombstone: Tombstone,
}

/// A member's place in the stack; the data of its waker.
struct Entry {
    shared: NonNull<Shared>,
    seat: usize,
    /// The entry that was on top before (R1).
    below: UnsafeCell<*mut Entry>,
}

/// What a word in `top` says. Entries and boxes are aligned to 4 and more: two bits are left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Top {
    Nothing,
    Waker(NonNull<Waker>),
    Entry(NonNull<Entry>),
    Closed(usize),
}

const WAKER: usize = 1;
const CLOSED: usize = 2;
const TAGS: usize = 3;

impl Top {
    fn of(word: *mut Entry) -> Self {
        match (word.addr() & TAGS, NonNull::new(word.map_addr(|address| address & !TAGS))) {
            (CLOSED, _) => Self::Closed(word.addr() >> 2),
            (WAKER, Some(waker)) => Self::Waker(waker.cast()),
            (_, Some(entry)) => Self::Entry(entry),
            (_, None) => Self::Nothing,
        }
    }

    fn word(self) -> *mut Entry {
        match self {
            Self::Nothing => core::ptr::null_mut(),
            Self::Waker(waker) => {
                waker.cast::<Entry>().as_ptr().map_addr(|address| address | WAKER)
            }
            Self::Entry(entry) => entry.as_ptr(),
            Self::Closed(pushes) => core::ptr::without_provenance_mut(pushes << 2 | CLOSED),
        }
    }
}

/// The consumer's end of the stack.
pub(super) struct Ready {
    shared: NonNull<Shared>,
    entries: Vec<NonNull<[Entry]>>,
    /// How many entries there are, how many of them have been given to seats, and how many more are
    /// expected to be needed.
    room: usize,
    used: usize,
    expected: usize,
    /// Entries that are out (R1).
    out: usize,
    /// The waker that was put in `top`, which may still be there.
    armed: Option<NonNull<Waker>>,
}

// SAFETY: entries and what they share are touched by others as R1 to R4 say, and wakers are Send.
unsafe impl Send for Ready {}
// SAFETY: by shared reference `top` is read, nothing else.
unsafe impl Sync for Ready {}

/// A seat's entry, and the node for a shared future, whose waiters have nodes of their own.
pub(super) struct Ticket {
    entry: NonNull<Entry>,
    node: Option<Pin<Box<Node>>>,
}

// SAFETY: the entry belongs to a `Ready`, which is Send; nodes are.
unsafe impl Send for Ticket {}
// SAFETY: by shared reference nothing can be done with it.
unsafe impl Sync for Ticket {}

impl Ready {
    pub(super) fn new() -> Self {
        let shared = Box::new(Shared {
            top: AtomicPtr::new(core::ptr::null_mut()),
            entries: UnsafeCell::new(Vec::new()),
            tombstone: Tombstone::new(),
        });
        Self {
            shared: NonNull::from(Box::leak(shared)),
            entries: Vec::new(),
            room: 0,
            used: 0,
            expected: 0,
            out: 0,
            armed: None,
        }
    }

    fn shared(&self) -> &Shared {
        // SAFETY: not closed, so the memory is this consumer's (R4).
        let shared = unsafe { self.shared.as_ref() };
        shared.tombstone.assert_alive();
        shared
    }

    /// So many more seats are expected: their entries are allocated together.
    pub(super) fn expect(&mut self, more: usize) {
        const MOST: usize = 1 << 16; // what is expected may be wrong
        self.expected = more.saturating_sub(self.room - self.used).min(MOST);
    }

    #[cold]
    fn grow(&mut self) {
        const LEAST: usize = 8;
        let (shared, first) = (self.shared, self.room);
        let entry = |seat| Entry { shared, seat, below: UnsafeCell::new(core::ptr::null_mut()) };
        self.room += LEAST.max(self.room).max(core::mem::take(&mut self.expected));
        let entries: Box<[Entry]> = (first..self.room).map(entry).collect();
        self.entries.push(NonNull::from(Box::leak(entries)));
    }

    /// An entry for the next seat; seats count from 0.
    pub(super) fn ticket(&mut self) -> Ticket {
        if self.used == self.room {
            self.grow();
        }
        let last = self.entries.last().map(|entries| (entries.cast::<Entry>(), entries.len()));
        let entry = last.map(|(entries, count)| {
            let position = count - (self.room - self.used);
            // SAFETY: there is room, and only in the last entries: they are made when all before are
            // used.
            unsafe { entries.add(position) }
        });
        self.used += 1;
        Ticket { entry: entry.unwrap_or(NonNull::dangling()), node: None }
    }

    /// Registers with the member, or says that it is resolved. The ticket is not out.
    pub(super) fn register(&mut self, ticket: &mut Ticket, member: Member<'_>) -> Poll<()> {
        // SAFETY: of the table's functions only `wake` does anything, and the entry lives as long as
        // it is out (R4).
        let waker = unsafe { Waker::new(ticket.entry.as_ptr().cast(), &TABLE) };
        let registered = member.register(&mut ticket.node, &waker);
        self.out += usize::from(registered.is_pending());
        registered
    }

    /// Takes the waker back. If it is too late for that, the entry is still to come off the stack.
    pub(super) fn take_back(&mut self, ticket: &mut Ticket, member: Member<'_>) -> Disarm {
        let end = member.take_back(&mut ticket.node);
        self.out -= usize::from(end == Disarm::Disarmed);
        end
    }

    /// Whether something has been pushed since the last `take`.
    pub(super) fn has_news(&self) -> bool {
        // ORDERING: Relaxed; only a reason to take.
        matches!(Top::of(self.shared().top.load(Ordering::Relaxed)), Top::Entry(_))
    }

    /// Takes what was pushed: seats, the last pushed first.
    pub(super) fn take(&mut self) -> Taken<'_> {
        let mut top = Top::Nothing;
        if self.has_news() {
            // ORDERING: Acquire; pairs with the Release in `push`: the entries below are seen, and
            // that the members are resolved.
            top = Top::of(self.shared().top.swap(Top::Nothing.word(), Ordering::Acquire));
            self.armed = None; // gone with the first push
        }
        Taken { ready: self, top }
    }

    /// Puts a waker in `top`, for the next push to wake.
    pub(super) fn arm(&mut self, waker: &Waker) -> Armed {
        let boxed = match self.disarm() {
            Some(mut boxed) => {
                if !boxed.will_wake(waker) {
                    *boxed = waker.clone();
                }
                boxed
            }
            None => Box::new(waker.clone()),
        };
        let pointer = NonNull::from(Box::leak(boxed));
        let word = Top::Waker(pointer).word();
        // ORDERING: Release; pairs with the Acquire in `push`: the waker is seen. Relaxed on failure:
        // `take` will look again.
        let put = self.shared().top.compare_exchange(
            Top::Nothing.word(),
            word,
            Ordering::Release,
            Ordering::Relaxed,
        );
        if put.is_ok() {
            self.armed = Some(pointer);
            return Armed::Yes;
        }
        // SAFETY: leaked above, and not put anywhere (R3).
        drop(unsafe { Box::from_raw(pointer.as_ptr()) });
        Armed::News
    }

    /// Takes the waker out of `top` again, if it is still there.
    pub(super) fn disarm(&mut self) -> Option<Box<Waker>> {
        let waker = self.armed.take()?;
        // ORDERING: Relaxed; the box was last written by this consumer itself.
        let taken = self.shared().top.compare_exchange(
            Top::Waker(waker).word(),
            Top::Nothing.word(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        // SAFETY: taken out just now (R3), and made by `arm` from a box.
        taken.is_ok().then(|| unsafe { Box::from_raw(waker.as_ptr()) })
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        let waker = self.disarm();
        let _ = crate::contain::contain(|| drop(waker));
        while self.out > 0 {
            self.take().for_each(drop);
            if self.close() {
                return;
            }
        }
        // SAFETY: nothing is out, so no push will come, and the ones before touch nothing (R4).
        unsafe { free(self.shared, core::mem::take(&mut self.entries)) };
    }
}

impl Ready {
    /// Leaves the memory to the pushes that are still to come; says whether they have it. Each time
    /// that it has not, one of them has just come.
    fn close(&mut self) -> bool {
        if self.out == 0 {
            return false;
        }
        let entries = core::mem::take(&mut self.entries);
        // SAFETY: nobody reads it before `top` is closed (R4).
        self.shared().entries.with_mut(|cell| unsafe { *cell = entries });
        let closed = Top::Closed(self.out).word();
        // ORDERING: Release; pairs with the Acquire in `push`: whoever frees sees `entries`, and all
        // that this consumer did.
        let closed = self.shared().top.compare_exchange(
            Top::Nothing.word(),
            closed,
            Ordering::Release,
            Ordering::Relaxed,
        );
        if closed.is_err() {
            // SAFETY: not closed, so still this consumer's (R4).
            self.entries =
                self.shared().entries.with_mut(|cell| core::mem::take(unsafe { &mut *cell }));
        }
        closed.is_ok()
    }
}

/// Gives the memory back.
///
/// # Safety
/// The two are those of a `Ready`, and the caller is the only one left who knows of them (R4).
unsafe fn free(shared: NonNull<Shared>, entries: Vec<NonNull<[Entry]>>) {
    // SAFETY: alive until here, as the caller promises.
    if !unsafe { shared.as_ref() }.tombstone.bury() {
        return; // the model checker watches the memory instead
    }
    for entries in entries {
        // SAFETY: leaked by `reserve`, and only the caller knows of it.
        drop(unsafe { Box::from_raw(entries.as_ptr()) });
    }
    // SAFETY: leaked by `new`, and only the caller knows of it.
    drop(unsafe { Box::from_raw(shared.as_ptr()) });
}

/// Seats that came off the stack, the last pushed first.
pub(super) struct Taken<'a> {
    ready: &'a mut Ready,
    top: Top,
}

impl Iterator for Taken<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let Top::Entry(entry) = self.top else { return None };
        self.ready.out -= 1;
        // SAFETY: entries live as long as the consumer (R4), and are only ever shared.
        let entry = unsafe { entry.as_ref() };
        // SAFETY: off the stack: no push touches it any more (R1, R4).
        self.top = Top::of(entry.below.with(|below| unsafe { *below }));
        Some(entry.seat)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

/// The waker of an entry. Cloning and dropping it do nothing: the consumer knows where it is (R2).
static TABLE: RawWakerVTable = RawWakerVTable::new(
    |entry| RawWaker::new(entry, &TABLE),
    // SAFETY: the slot wakes it once, and it is out (R2).
    |entry| unsafe { push(entry) },
    // SAFETY: as above.
    |entry| unsafe { push(entry) },
    |_| (),
);

/// Puts an entry on top, and wakes the consumer if it waits.
///
/// # Safety
/// It is the data of an entry's waker; the entry is out, and this is its one push (R2).
unsafe fn push(entry: *const ()) {
    let entry = entry.cast_mut().cast::<Entry>();
    // SAFETY: out, so alive (R4). Not a reference to the whole: it might outlive the entry.
    let shared = unsafe { (*entry).shared };
    // SAFETY: as above.
    let below = unsafe { &(*entry).below };
    // SAFETY: as above: references are not null.
    let entry = unsafe { NonNull::new_unchecked(entry) };
    // SAFETY: as above: what is out keeps both alive.
    unsafe { &(*shared.as_ptr()).tombstone }.assert_alive();
    // SAFETY: as above.
    let top = unsafe { &(*shared.as_ptr()).top };
    let next = |word| {
        let (next, under) = match Top::of(word) {
            Top::Closed(pushes) => (Top::Closed(pushes - 1), Top::Nothing),
            Top::Entry(_) => (Top::Entry(entry), Top::of(word)),
            Top::Nothing | Top::Waker(_) => (Top::Entry(entry), Top::Nothing),
        };
        // SAFETY: out, so `below` is this push's (R1).
        below.with_mut(|below| unsafe { *below = under.word() });
        Some(next.word())
    };
    // ORDERING: Release; pairs with the Acquire in `take`. Acquire; pairs with the Release in `arm`
    // and `close`, and with that of the other pushes: the last frees what they have used.
    let before = top.fetch_update(Ordering::AcqRel, Ordering::Relaxed, next);
    match Top::of(before.unwrap_or_else(|word| word)) {
        // SAFETY: taken out just now (R3), and made by `arm` from a box.
        Top::Waker(waker) => unsafe { Box::from_raw(waker.as_ptr()) }.wake(),
        Top::Closed(1) => {
            // SAFETY: closed, and the last of the pushes is this one (R4).
            let closed = unsafe { shared.as_ref() };
            // SAFETY: as above.
            let entries = closed.entries.with_mut(|cell| core::mem::take(unsafe { &mut *cell }));
            // SAFETY: as above.
            unsafe { free(shared, entries) };
        }
        Top::Nothing | Top::Entry(_) | Top::Closed(_) => {}
    }
}
