//! Pools of processes.

#[expect(dead_code, unused_imports, reason = "the pool that stands on it is not in the crate yet")]
pub(crate) mod os;
