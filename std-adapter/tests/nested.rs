//! A program that calls `init()` first of all, and whose functions have pools of their own: without the harness
//! of libtest, whose binaries become workers in another way.

#[cfg(all(unix, feature = "linkme"))]
#[expect(
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    reason = "a test, which says so by its name"
)]
mod nested {
    use concurrent_futures::{ProcessPoolExecutor, task};

    #[task]
    fn double(n: u64) -> u64 {
        2 * n
    }

    #[task]
    fn double_elsewhere(n: u64) -> Result<u64, String> {
        let pool = ProcessPoolExecutor::new(1).map_err(|error| error.to_string())?;
        let future = pool.submit(double, n).map_err(|error| error.to_string())?;
        future.result().map_err(|error| error.to_string())
    }

    /// Seen red with workers that did not know that their program had called it.
    pub(super) fn a_function_may_have_a_pool_of_its_own() {
        concurrent_futures::init();
        let pool = ProcessPoolExecutor::new(1).expect("a pool");
        let doubled = pool.submit(double_elsewhere, 21).expect("accepted").result();
        assert_eq!(doubled.expect("it ran"), Ok(42));
    }
}

fn main() {
    #[cfg(all(unix, feature = "linkme"))]
    nested::a_function_may_have_a_pool_of_its_own();
}
