//! Doubly robust estimators: action values first, importance weights for what they get wrong.
//!
//! With `ρ_{0:t}` of [`Importance`], `Q` and `V(o) = Σ_a π(a | o) Q(o, a)` of a model and `n` calls:
//!
//! - `DR = 1/n Σ_i Σ_t γ^t (ρ_{0:t-1} V(o_t) + ρ_{0:t} (r_t - Q(o_t, a_t)))`, the recursion of Jiang
//!   and Li (2016, "Doubly Robust Off-policy Value Evaluation for Reinforcement Learning", eq. 10)
//!   written out; without bias if the weights are right or the model is, provided that the model
//!   has not seen the call it judges;
//! - `WDR`, the same with `ρ_{0:t}` of a call divided by the sum of those of all calls instead of by
//!   `n` (Thomas and Brunskill, 2016, "Data-Efficient Off-Policy Policy Evaluation for Reinforcement
//!   Learning", eq. 4); a call that is over keeps its last weight in that sum.

use super::model::Model;
use super::weights::Importance;
use crate::data::trajectories::Trajectories;
use offhook_stats::sums::Sums;

/// What every call says of the policy's value: the summands of DR, per episode.
pub fn per_episode(
    calls: &Trajectories,
    importance: &Importance,
    model: &Model,
    gamma: f64,
) -> Vec<f64> {
    let one = |episode| {
        let (mut sum, mut discount) = (0.0, 1.0);
        for (t, row) in calls.rows(episode).enumerate() {
            let error = f64::from(calls.rewards[row]) - model.q[row];
            let before = importance.before(row, t);
            sum += discount * (before * model.v[row] + importance.cumulative[row] * error);
            discount *= gamma;
        }
        sum
    };
    (0..calls.n_episodes()).map(one).collect()
}

/// The doubly robust estimate.
pub fn ordinary(values: &[f64]) -> Sums {
    Sums::mean(values.iter().copied())
}

/// The weighted doubly robust estimate; where no call follows the policy any more, the model's
/// value stands uncorrected.
pub fn weighted(calls: &Trajectories, importance: &Importance, model: &Model, gamma: f64) -> Sums {
    let episodes = || 0..calls.n_episodes();
    let longest = episodes().map(|e| calls.rows(e).len()).max().unwrap_or(0);
    let n_terms = 2 * (longest + 1);
    let mut terms = vec![0.0; calls.n_episodes() * n_terms];
    for (episode, terms) in episodes().zip(terms.chunks_exact_mut(n_terms)) {
        // Pairs of what is weighted by `ρ_{0:t-1}`, and that weight; the first pair is V(o_0) and 1.
        let rows = calls.rows(episode);
        let mut discount = 1.0;
        terms[1] = 1.0;
        for (t, row) in rows.clone().enumerate() {
            let weight = importance.cumulative[row];
            let error = f64::from(calls.rewards[row]) - model.q[row];
            terms[2 * t] += discount * importance.before(row, t) * model.v[row];
            terms[2 * t + 2] += discount * weight * error;
            terms[2 * t + 3] = weight;
            discount *= gamma;
        }
        for t in rows.len()..longest {
            terms[2 * t + 3] = importance.whole[episode];
        }
    }
    Sums::new(n_terms, terms, |sums| {
        let share = |pair: &[f64]| {
            if pair[1] > 0.0 {
                pair[0] / pair[1]
            } else {
                0.0
            }
        };
        sums.chunks_exact(2).map(share).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ope::testing::{ALL_ONE, value, worked_example};

    #[test]
    fn estimates_are_those_worked_by_hand() {
        // Weights 2, 1 | 0.5 | 2, 4 and rewards 1, 2 | 4 | 0, 8 at gamma 0.5, as in `importance`.
        let (calls, importance) = worked_example();
        let model = Model {
            q: vec![1.0, 3.0, 2.0, 2.0, 6.0],
            v: vec![2.0, 1.0, 2.0, 2.0, 5.0],
        };
        let values = per_episode(&calls, &importance, &model, 0.5);
        // Call 0: 2 + 2 * (1 - 1) + 0.5 * (2 * 1 + 1 * (2 - 3)) = 2.5
        // Call 1: 2 + 0.5 * (4 - 2) = 3
        // Call 2: 2 + 2 * (0 - 2) + 0.5 * (2 * 5 + 4 * (8 - 6)) = 7
        assert_eq!(values, [2.5, 3.0, 7.0]);
        assert_eq!(value(&ordinary(&values)), 12.5 / 3.0);
        // Sums of weights: 3, then 2 + 0.5 + 2 = 4.5, then 1 + 0.5 + 4 = 5.5 (call 1 is over).
        // (2 + 2 + 2) / 3 + (2 * 0 + 0.5 * 2 + 2 * -2 + 0.5 * (2 * 1 + 2 * 5)) / 4.5
        //   + 0.5 * (1 * -1 + 4 * 2) / 5.5
        let expected = 2.0 + 3.0 / 4.5 + 3.5 / 5.5;
        let found = value(&weighted(&calls, &importance, &model, 0.5));
        assert!((found - expected).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn without_a_model_they_are_per_decision_importance_sampling() {
        let (calls, importance) = worked_example();
        let model = Model {
            q: vec![0.0; 5],
            v: vec![0.0; 5],
        };
        let values = per_episode(&calls, &importance, &model, 0.5);
        let pdis = crate::ope::importance::per_decision(&calls, &importance, 0.5);
        assert_eq!(value(&ordinary(&values)), value(&pdis));
    }

    #[test]
    fn a_policy_that_behaves_as_logged_gets_the_mean_return_from_the_true_values() {
        let (calls, mut importance) = worked_example();
        importance.cumulative = ALL_ONE.to_vec();
        importance.whole = vec![1.0; 3];
        // Q = V = the return to come: then every error is 0 but for what the next value takes off.
        let to_come = vec![3.0, 2.0, 4.0, 8.0, 8.0];
        let model = Model {
            q: to_come.clone(),
            v: to_come,
        };
        let values = per_episode(&calls, &importance, &model, 1.0);
        assert_eq!(values, [3.0, 4.0, 8.0]);
        let found = value(&weighted(&calls, &importance, &model, 1.0));
        assert!((found - 5.0).abs() < 1e-12, "{found}");
    }
}
