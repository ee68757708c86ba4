//! A pool of processes in a program that cannot be its own worker: this one has no `worker_test!`.
#![cfg(unix)]

use concurrent_futures::{ProcessBuildError, ProcessPoolExecutor};

#[test]
fn a_pool_of_processes_says_what_is_missing_and_starts_nothing() {
    let error = ProcessPoolExecutor::new(1).unwrap_err();
    assert!(matches!(error, ProcessBuildError::NotInitialized(_)), "{error:?}");
    let said = error.to_string();
    assert!(said.contains("init() first in main") && said.contains("worker_test!"), "{said}");
}
