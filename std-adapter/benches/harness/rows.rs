//! [`Row`]: our figure, whose it is compared with, and what is to be thought of that.

use super::Role;
use super::case::{Better, Case, Metric, Target};
use super::results::{Results, Shown};
use crate::case::CASES;
use crate::contestant::Contestant;

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) case: &'static Case,
    pub(crate) metric: &'static Metric,
    pub(crate) ours: Shown,
    /// The best peer, or whom the target names.
    pub(crate) other: Option<(Contestant, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Reached,
    Missed,
    /// There is no target, or nothing to compare.
    None,
}

/// One for each figure that was measured.
pub(crate) fn rows(results: &Results) -> Vec<Row> {
    let cases = CASES.iter().filter(|case| results.has(case));
    let figures = cases.flat_map(|case| case.metrics.iter().map(move |metric| (case, metric)));
    figures.map(|(case, metric)| Row::new(results, case, metric)).collect()
}

impl Row {
    fn new(results: &Results, case: &'static Case, metric: &'static Metric) -> Self {
        let ours = in_role(Role::Ours).next();
        let ours = ours.map_or(Shown::Nothing, |ours| results.shown(case.id, ours, metric.key));
        let figure = |contestant| match results.shown(case.id, contestant, metric.key) {
            Shown::Median(value) => Some((contestant, value)),
            Shown::Failed | Shown::Nothing => None,
        };
        let other = match metric.target {
            Target::Against(contestant, _) => figure(contestant),
            Target::BestPeer(_) | Target::AtMost(_) | Target::None => {
                let peers = in_role(Role::Peer).filter_map(figure);
                peers.reduce(|best, next| metric.better_of(best, next))
            }
        };
        Self { case, metric, ours, other }
    }

    /// How many times as good as the other we are.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let (Shown::Median(ours), Some((_, other))) = (self.ours, self.other) else {
            return None;
        };
        let ratio = match self.metric.better {
            Better::More => ours / other,
            Better::Less => other / ours,
        };
        ratio.is_normal().then_some(ratio)
    }

    /// The ratio that is to be reached.
    pub(crate) fn target_ratio(&self) -> Option<f64> {
        match self.metric.target {
            Target::BestPeer(ratio) | Target::Against(_, ratio) => Some(ratio),
            Target::AtMost(_) | Target::None => None,
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        let reached = match self.metric.target {
            Target::AtMost(limit) => match self.ours {
                Shown::Median(ours) => Some(ours <= limit * ROUNDING),
                Shown::Failed | Shown::Nothing => None,
            },
            _ => self.ratio().zip(self.target_ratio()).map(|(ratio, target)| ratio >= target),
        };
        match reached {
            Some(true) => Verdict::Reached,
            Some(false) => Verdict::Missed,
            None => Verdict::None,
        }
    }
}

pub(crate) fn in_role(role: Role) -> impl Iterator<Item = Contestant> {
    Contestant::ALL.into_iter().filter(move |contestant| contestant.role() == role)
}

/// An allocation in a thousand tasks, for a queue that grew, is none for each.
const ROUNDING: f64 = 1.005;

impl Metric {
    fn better_of(&self, one: (Contestant, f64), two: (Contestant, f64)) -> (Contestant, f64) {
        let two_is_better = match self.better {
            Better::More => two.1 > one.1,
            Better::Less => two.1 < one.1,
        };
        if two_is_better { two } else { one }
    }
}
