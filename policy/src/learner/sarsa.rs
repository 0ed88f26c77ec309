//! Tabular SARSA(λ) with eligibility traces (Rummery and Niranjan, 1994; Sutton and Barto, 2018,
//! chapter 12) and action masks.
//!
//! After every step `δ = r + γ Q(o', a') - Q(o, a)` with the action `a'` that will be taken, and
//! every pair met in the call so far moves by `α δ e`; its trace `e` then fades by `γ λ`. Traces
//! belong to a call and end with it.

use std::sync::Arc;

use offhook_env::action::ActionId;
use offhook_env::call::vector_env::VectorEnv;
use offhook_env::policy::Policy;
use serde::{Deserialize, Serialize};

use super::settings::{Needs, OnlineSettings, OnlineStart, Settings};
use super::tabular::{QTable, RowIdx, Step, Tabular, TabularConfig};
use super::{Learner, Update};
use crate::checkpoint::Checkpoint;
use crate::error::LearnError;
use crate::ranges::Ranges;

/// The section of its settings.
const LEARNER: &str = "sarsa";

/// What a second visit of a pair within one call does to its trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Traces {
    /// Adds 1 (Sutton and Barto, 2018, eq. 12.5).
    Accumulating,
    /// Sets it to 1 (Singh and Sutton, 1996), which is stabler where pairs recur.
    #[default]
    Replacing,
}

/// Settings of SARSA(λ).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SarsaConfig {
    /// How much of a trace stays per step besides the discount, in `[0, 1]`. Default 0.9 (Sutton
    /// and Barto, 2018, example 12.1, where values about it do best).
    pub lambda: f32,
    /// Kind of traces. Default replacing.
    pub traces: Traces,
    /// Budget, step size, exploration.
    pub tabular: TabularConfig,
}

impl Default for SarsaConfig {
    fn default() -> Self {
        Self {
            lambda: 0.9,
            traces: Traces::Replacing,
            // Traces spread every error over many pairs, so that steps must be smaller.
            tabular: TabularConfig {
                learning_rate: 0.2,
                ..TabularConfig::default()
            },
        }
    }
}

/// A SARSA run between two iterations.
pub struct Sarsa {
    config: SarsaConfig,
    tabular: Tabular,
    /// Traces of every call side by side.
    eligible: Vec<Vec<Trace>>,
}

/// How much a pair of observation and action takes part in what happens now.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Trace {
    row: RowIdx,
    action: ActionId,
    strength: f32,
}

impl Sarsa {
    /// A run that starts from an empty table.
    ///
    /// # Errors
    /// A setting out of range, or an environment with another number of calls.
    pub fn new(
        env: Box<dyn VectorEnv>,
        config: SarsaConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        Ranges::first(LEARNER, |ranges| config.check(ranges))?;
        Ok(Self {
            eligible: vec![Vec::new(); env.n_calls()],
            tabular: Tabular::new(env, config.tabular.clone(), "sarsa.tabular", seed)?,
            config,
        })
    }
}

/// Corrects all eligible values and returns the temporal difference.
fn learn(
    table: &mut QTable,
    step: &Step,
    traces: &mut Vec<Trace>,
    kind: Traces,
    gamma: f32,
    lambda: f32,
) -> f32 {
    let value = |table: &QTable, row, action: ActionId| table.of(row)[action as usize];
    let (row, action) = (step.chosen.row, step.chosen.action);
    let beyond = (step.next).map_or(0.0, |next| gamma * value(table, next.row, next.action));
    let error = step.reward + beyond - value(table, row, action);

    let met = traces
        .iter_mut()
        .find(|t| (t.row, t.action) == (row, action));
    match (met, kind) {
        (Some(trace), Traces::Accumulating) => trace.strength += 1.0,
        (Some(trace), Traces::Replacing) => trace.strength = 1.0,
        (None, _) => traces.push(Trace {
            row,
            action,
            strength: 1.0,
        }),
    }
    for trace in traces.iter_mut() {
        *table.value_mut(trace.row, trace.action) += step.learning_rate * error * trace.strength;
        trace.strength *= gamma * lambda;
    }
    if step.ends {
        traces.clear();
    }
    error
}

impl Learner for Sarsa {
    fn update(&mut self) -> Result<Update, LearnError> {
        let (kind, lambda) = (self.config.traces, self.config.lambda);
        let (gamma, eligible) = (self.config.tabular.gamma, &mut self.eligible);
        self.tabular.update(|table, step| {
            let traces = &mut eligible[step.slot];
            learn(table, step, traces, kind, gamma, lambda)
        })
    }

    fn policy(&self) -> Arc<dyn Policy> {
        self.tabular.policy()
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, LearnError> {
        Ok(None)
    }

    fn iteration(&self) -> u64 {
        self.tabular.iteration()
    }

    fn n_iterations(&self) -> u64 {
        self.tabular.n_iterations()
    }
}

impl Settings for SarsaConfig {
    fn name() -> &'static str {
        LEARNER
    }

    fn gamma(&self) -> f32 {
        self.tabular.gamma
    }

    fn check(&self, ranges: &mut Ranges) {
        ranges.shares([("lambda", self.lambda.into())]);
        ranges.within("tabular", |ranges| self.tabular.check_ranges(ranges));
    }

    fn bound(&mut self, n_iterations: u64) {
        self.tabular.bound_budget(n_iterations);
    }
}

impl OnlineSettings for SarsaConfig {
    fn needs(&self) -> Needs {
        Needs {
            n_calls: self.tabular.n_calls,
            ..Needs::default()
        }
    }

    fn start(&self, start: OnlineStart) -> Result<Box<dyn Learner>, LearnError> {
        Ok(Box::new(Sarsa::new(start.env, self.clone(), start.seed)?))
    }

    fn resume(
        &self,
        env: Box<dyn VectorEnv>,
        _: &Checkpoint,
        seed: u64,
    ) -> Result<Box<dyn Learner>, LearnError> {
        Ok(Box::new(Sarsa::new(env, self.clone(), seed)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tabular::ChosenAction;
    use super::*;
    use offhook_env::action::ActionMask;

    /// A call that stays where it is, takes action 0 three times with reward 1, and ends.
    fn three_steps(kind: Traces) -> (f32, Vec<Trace>) {
        let mut table = QTable::new(1);
        let row = table.row(&[0]);
        let chosen = ChosenAction {
            row,
            mask: ActionMask(1),
            action: 0,
        };
        let mut traces = Vec::new();
        for ends in [false, false, true] {
            let step = Step {
                slot: 0,
                chosen,
                reward: 1.0,
                next: (!ends).then_some(chosen),
                ends,
                learning_rate: 0.5,
            };
            learn(&mut table, &step, &mut traces, kind, 1.0, 0.5);
        }
        (table.of(row)[0], traces)
    }

    #[test]
    fn traces_agree_with_a_computation_by_hand() {
        // Replacing: the trace is 1 at every step. Q: 0.5, 1.0, then 1.0 + 0.5 (1 - 1).
        assert_eq!(three_steps(Traces::Replacing), (1.0, Vec::new()));
        // Accumulating: traces 1, 1.5, 1.75. Q: 0.5, 0.5 + 0.75, 1.25 + 0.875 (1 - 1.25).
        assert_eq!(three_steps(Traces::Accumulating), (1.03125, Vec::new()));
    }

    #[test]
    fn earlier_pairs_of_a_call_learn_from_what_comes_later() {
        let mut table = QTable::new(1);
        let rows = [table.row(&[0]), table.row(&[1])];
        let choice = |row| ChosenAction {
            row,
            mask: ActionMask(1),
            action: 0,
        };
        let mut traces = Vec::new();
        let step = |k: usize, reward| Step {
            slot: 0,
            chosen: choice(rows[k]),
            reward,
            next: (k == 0).then_some(choice(rows[1])),
            ends: k == 1,
            learning_rate: 0.5,
        };
        learn(
            &mut table,
            &step(0, 0.0),
            &mut traces,
            Traces::Replacing,
            0.5,
            0.5,
        );
        learn(
            &mut table,
            &step(1, 8.0),
            &mut traces,
            Traces::Replacing,
            0.5,
            0.5,
        );
        // The later pair moves by 0.5 * 8, the earlier one by a quarter of that.
        assert_eq!((table.of(rows[1])[0], table.of(rows[0])[0]), (4.0, 1.0));
        assert!(traces.is_empty());
    }
}
