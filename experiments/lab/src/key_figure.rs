//! The key figures of played calls, with intervals.

use offhook_env::call::outcome::{CallSummary, Outcome};

use crate::unit::Unit;
use offhook_stats::{self as stats, Count, Estimate, Moments};

/// How the values of a figure spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Happened or did not.
    Share,
    /// A number per call.
    Mean,
    /// Rare events, shown per 10,000 calls.
    Rate,
    /// A plain count over all calls, without interval.
    Count,
}

/// One key figure: its name, and what a call contributes.
#[derive(Clone, Copy, Debug)]
pub struct KeyFigure {
    /// Name in tables and JSON lines.
    pub name: &'static str,
    unit: &'static str,
    decimals: usize,
    kind: Kind,
    value: fn(&CallSummary) -> f64,
}

fn is(call: &CallSummary, outcome: Outcome) -> f64 {
    f64::from(call.outcome == outcome)
}

/// The key figures in the order they are shown.
pub const KEY_FIGURES: &[KeyFigure] = &[
    KeyFigure {
        name: "completion",
        unit: "share",
        decimals: 1,
        kind: Kind::Share,
        value: |c| is(c, Outcome::Completed),
    },
    KeyFigure {
        name: "satisfaction",
        unit: "rating 1-5",
        decimals: 2,
        kind: Kind::Mean,
        value: |c| f64::from(c.satisfaction),
    },
    KeyFigure {
        name: "satisfied",
        unit: "share",
        decimals: 1,
        kind: Kind::Share,
        value: |c| f64::from(c.satisfaction >= 4),
    },
    KeyFigure {
        name: "hang_up",
        unit: "share",
        decimals: 1,
        kind: Kind::Share,
        value: |c| is(c, Outcome::HungUp),
    },
    KeyFigure {
        name: "handoff",
        unit: "share",
        decimals: 1,
        kind: Kind::Share,
        value: |c| is(c, Outcome::Transferred),
    },
    KeyFigure {
        name: "callback",
        unit: "share",
        decimals: 1,
        kind: Kind::Share,
        value: |c| is(c, Outcome::CallbackAgreed),
    },
    KeyFigure {
        name: "message_left",
        unit: "share",
        decimals: 1,
        kind: Kind::Share,
        value: |c| is(c, Outcome::MessageLeft),
    },
    KeyFigure {
        name: "opt_out",
        unit: "share",
        decimals: 1,
        kind: Kind::Share,
        value: |c| is(c, Outcome::OptedOut),
    },
    KeyFigure {
        name: "turns",
        unit: "turns",
        decimals: 2,
        kind: Kind::Mean,
        value: |c| f64::from(c.turns),
    },
    KeyFigure {
        name: "call_seconds",
        unit: "s",
        decimals: 1,
        kind: Kind::Mean,
        value: |c| f64::from(c.seconds),
    },
    KeyFigure {
        name: "return",
        unit: "reward",
        decimals: 2,
        kind: Kind::Mean,
        value: |c| f64::from(c.return_),
    },
    KeyFigure {
        name: "rules_broken",
        unit: "count",
        decimals: 0,
        kind: Kind::Count,
        value: |c| f64::from(c.rules_broken),
    },
    KeyFigure {
        name: "harms",
        unit: "per 10,000 calls",
        decimals: 1,
        kind: Kind::Rate,
        value: |c| f64::from(c.harms),
    },
];

/// What some calls contribute to one figure; tallies add up, so that calls need not be kept.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    count: Count,
    moments: Moments,
}

impl Tally {
    /// Both together.
    pub fn merged(self, other: Self) -> Self {
        Self {
            count: Count {
                hits: self.count.hits + other.count.hits,
                n: self.count.n + other.count.n,
            },
            moments: self.moments.merged(other.moments),
        }
    }
}

impl KeyFigure {
    /// The figure of that name.
    ///
    /// # Panics
    /// If there is none.
    pub fn named(name: &str) -> &'static Self {
        KEY_FIGURES
            .iter()
            .find(|f| f.name == name)
            .expect("the name is one of KEY_FIGURES")
    }

    /// What each call contributes, for paired comparisons.
    pub fn values(&self, calls: &[CallSummary]) -> Vec<f32> {
        calls.iter().map(|call| (self.value)(call) as f32).collect()
    }

    /// The unit it is shown in.
    pub fn unit(&self) -> Unit {
        if self.kind == Kind::Share {
            Unit::share()
        } else {
            Unit::plain(self.unit, self.decimals)
        }
    }

    /// What these calls contribute.
    pub fn tally(&self, calls: &[CallSummary]) -> Tally {
        let events = match self.kind {
            Kind::Share | Kind::Rate | Kind::Count => calls,
            Kind::Mean => &[],
        };
        let values = match self.kind {
            Kind::Mean => calls,
            Kind::Share | Kind::Rate | Kind::Count => &[],
        };
        Tally {
            count: Count {
                hits: events.iter().map(|call| (self.value)(call) as u64).sum(),
                n: events.len() as u64,
            },
            moments: Moments::of(values.iter().map(self.value)),
        }
    }

    /// The estimate over clusters of calls: one cluster per trained policy.
    pub fn estimate<C: AsRef<[CallSummary]>>(&self, clusters: &[C]) -> Option<Estimate> {
        let tallies: Vec<Tally> = clusters.iter().map(|c| self.tally(c.as_ref())).collect();
        self.of_tallies(&tallies)
    }

    /// The same from tallies, one per cluster.
    pub fn of_tallies(&self, clusters: &[Tally]) -> Option<Estimate> {
        let counts = || clusters.iter().map(|c| c.count).collect::<Vec<_>>();
        match self.kind {
            Kind::Share => stats::clustered_share(&counts()),
            Kind::Rate => stats::clustered_rate(&counts()).map(|e| e.scaled(10_000.0)),
            Kind::Count => Some(Estimate::point(
                counts().iter().map(|c| c.hits as f64).sum(),
            )),
            Kind::Mean => {
                let moments: Vec<_> = clusters.iter().map(|c| c.moments).collect();
                stats::clustered_mean(&moments)
            }
        }
    }
}
