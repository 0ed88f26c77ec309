//! What every action costs in every observation: the currency in which trees are grown.

use std::str::FromStr;

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::layout::Layout;
use offhook_env::policy::{Observation, Policy, arg_max};
use serde::{Deserialize, Serialize};

use crate::data::dataset::Dataset;

/// Probability below which an action is as bad as can be; bounds the regret at `-ln` of it.
const LEAST_PROB: f32 = 1e-4;

/// Weight of an action's mean cost in the cost of a leaf, in observations: decides where a leaf
/// has none or actions are equal.
const PRIOR: f64 = 1e-3;

/// What a wrong action costs, and with it how a table is made of a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Every action costs its regret; policy iteration follows.
    #[default]
    Regret,
    /// The policy's best action costs nothing, any other as much as the worst one there; the tree
    /// plays, and is taught on what it meets (VIPER; Bastani et al., 2018, arXiv:1805.08328, eq. 1).
    Viper,
    /// The policy's best action costs nothing, any other 1; only the policy plays.
    Cloning,
}

impl Method {
    /// Every method, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Regret, Self::Viper, Self::Cloning];

    /// Its name, as a config writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regret => "regret",
            Self::Viper => "viper",
            Self::Cloning => "cloning",
        }
    }

    /// What it does, in a line of help.
    pub fn about(self) -> &'static str {
        match self {
            Self::Regret => "Every action at its regret, then at what it proves to cost",
            Self::Viper => "Mistakes at the regret of the worst action (Bastani et al., 2018)",
            Self::Cloning => "Every mistake alike",
        }
    }
}

impl FromStr for Method {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|method| method.name() == name);
        known.ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("no method of distillation '{name}', expected one of {names}")
        })
    }
}

/// Observations and what every action costs in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// `n x n_features`.
    pub codes: Vec<u8>,
    /// `n x n_actions`; those of masked actions are never looked at.
    pub costs: Vec<f32>,
    /// The call of every row.
    pub calls: Vec<u32>,
}

impl Rows {
    /// Puts the rows of `other` behind its own.
    pub(super) fn append(&mut self, other: Self) {
        self.codes.extend(other.codes);
        self.costs.extend(other.costs);
        self.calls.extend(other.calls);
    }

    /// What was met, at the cost that `method` gives a teacher's actions.
    ///
    /// The regret is `ln max p - ln p(a)`, in nats. VIPER's loss is that of the worst allowed action:
    /// for a policy trained with an entropy bonus the logarithm of its probabilities is its action
    /// value but for scale and a constant.
    pub(super) fn of(method: Method, teacher: &dyn Policy, layout: &Layout, met: Dataset) -> Self {
        let n_actions = layout.n_actions();
        let mut costs = vec![0.0; met.masks.len() * n_actions];
        let rows = met
            .codes
            .chunks_exact(layout.n_features())
            .zip(&met.masks)
            .zip(costs.chunks_exact_mut(n_actions));
        for ((codes, &mask), row) in rows {
            teacher.probabilities(Observation { codes, mask }, row);
            let chosen = regrets_of(row, mask) as usize;
            let mistake = match method {
                Method::Regret => continue,
                Method::Viper => mask.iter().map(|a| row[a as usize]).fold(0.0, f32::max),
                Method::Cloning => 1.0,
            };
            row.fill(mistake);
            row[chosen] = 0.0;
        }
        Self {
            codes: met.codes,
            costs,
            calls: met.groups,
        }
    }
}

/// Turns probabilities into regrets, in nats, and says which action has none.
pub(super) fn regrets_of(probs: &mut [f32], mask: ActionMask) -> ActionId {
    let chosen = arg_max(probs, mask);
    let best = probs[chosen as usize].max(LEAST_PROB).ln();
    for value in probs.iter_mut() {
        *value = best - value.max(LEAST_PROB).ln();
    }
    chosen
}

/// Rows to grow a tree from.
pub(super) struct Costs<'a> {
    n_features: usize,
    n_actions: usize,
    rows: &'a Rows,
    /// Faint cost of every action where nothing else decides.
    prior: Vec<f64>,
}

impl<'a> Costs<'a> {
    pub(super) fn new(rows: &'a Rows, layout: &Layout) -> Self {
        let (n_features, n_actions) = (layout.n_features(), layout.n_actions());
        let n = rows.calls.len().max(1) as f64;
        let mut prior = vec![0.0; n_actions];
        for row in rows.costs.chunks_exact(n_actions) {
            for (total, cost) in prior.iter_mut().zip(row) {
                *total += PRIOR * f64::from(*cost) / n;
            }
        }
        Self {
            n_features,
            n_actions,
            rows,
            prior,
        }
    }

    /// Number of observations.
    pub(super) fn len(&self) -> usize {
        self.rows.calls.len()
    }

    pub(super) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(super) fn n_actions(&self) -> usize {
        self.n_actions
    }

    pub(super) fn code(&self, row: u32, feature: usize) -> usize {
        self.rows.codes[row as usize * self.n_features + feature] as usize
    }

    pub(super) fn row(&self, row: u32) -> &[f32] {
        &self.rows.costs[row as usize * self.n_actions..(row as usize + 1) * self.n_actions]
    }

    /// Which half of the calls a row is of.
    pub(super) fn half(&self, row: u32) -> usize {
        self.rows.calls[row as usize] as usize & 1
    }

    /// Faint cost of an action where nothing else decides.
    pub(super) fn prior(&self, action: usize) -> f64 {
        self.prior[action]
    }

    /// Summed cost of every action over some rows.
    pub(super) fn sum(&self, rows: &[u32]) -> Vec<f64> {
        let mut sum = vec![0.0; self.n_actions];
        for &row in rows {
            for (total, cost) in sum.iter_mut().zip(self.row(row)) {
                *total += f64::from(*cost);
            }
        }
        sum
    }

    /// The cheapest allowed action of summed costs, and its cost, prior included.
    pub(super) fn best(&self, sum: &[f64], allowed: ActionMask) -> Option<(ActionId, f64)> {
        let costs = (allowed.iter()).map(|a| (a, sum[a as usize] + self.prior[a as usize]));
        costs.min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    }
}
