//! Each act, interrupted by each at each place.
#![forbid(unsafe_code)]

use core::cell::Cell;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::collections::BTreeSet;
use std::env;
use std::rc::Rc;
use std::thread;

use concurrent_futures_loom::interrupts::{BY_ANYBODY, BY_THREADS};

use crate::acts::{Act, By, acts};
use crate::everywhere::{Second, Tally, at_every_place, at_every_two_places};
use crate::world::World;

/// Each act is interrupted by each that a handler may do, at each place.
///
/// Turned red by, among others: a critical section that does not mask; a claim, a farewell, a suspension or a wish
/// to stop in two steps; `poll` that looks at its waker without `disarm`, and `arm` without a second look; a waker
/// taken without the flag, and none taken though there is one; a list that is opened without a look; a slot given
/// back before its end; a task removed without a look at its home; a worker, a waker or a mail that is woken or
/// dropped under the lock; a worker that sleeps without a second look, that leaves without passing its wake-up on,
/// or that is not told of the end; a set that is armed by a store, or leaves a node behind; a parker that forgets
/// before it sleeps; a static callback taken in two steps.
#[test]
fn every_act_is_interrupted_by_every_other_at_every_place() {
    let acts: &'static [Act] = acts().leak();
    let rows = AtomicUsize::new(0);
    let wanted = env::var("INTERRUPTED").unwrap_or_default();
    let work = || {
        let mut tally = Tally::default();
        // ORDERING: Relaxed; a number to each.
        while let Some(act) = acts.get(rows.fetch_add(1, Ordering::Relaxed)) {
            if act.name.contains(&wanted) {
                tally = tally.and(row(act, acts));
            }
        }
        tally
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let tally = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let tallies = workers.into_iter().map(|worker| worker.join().expect("no run fails"));
        tallies.fold(Tally::default(), Tally::and)
    });
    assert!(tally.runs > 0, "no act's name contains {wanted:?}");
    println!("interrupts: {} acts, {tally}", acts.len());
}

/// Interrupts one act by all.
fn row(act: &'static Act, acts: &'static [Act]) -> Tally {
    let handlers = acts.iter().filter(|by| by.by == By::Anybody);
    let row = handlers.map(|by| cell(act, by)).fold(Tally::default(), Tally::and);
    println!("{:<45} {row}", act.name);
    row
}

fn cell(act: &'static Act, by: &'static Act) -> Tally {
    let did = Rc::new(Cell::new(false));
    let handler = {
        let did = Rc::clone(&did);
        move |world: &World| did.set((by.act)(world) || did.get())
    };
    let name = format!("`{}`, interrupted by `{}`", act.name, by.name);
    let tally = at_every_place(
        &name,
        World::new,
        &|world| drop_answer((act.act)(world)),
        &(Rc::new(handler) as _),
        World::end,
    );
    Tally { cells: usize::from(did.get()), ..tally }
}

/// Whether there was anything to do is for the tally only.
fn drop_answer(_: bool) {}

/// Acts that have most to do with one another.
const SOME: [&str; 7] = [
    "submit",
    "run one",
    "complete, Member",
    "cancel by canceller, Front",
    "poll, Started",
    "complete a running one, Started",
    "shut down",
];

/// Each of some is interrupted by each, and that by each, at each pair of places.
#[test]
fn handlers_are_interrupted_by_others_of_higher_priority() {
    println!("interrupts of interrupts: {}", with_two_handlers(Second::Within));
}

/// Each of some is interrupted by each, and then by each, at each pair of places.
#[test]
fn one_interrupt_comes_after_another() {
    println!("interrupts after interrupts: {}", with_two_handlers(Second::After));
}

fn with_two_handlers(when: Second) -> Tally {
    let acts: &'static [Act] = acts().leak();
    let some: Vec<_> = acts.iter().filter(|act| SOME.contains(&&*act.name)).collect();
    assert_eq!(some.len(), SOME.len(), "each name is an act's");
    let deed = |act: &'static Act| Rc::new(move |world: &World| drop_answer((act.act)(world))) as _;
    let mut tally = Tally::default();
    for (body, first, second) in triples(&some) {
        let name = format!("`{}`, by `{}`, {when:?} `{}`", body.name, first.name, second.name);
        let body = |world: &World| drop_answer((body.act)(world));
        let handlers = [&deed(first), &deed(second)];
        let triple = at_every_two_places(&name, World::new, &body, handlers, when, World::end);
        tally = tally.and(Tally { cells: 1, ..triple });
    }
    tally
}

fn triples<T: Copy>(items: &[T]) -> impl Iterator<Item = (T, T, T)> {
    let pairs = items.iter().flat_map(|&a| items.iter().map(move |&b| (a, b)));
    pairs.flat_map(|(a, b)| items.iter().map(move |&c| (a, b, c)))
}

/// The lists that others read say what is tried here.
#[test]
fn the_lists_of_functions_are_those_of_the_acts() {
    let acts = acts();
    let about = |by| acts.iter().filter(move |act| act.by == by).flat_map(|act| act.about);
    let by_anybody: BTreeSet<_> = about(By::Anybody).copied().collect();
    let by_threads: BTreeSet<_> = about(By::Thread).copied().collect();
    assert!(by_anybody.is_disjoint(&by_threads), "{:?}", by_anybody.intersection(&by_threads));
    assert_eq!(by_anybody.into_iter().collect::<Vec<_>>(), BY_ANYBODY);
    assert_eq!(by_threads.into_iter().collect::<Vec<_>>(), BY_THREADS);
}
