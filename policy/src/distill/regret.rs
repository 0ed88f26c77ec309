//! How much less probable a policy finds each action than its best one.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::layout::Layout;
use offhook_env::policy::{Observation, Policy};

use crate::dataset::Dataset;

/// Probability below which an action is as bad as can be; bounds the regret at `-ln` of it.
const LEAST_PROB: f32 = 1e-4;

/// Weight of an action's mean regret in the cost of a leaf, in observations: decides where a leaf
/// has none or actions are equal.
const PRIOR: f32 = 1e-3;
/// Regret of every action in every observation, `n x n_actions`, in nats: `ln max p - ln p(a)`; those
/// of masked actions mean nothing.
pub(super) fn of(teacher: &dyn Policy, layout: &Layout, met: &Dataset) -> Vec<f32> {
    let (n_features, n_actions) = (layout.n_features(), layout.n_actions());
    let mut regrets = vec![0.0; met.masks.len() * n_actions];
    let rows = met.codes.chunks_exact(n_features).zip(&met.masks);
    for ((codes, &mask), row) in rows.zip(regrets.chunks_exact_mut(n_actions)) {
        teacher.probabilities(Observation { codes, mask }, row);
        let best = row.iter().copied().fold(LEAST_PROB, f32::max).ln();
        for value in row {
            *value = best - value.max(LEAST_PROB).ln();
        }
    }
    regrets
}

/// Observations and the regret of every action in them.
pub(super) struct Regrets<'a> {
    n_features: usize,
    n_actions: usize,
    /// `n x n_features`.
    codes: &'a [u8],
    /// `n x n_actions`; those of masked actions are never looked at.
    regret: &'a [f32],
    /// Faint regret of every action where nothing else decides.
    prior: Vec<f32>,
}

impl<'a> Regrets<'a> {
    pub(super) fn new(codes: &'a [u8], regret: &'a [f32], layout: &Layout) -> Self {
        let (n_features, n_actions) = (layout.n_features(), layout.n_actions());
        let n = (codes.len() / n_features).max(1) as f32;
        let mut prior = vec![0.0; n_actions];
        for row in regret.chunks_exact(n_actions) {
            for (total, regret) in prior.iter_mut().zip(row) {
                *total += PRIOR * regret / n;
            }
        }
        Self {
            n_features,
            n_actions,
            codes,
            regret,
            prior,
        }
    }

    pub(super) fn code(&self, row: u32, feature: usize) -> usize {
        self.codes[row as usize * self.n_features + feature] as usize
    }

    pub(super) fn row(&self, row: u32) -> &[f32] {
        &self.regret[row as usize * self.n_actions..(row as usize + 1) * self.n_actions]
    }

    /// Number of features.
    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    /// Number of actions.
    pub(super) fn n_actions(&self) -> usize {
        self.n_actions
    }

    /// Faint regret of an action where nothing else decides.
    pub(super) fn prior(&self, action: usize) -> f32 {
        self.prior[action]
    }

    /// Summed regret of every action over some rows, prior included.
    pub(super) fn sum(&self, rows: &[u32]) -> Vec<f32> {
        let mut sum = self.prior.clone();
        for &row in rows {
            for (total, regret) in sum.iter_mut().zip(self.row(row)) {
                *total += regret;
            }
        }
        sum
    }

    /// The cheapest allowed action and its cost.
    pub(super) fn best(&self, sum: &[f32], allowed: ActionMask) -> Option<(ActionId, f32)> {
        let costs = allowed.iter().map(|a| (a, sum[a as usize]));
        costs.min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    }
}
