//! Initializers whose `Err` is a failure.

use concurrent_futures::TaskErrorKind;

use crate::functions::{double, initialized_with, set_up};
use crate::support::{pool, within};

#[test]
fn a_value_is_as_good_as_nothing() {
    within(|| {
        let text = String::from("ready");
        let pool = pool().max_workers(1).initializer_fallible(set_up, text).build().unwrap();
        assert_eq!(pool.submit(initialized_with, ()).unwrap().result().unwrap(), "ready");
    });
}

/// Seen red with a welcome without the flag.
#[test]
fn an_err_is_the_end_of_the_pool_and_its_text_the_cause() {
    within(|| {
        let pool = pool().max_workers(1).initializer_fallible(set_up, String::new());
        let pool = pool.build().unwrap();
        let error = match pool.submit(double, 1) {
            Ok(future) => future.result().unwrap_err(),
            Err(refused) => refused.reason().clone().into(),
        };
        let said = error.message();
        assert!(said.contains("its initializer failed: nothing to set up"), "{said}");
        assert!([TaskErrorKind::PoolBroken, TaskErrorKind::Refused].contains(&error.kind()));
    });
}

#[test]
fn without_fallible_an_err_is_of_no_interest() {
    within(|| {
        let pool = pool().max_workers(1).initializer(set_up, String::new()).build().unwrap();
        assert_eq!(pool.submit(double, 1).unwrap().result().unwrap(), 2);
    });
}
