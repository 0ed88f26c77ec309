//! Estimators that need nothing but importance weights (Precup, Sutton and Singh, 2000,
//! "Eligibility Traces for Off-Policy Policy Evaluation").
//!
//! With `ρ_{0:t}` of [`Importance`] and `G = Σ_t γ^t r_t`, over `n` calls `i` of `T_i` decisions:
//!
//! - ordinary importance sampling, `IS = 1/n Σ_i ρ_{0:T_i} G_i`: no bias, a large variance;
//! - per-decision, `PDIS = 1/n Σ_i Σ_t γ^t ρ_{0:t} r_t`: no bias, since what comes later does not
//!   change what was earned before;
//! - weighted, `WIS = Σ_i ρ_{0:T_i} G_i / Σ_i ρ_{0:T_i}`: a bias of order `1/n`, a variance that
//!   the range of the returns bounds.

use super::weights::Importance;
use crate::data::trajectories::Trajectories;
use offhook_stats::sums::Sums;

/// `γ^t r_t` summed over every call, per episode; a truncated call counts what was watched.
pub fn returns(calls: &Trajectories, gamma: f64) -> Vec<f64> {
    let one = |episode| {
        let rewards = calls.rows(episode).map(|row| calls.rewards[row]);
        rewards.rev().fold(0.0, |g, r| f64::from(r) + gamma * g)
    };
    (0..calls.n_episodes()).map(one).collect()
}

/// Ordinary importance sampling.
pub fn ordinary(calls: &Trajectories, importance: &Importance, gamma: f64) -> Sums {
    let returns = returns(calls, gamma);
    Sums::mean(returns.iter().zip(&importance.whole).map(|(g, w)| w * g))
}

/// Per-decision importance sampling.
pub fn per_decision(calls: &Trajectories, importance: &Importance, gamma: f64) -> Sums {
    let one = |episode| {
        let (mut sum, mut discount) = (0.0, 1.0);
        for row in calls.rows(episode) {
            sum += discount * importance.cumulative[row] * f64::from(calls.rewards[row]);
            discount *= gamma;
        }
        sum
    };
    Sums::mean((0..calls.n_episodes()).map(one))
}

/// Weighted importance sampling; no value if no call follows the policy.
pub fn weighted(calls: &Trajectories, importance: &Importance, gamma: f64) -> Sums {
    let returns = returns(calls, gamma);
    let pairs = returns.iter().zip(&importance.whole);
    Sums::ratio(pairs.map(|(g, w)| (w * g, *w)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ope::testing::{ALL_ONE, value, worked_example};

    #[test]
    fn estimates_are_those_worked_by_hand() {
        // Weights: call 0 2, then 2 * 0.5 = 1; call 1 0.5; call 2 (truncated) 2, then 4.
        // Returns at gamma 0.5: 1 + 0.5 * 2 = 2; 4; 0 + 0.5 * 8 = 4.
        let (calls, importance) = worked_example();
        assert_eq!(importance.cumulative, [2.0, 1.0, 0.5, 2.0, 4.0]);
        assert_eq!(returns(&calls, 0.5), [2.0, 4.0, 4.0]);
        let is = (1.0 * 2.0 + 0.5 * 4.0 + 4.0 * 4.0) / 3.0;
        assert_eq!(value(&ordinary(&calls, &importance, 0.5)), is);
        // Call 0: 2 * 1 + 0.5 * 1 * 2 = 3; call 1: 0.5 * 4 = 2; call 2: 0 + 0.5 * 4 * 8 = 16.
        let pdis = (3.0 + 2.0 + 16.0) / 3.0;
        assert_eq!(value(&per_decision(&calls, &importance, 0.5)), pdis);
        let wis = (2.0 + 2.0 + 16.0) / 5.5;
        assert_eq!(value(&weighted(&calls, &importance, 0.5)), wis);
    }

    #[test]
    fn a_policy_that_behaves_as_logged_gets_the_mean_return() {
        let (calls, mut importance) = worked_example();
        importance.cumulative = ALL_ONE.to_vec();
        importance.whole = vec![1.0; 3];
        for sums in [
            ordinary(&calls, &importance, 1.0),
            per_decision(&calls, &importance, 1.0),
            weighted(&calls, &importance, 1.0),
        ] {
            assert_eq!(value(&sums), (3.0 + 4.0 + 8.0) / 3.0);
        }
    }
}
