//! What the tabular learners share: a table of action values, its policy, the loop over calls.
//!
//! The baselines that every newcomer knows, in a few lines: an observation is its codes, every pair
//! of codes and action has a value of its own, and nothing is generalized from one to another.

use std::collections::BTreeMap;
use std::sync::Arc;

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::policy::{Observation, Policy, arg_max};
use offhook_env::rng::{Stream, uniform_at};
use serde::{Deserialize, Serialize};

use super::Update;
use super::schedule::{describe, epsilon_greedy, linear};
use crate::data::returns::End;
use crate::error::{LearnError, require};
use crate::ranges::Ranges;

/// Number of an observation in a [`QTable`].
pub(super) type RowIdx = usize;

/// Action values by observation.
#[derive(Clone, Debug)]
pub struct QTable {
    n_actions: usize,
    rows: BTreeMap<Vec<u8>, RowIdx>,
    /// `n_rows x n_actions`.
    values: Vec<f32>,
}

impl QTable {
    pub(super) fn new(n_actions: usize) -> Self {
        Self {
            n_actions,
            rows: BTreeMap::new(),
            values: Vec::new(),
        }
    }

    /// The row of an observation, a new one with values 0 if it was never seen.
    pub(super) fn row(&mut self, codes: &[u8]) -> RowIdx {
        if let Some(row) = self.rows.get(codes) {
            return *row;
        }
        let row = self.rows.len();
        self.rows.insert(codes.to_vec(), row);
        self.values.resize((row + 1) * self.n_actions, 0.0);
        row
    }

    pub(super) fn of(&self, row: RowIdx) -> &[f32] {
        &self.values[row * self.n_actions..(row + 1) * self.n_actions]
    }

    pub(super) fn value_mut(&mut self, row: RowIdx, action: ActionId) -> &mut f32 {
        &mut self.values[row * self.n_actions + action as usize]
    }

    /// Number of observations seen.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none was seen.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Takes the allowed action of the highest value, the first among equals. An observation that was
/// never seen while learning has only values of 0, so its first allowed action is taken.
impl Policy for QTable {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        out[self.best(observation, out.len()) as usize] = 1.0;
    }

    fn best(&self, observation: Observation<'_>, _n_actions: usize) -> ActionId {
        match self.rows.get(observation.codes) {
            Some(row) => arg_max(self.of(*row), observation.mask),
            None => observation.mask.nth(0),
        }
    }
}

/// Settings that the tabular learners share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TabularConfig {
    /// Environment steps (system turns) to learn from, rounded up to whole iterations. Default
    /// 500,000, as for PPO and DQN.
    pub total_steps: u64,
    /// Calls side by side, which go on from one iteration to the next. Default 32.
    pub n_calls: usize,
    /// Steps of every call per iteration. Default 64.
    pub n_steps: usize,
    /// Step size at the start, `α`, in `[0, 1]`. Default 0.5 (Sutton and Barto, 2018, example 6.6).
    pub learning_rate: f64,
    /// Step size in the end, to which it falls linearly: where rewards are random, values settle
    /// only as it falls. Default 0.02.
    pub learning_rate_end: f64,
    /// Discount per system turn, in `[0, 1]`. Default 0.99.
    pub gamma: f32,
    /// Share of random actions at the start. Default 1.
    pub epsilon_start: f64,
    /// Share of random actions in the end. Default 0.1 (Sutton and Barto, 2018, example 6.6).
    pub epsilon_end: f64,
    /// Share of the run over which it falls linearly, in `(0, 1]`. Default 0.5, as for DQN.
    pub exploration_fraction: f64,
}

impl Default for TabularConfig {
    fn default() -> Self {
        Self {
            total_steps: 500_000,
            n_calls: 32,
            n_steps: 64,
            learning_rate: 0.5,
            learning_rate_end: 0.02,
            gamma: 0.99,
            epsilon_start: 1.0,
            epsilon_end: 0.1,
            exploration_fraction: 0.5,
        }
    }
}

impl TabularConfig {
    /// Environment steps of one iteration.
    pub fn steps_per_iteration(&self) -> u64 {
        (self.n_calls * self.n_steps) as u64
    }

    /// Iterations of the whole run.
    pub fn n_iterations(&self) -> u64 {
        self.total_steps.div_ceil(self.steps_per_iteration().max(1))
    }

    /// Bounds the budget to `n_iterations`.
    pub(super) fn bound_budget(&mut self, n_iterations: u64) {
        let most = n_iterations * self.steps_per_iteration();
        self.total_steps = self.total_steps.min(most);
    }

    /// Notes every setting that is out of range.
    pub(super) fn check_ranges(&self, ranges: &mut Ranges) {
        ranges.rollout(self.n_calls, self.n_steps);
        ranges.at_least_1([("total_steps", self.total_steps)]);
        ranges.shares([
            ("learning_rate", self.learning_rate),
            ("learning_rate_end", self.learning_rate_end),
            ("gamma", self.gamma.into()),
            ("epsilon_start", self.epsilon_start),
            ("epsilon_end", self.epsilon_end),
            ("exploration_fraction", self.exploration_fraction),
        ]);
        let fraction = self.exploration_fraction;
        ranges.require(fraction > 0.0, "exploration_fraction", fraction, "above 0");
    }

    /// Checks every range; `section` is the learner's name in messages.
    fn check(&self, section: &str, env_calls: usize) -> Result<(), LearnError> {
        Ranges::first(section, |ranges| self.check_ranges(ranges))?;
        let same = "the number of calls of the environment";
        require(
            self.n_calls == env_calls,
            format!("{section}.n_calls"),
            self.n_calls,
            same,
        )
    }
}

/// An observation with the action that is chosen there.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChosenAction {
    pub(super) row: RowIdx,
    pub(super) mask: ActionMask,
    pub(super) action: ActionId,
}

/// One step of one call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Which of the calls side by side.
    pub(super) slot: usize,
    pub(super) chosen: ChosenAction,
    pub(super) reward: f32,
    /// What follows, in a truncated call what would have followed; `None` if the call terminated.
    pub(super) next: Option<ChosenAction>,
    /// Whether it was the last step of the call.
    pub(super) ends: bool,
    /// Step size.
    pub(super) learning_rate: f32,
}

/// Calls side by side, and the table that is learned from them.
pub(super) struct Tabular {
    config: TabularConfig,
    seed: u64,
    env: Box<dyn VectorEnv>,
    table: QTable,
    iteration: u64,
    batch: StepBatch,
    /// What every call does next; empty before the first iteration.
    chosen: Vec<ChosenAction>,
}

impl Tabular {
    pub(super) fn new(
        env: Box<dyn VectorEnv>,
        config: TabularConfig,
        section: &str,
        seed: u64,
    ) -> Result<Self, LearnError> {
        config.check(section, env.n_calls())?;
        let layout = env.layout();
        Ok(Self {
            batch: StepBatch::new(env.n_calls(), layout.n_features()),
            table: QTable::new(layout.n_actions()),
            chosen: Vec::new(),
            iteration: 0,
            config,
            seed,
            env,
        })
    }

    pub(super) fn policy(&self) -> Arc<dyn Policy> {
        Arc::new(self.table.clone())
    }

    pub(super) fn iteration(&self) -> u64 {
        self.iteration
    }

    pub(super) fn n_iterations(&self) -> u64 {
        self.config.n_iterations()
    }

    /// One iteration: `learn` sees every step as it happens, changes the table, and returns the
    /// temporal difference.
    pub(super) fn update(
        &mut self,
        mut learn: impl FnMut(&mut QTable, &Step) -> f32,
    ) -> Result<Update, LearnError> {
        let config = &self.config;
        let (n, f) = (config.n_calls, self.env.layout().n_features());
        let done = self.iteration as f64 / config.n_iterations() as f64;
        let learning_rate = linear(config.learning_rate, config.learning_rate_end, 1.0, done);
        let epsilon = linear(
            config.epsilon_start,
            config.epsilon_end,
            config.exploration_fraction,
            done,
        );
        let choose = |table: &mut QTable, seen: Observation<'_>, uniform: f32| {
            let row = table.row(seen.codes);
            let greedy = || arg_max(table.of(row), seen.mask);
            ChosenAction {
                row,
                mask: seen.mask,
                action: epsilon_greedy(epsilon, seen.mask, uniform, greedy),
            }
        };
        let draw = |slot: usize, t: u64| uniform_at(self.seed, Stream::Act, slot as u64, t);
        let (table, batch) = (&mut self.table, &mut self.batch);
        if self.iteration == 0 {
            self.env.reset(self.seed, Stream::Train, batch);
            let first = |slot| choose(table, batch.observation(slot, f), draw(slot, 0));
            self.chosen = (0..n).map(first).collect();
        }
        let first_t = self.iteration * config.n_steps as u64 + 1;
        let mut ended = Vec::new();
        let mut sum_of_errors = 0.0;
        for t in first_t..first_t + config.n_steps as u64 {
            let actions: Vec<ActionId> = self.chosen.iter().map(|c| c.action).collect();
            self.env.step(&actions, batch);
            ended.extend(batch.ended.iter().map(|(_, summary)| *summary));
            for (slot, chosen) in self.chosen.iter_mut().enumerate() {
                let end = End::of(batch.terminated[slot], batch.truncated[slot]);
                let onward = choose(table, batch.observation(slot, f), draw(slot, t));
                let next = match end {
                    End::Running => Some(onward),
                    End::Terminated => None,
                    End::Truncated => {
                        let last = Observation {
                            codes: &batch.final_codes[slot * f..(slot + 1) * f],
                            mask: batch.final_masks[slot],
                        };
                        Some(choose(table, last, draw(slot, t)))
                    }
                };
                let step = Step {
                    slot,
                    chosen: *chosen,
                    reward: batch.rewards[slot],
                    next,
                    ends: end != End::Running,
                    learning_rate: learning_rate as f32,
                };
                sum_of_errors += f64::from(learn(table, &step).abs());
                *chosen = onward;
            }
        }
        let error = sum_of_errors / config.steps_per_iteration() as f64;
        if !error.is_finite() {
            return Err(LearnError::NotFinite {
                metric: "losses/td_error",
                value: error as f32,
                unit: "iteration",
                at: self.iteration,
            });
        }
        self.iteration += 1;
        let mut metrics = describe(&ended);
        metrics.extend([
            ("charts/learning_rate", learning_rate),
            ("charts/epsilon", epsilon),
            ("charts/observations_seen", table.len() as f64),
            ("losses/td_error", error),
        ]);
        Ok(Update {
            steps: self.iteration * config.steps_per_iteration(),
            n_calls_ended: ended.len() as u64,
            metrics,
        })
    }
}
