//! What the tests of calls share.

use core::error::Error;

use proptest::test_runner::{Config, TestRunner};

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// Random cases: as many as Miri has time for, or the usual number.
pub(crate) fn cases() -> TestRunner {
    let cases = if cfg!(miri) { 2 } else { 256 };
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}
