//! Constraints on what a call may cost: a bound, and a Lagrange multiplier that enforces it.
//!
//! The reward of a call's last step is lowered by `multiplier x cost`; the multiplier rises while
//! the mean cost of the calls is above the bound and falls, never below 0, while it is under it
//! (reward constrained policy optimization, Tessler et al., 2019, arXiv:1805.11074, eq. 8 and 10).

use offhook_env::call::outcome::{CallSummary, Outcome};
use serde::{Deserialize, Serialize};

use crate::ranges::Ranges;

/// What counts against a call when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cost {
    /// 1 if the customer hung up.
    HangUp,
    /// 1 if the customer does not want to be called again.
    OptOut,
    /// 1 if the customer's rating is 2 or less.
    Complaint,
    /// Number of harms by the hidden truth.
    Harms,
}

impl Cost {
    /// The cost of a call.
    pub fn of(self, call: &CallSummary) -> f64 {
        let holds = |condition: bool| f64::from(u8::from(condition));
        match self {
            Self::HangUp => holds(call.outcome == Outcome::HungUp),
            Self::OptOut => holds(call.outcome == Outcome::OptedOut),
            Self::Complaint => holds(call.satisfaction <= 2),
            Self::Harms => f64::from(call.harms),
        }
    }

    /// The names of the mean cost of the calls and of the multiplier in metrics.
    pub(super) const fn metrics(self) -> [&'static str; 2] {
        match self {
            Self::HangUp => ["constraints/hang_up", "multipliers/hang_up"],
            Self::OptOut => ["constraints/opt_out", "multipliers/opt_out"],
            Self::Complaint => ["constraints/complaint", "multipliers/complaint"],
            Self::Harms => ["constraints/harms", "multipliers/harms"],
        }
    }
}

/// A bound on the mean cost of a call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// What is bounded.
    pub figure: Cost,
    /// Highest mean over calls, at least 0.
    pub bound: f64,
    /// Reward units that the multiplier rises per iteration and unit of cost above the bound.
    /// Default 20, measured on `fraud_alert` with a bound on hang-ups: 2 was too slow for a run of
    /// 366 iterations, with 20 the mean cost stayed within a point of the bound from a third on.
    #[serde(default = "default_learning_rate")]
    pub multiplier_learning_rate: f64,
}

fn default_learning_rate() -> f64 {
    20.0
}

impl Constraint {
    /// Notes every setting that is out of range.
    pub(super) fn check_ranges(&self, ranges: &mut Ranges) {
        ranges.at_least_0([("bound", self.bound)]);
        ranges.positive([("multiplier_learning_rate", self.multiplier_learning_rate)]);
    }

    /// The multiplier, in reward units per unit of cost, after calls of this mean cost.
    pub fn next_multiplier(&self, multiplier: f64, mean_cost: f64) -> f64 {
        (multiplier + self.multiplier_learning_rate * (mean_cost - self.bound)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_env::call::outcome::N_TERMS;

    #[test]
    fn a_multiplier_rises_above_the_bound_falls_below_it_and_stops_at_0() {
        let constraint = Constraint {
            figure: Cost::HangUp,
            bound: 0.1,
            multiplier_learning_rate: 2.0,
        };
        // 3 + 2 (0.25 - 0.1), 3 + 2 (0.05 - 0.1), 0.1 - 2 * 0.1.
        assert!((constraint.next_multiplier(3.0, 0.25) - 3.3).abs() < 1e-12);
        assert!((constraint.next_multiplier(3.0, 0.05) - 2.9).abs() < 1e-12);
        assert_eq!(constraint.next_multiplier(0.1, 0.0), 0.0);
    }

    #[test]
    fn a_call_costs_what_its_end_says() {
        let call = CallSummary {
            episode: 0,
            outcome: Outcome::HungUp,
            satisfaction: 2,
            turns: 3,
            seconds: 9.0,
            return_: -1.0,
            terms: [0.0; N_TERMS],
            harms: 2,
            rules_broken: 0,
            held_back: 0,
            attainable: true,
            right_person: true,
            items: None,
            machine_seconds: 0.0,
            taken_for_machine: None,
        };
        let all = [Cost::HangUp, Cost::OptOut, Cost::Complaint, Cost::Harms];
        assert_eq!(all.map(|cost| cost.of(&call)), [1.0, 0.0, 1.0, 2.0]);
        let content = CallSummary {
            outcome: Outcome::OptedOut,
            satisfaction: 3,
            harms: 0,
            ..call
        };
        assert_eq!(all.map(|cost| cost.of(&content)), [0.0, 1.0, 0.0, 0.0]);
    }
}
