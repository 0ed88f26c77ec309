//! Importance weights: how much more probable a policy makes what a log shows.

use offhook_env::action::MAX_ACTIONS;
use offhook_env::belief::layout::Layout;
use offhook_env::policy::{Observation, Policy};

use crate::data::trajectories::Trajectories;

/// What a policy would do at every decision of a log.
pub struct Target {
    /// Number of actions.
    pub n_actions: usize,
    /// `π(a | o)` per decision and action, `n_rows x n_actions`.
    pub probs: Vec<f32>,
}

impl Target {
    /// Asks `policy` at every decision of `calls`, which were made for `layout`.
    pub fn ask(policy: &dyn Policy, calls: &Trajectories, layout: &Layout) -> Self {
        let (n_features, n_actions) = (layout.n_features(), layout.n_actions());
        let mut probs = vec![0.0; calls.len() * n_actions];
        let seen = calls.codes.chunks_exact(n_features).zip(&calls.masks);
        for ((codes, &mask), out) in seen.zip(probs.chunks_exact_mut(n_actions)) {
            policy.probabilities(Observation { codes, mask }, out);
        }
        Self { n_actions, probs }
    }

    /// Probabilities of all actions at a decision.
    pub fn at(&self, row: usize) -> &[f32] {
        &self.probs[row * self.n_actions..][..self.n_actions]
    }
}

/// The probability that `policy` gives to the logged action, decision by decision.
pub fn taken_probs(policy: &dyn Policy, calls: &Trajectories, layout: &Layout) -> Vec<f32> {
    let n_features = layout.n_features();
    let mut probs = [0.0; MAX_ACTIONS];
    let seen = calls.codes.chunks_exact(n_features).zip(&calls.masks);
    let prob = |((codes, &mask), &action): ((&[u8], _), &u8)| {
        policy.probabilities(
            Observation { codes, mask },
            &mut probs[..layout.n_actions()],
        );
        probs[action as usize]
    };
    seen.zip(&calls.actions).map(prob).collect()
}

/// Weights `ρ_{0:t} = Π_{k<=t} π(a_k | o_k) / b(a_k | o_k)` of the decisions of a log.
pub struct Importance {
    /// `ρ_{0:t}` per decision.
    pub cumulative: Vec<f64>,
    /// `ρ` of the whole call, per episode.
    pub whole: Vec<f64>,
}

impl Importance {
    /// Weights of `target` for calls whose actions were taken with `behavior_probs`.
    pub fn new(calls: &Trajectories, target: &Target, behavior_probs: &[f32]) -> Self {
        let mut cumulative = Vec::with_capacity(calls.len());
        let mut whole = Vec::with_capacity(calls.n_episodes());
        for episode in 0..calls.n_episodes() {
            let mut weight = 1.0;
            for row in calls.rows(episode) {
                let taken = target.at(row)[calls.actions[row] as usize];
                weight *= f64::from(taken) / f64::from(behavior_probs[row]);
                cumulative.push(weight);
            }
            whole.push(weight);
        }
        Self { cumulative, whole }
    }

    /// The weight before decision `row`, which is the `t`-th of its call: `ρ_{0:t-1}`, 1 at first.
    pub fn before(&self, row: usize, t: usize) -> f64 {
        if t == 0 {
            1.0
        } else {
            self.cumulative[row - 1]
        }
    }
}

/// How many equally weighted calls tell as much: `(Σ w)² / Σ w²`, from 0 to the number of calls
/// (Kish, 1965, "Survey Sampling").
pub fn effective_n(weights: &[f64]) -> f64 {
    let most = weights.iter().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return 0.0;
    }
    let scaled = || weights.iter().map(|w| w / most);
    scaled().sum::<f64>().powi(2) / scaled().map(|w| w * w).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_differ_count_for_less() {
        assert_eq!(effective_n(&[2.0; 7]), 7.0);
        assert_eq!(effective_n(&[5.0, 0.0, 0.0]), 1.0);
        assert!((effective_n(&[3.0, 1.0]) - 1.6).abs() < 1e-12);
        assert_eq!(effective_n(&[0.0, 0.0]), 0.0);
        assert_eq!(effective_n(&[1e300, 1e300]), 2.0);
    }
}
