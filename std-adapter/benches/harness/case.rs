//! [`Case`]: a workload with its size, who runs it, and what is to be reached.

use crate::case::Work;
use crate::contestant::Contestant;

#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// As it is written on the command line.
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) work: Work,
    pub(crate) workers: usize,
    /// Tasks, items, calls: whatever the work is made of.
    pub(crate) count: u64,
    pub(crate) contestants: &'static [Contestant],
    /// A figure with two targets is there twice, one beside the other.
    pub(crate) metrics: &'static [Metric],
}

/// A figure that the work gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Metric {
    pub(crate) key: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    pub(crate) target: Target,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    More,
    Less,
}

/// What our figure is to be. Ratios say how many times as good as the other we are: above 1 is better,
/// whatever is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// Against the best peer in the same run.
    BestPeer(f64),
    Against(Contestant, f64),
    AtMost(f64),
    None,
}

pub(crate) const fn metric(
    key: &'static str,
    unit: &'static str,
    better: Better,
    target: Target,
) -> Metric {
    Metric { key, unit, better, target }
}

/// Of round trips.
pub(crate) const fn percentiles(median: Target) -> [Metric; 2] {
    [
        metric("p50", "µs, p50", Better::Less, median),
        metric("p99", "µs, p99", Better::Less, Target::None),
    ]
}
