//! Adding functions to the registry of a program, which is made once: hence a program of its own, with one test.
#![expect(clippy::missing_errors_doc, reason = "a test says so by its name")]
#![expect(clippy::missing_panics_doc, reason = "a test panics when it fails")]

use std::error::Error;

use concurrent_futures::__private::{find, register};
use concurrent_futures::{RegisterError, registry, task, tasks};

#[task(unlisted)]
fn first() {}

#[task(unlisted)]
fn second() {}

#[cfg(feature = "linkme")]
#[task]
fn listed() {}

fn index_of<F: 'static>(_: F) -> Option<u32> {
    find::<F>().ok()
}

#[test]
fn functions_that_are_added_before_the_registry_is_asked_for_are_found()
-> Result<(), Box<dyn Error>> {
    let names: Vec<_> =
        register(&tasks![first])?.names_and_signatures().map(|(name, _)| name).collect();
    assert!(names.contains(&"registration::first"), "{names:?}");
    assert!(index_of(first).is_some());
    #[cfg(feature = "linkme")]
    assert!(index_of(listed).is_some());

    assert_eq!(register(&tasks![first])?.len(), names.len(), "again");
    let late = register(&tasks![first, second]).err();
    assert_eq!(late, Some(RegisterError::TooLate { name: "registration::second" }));
    assert_eq!((index_of(second), registry()?.len()), (None, names.len()));
    Ok(())
}
