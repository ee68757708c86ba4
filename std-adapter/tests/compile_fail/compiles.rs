//! What the others are near misses of, with no other crate named than ours and no warning.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, clippy::all, clippy::pedantic)]

use concurrent_futures::calls::{Registry, TaskEntry};
use concurrent_futures::{task, tasks};

/// A module with tasks.
pub mod library {
    use concurrent_futures::task;

    /// Adds.
    #[task]
    #[must_use]
    pub fn sum(a: u64, b: u64) -> u64 {
        a + b
    }

    /// Borrows nothing that does not live for ever.
    #[task(name = "shout", unlisted,)]
    #[must_use]
    pub fn shout(text: std::borrow::Cow<'static, str>) -> String {
        text.to_uppercase()
    }
}

#[task]
const fn constant() -> u8 {
    1
}

#[task]
fn mutable(mut numbers: Vec<u32>, (first, _): (u32, u32), _: bool) -> Option<u32> {
    numbers.push(first);
    numbers.pop()
}

fn main() {
    use library::{shout, sum};

    #[task(name = "inside")]
    fn inside() -> Result<(), String> {
        Err(shout("no".into()))
    }
    let entries: [TaskEntry; 4] = tasks![sum, library::shout, constant, inside];
    assert_eq!(Registry::new(entries).map(|registry| registry.len()), Ok(4));
    assert_eq!((sum(1, 2), constant(), mutable(vec![], (7, 8), true)), (3, 1, Some(7)));
    assert_eq!(inside(), Err("NO".to_owned()));
}
