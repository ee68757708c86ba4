//! The bytes that a fuzzer found worth keeping, and those that faults are made of.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{Outcome, cases};
use crate::targets;

#[test]
#[cfg_attr(miri, ignore = "reads files")]
fn the_stored_corpus_does_no_harm() -> Outcome {
    for (name, target) in [
        ("frames", targets::frames as fn(&[u8])),
        ("values", targets::values),
        ("messages", targets::messages),
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let mut files = 0;
        for file in fs::read_dir(&folder)? {
            target(&fs::read(file?.path())?);
            files += 1;
        }
        assert!(files > 0, "nothing in {}", folder.display());
    }
    Ok(())
}

#[test]
fn random_bytes_do_no_harm() {
    let outcome = cases().run(&vec(any::<u8>(), 0..200), |bytes| {
        targets::frames(&bytes);
        targets::values(&bytes);
        targets::messages(&bytes);
        Ok(())
    });
    assert_eq!(outcome, Ok(()));
}
