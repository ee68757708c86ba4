//! Acts on a set.
#![forbid(unsafe_code)]

use concurrent_futures_core::Future;

use super::{Acts, act_on};
use crate::sleep::sleeper;
use crate::world::Who::{Done, Front};
use crate::world::{Set, World};

impl Acts {
    pub(super) fn of_sets(&mut self) {
        self.on_set("insert", &["FixedWaitSet::insert"], |w, set| {
            act_on(w.of(Front).future.take(), |future| drop(set.as_mut().insert(future)))
        });
        self.on_set("insert one that is done", &["FixedWaitSet::insert"], |w, set| {
            act_on(w.of(Done).future.take(), |future| drop(set.as_mut().insert(future)))
        });
        for (index, name) in ["remove a member", "remove a queued member"].into_iter().enumerate() {
            self.on_set(name, &["FixedWaitSet::remove"], move |w, set| {
                let key = w.keys.get()[index];
                act_on(key.and_then(|key| set.as_mut().remove(key)), drop)
            });
        }
        self.on_set("try next", &["FixedWaitSet::try_next"], |_, set| {
            drop(set.as_mut().try_next());
            true
        });
        self.on_set("poll next", &["FixedWaitSet::poll_next"], |w, set| {
            w.poll_set(set, false);
            true
        });
        let about = &["FixedWaitSet::next_async", "NextFixed::poll", "NextFixed::drop"];
        self.on_set("poll next async", about, |w, set| {
            w.poll_set(set, true);
            true
        });
        let about = &[
            "FixedWaitSet::get",
            "FixedWaitSet::contains",
            "FixedWaitSet::len",
            "FixedWaitSet::is_empty",
            "FixedWaitSet::iter",
        ];
        self.on_set("look at a set", about, |w, set| {
            let key = w.keys.get()[0];
            let there = key.is_some_and(|key| set.contains(key) && set.get(key).is_some());
            there | set.iter().any(Future::done) | set.is_empty() | (set.len() > 1)
        });
        self.add("drop a set", &["FixedWaitSet::drop"], |w| act_on(w.set.take(), drop));
    }

    fn on_set(
        &mut self,
        name: &str,
        about: &'static [&'static str],
        act: impl Fn(&World, &mut Set) -> bool + Sync + 'static,
    ) {
        self.add(name, about, move |w| w.set.with_mut(|set| act(w, set)) == Some(true));
    }

    pub(super) fn waiting_for_sets(&mut self) {
        for deadline in [None, Some(())] {
            let name = if deadline.is_some() { "next until a deadline" } else { "next" };
            self.on_set(name, &["FixedWaitSet::next_with"], move |w, set| {
                drop(set.as_mut().next_with(&sleeper(w), deadline));
                true
            });
        }
    }
}
