//! Tabular Q-learning (Watkins, 1989; Sutton and Barto, 2018, section 6.5) with action masks.
//!
//! After every step `Q(o, a) += α (r + γ max_k Q(o', k) - Q(o, a))`, the maximum over the actions
//! allowed at `o'`; nothing beyond a terminated call, the last observation of a truncated one.

use std::sync::Arc;

use offhook_env::call::vector_env::VectorEnv;
use offhook_env::policy::Policy;

use super::settings::{Needs, OnlineSettings, OnlineStart, Settings};
use super::tabular::{QTable, Step, Tabular, TabularConfig};
use super::{Learner, Update};
use crate::checkpoint::Checkpoint;
use crate::error::LearnError;
use crate::ranges::Ranges;

/// The section of its settings.
const LEARNER: &str = "q_learning";

/// A Q-learning run between two iterations.
pub struct QLearning {
    gamma: f32,
    tabular: Tabular,
}

impl QLearning {
    /// A run that starts from an empty table.
    ///
    /// # Errors
    /// A setting out of range, or an environment with another number of calls.
    pub fn new(
        env: Box<dyn VectorEnv>,
        config: TabularConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        Ok(Self {
            gamma: config.gamma,
            tabular: Tabular::new(env, config, LEARNER, seed)?,
        })
    }
}

/// Corrects one value and returns the temporal difference.
fn learn(table: &mut QTable, step: &Step, gamma: f32) -> f32 {
    let best = |next: super::tabular::ChosenAction| {
        let values = table.of(next.row);
        let allowed = next.mask.iter().map(|a| values[a as usize]);
        allowed.fold(f32::NEG_INFINITY, f32::max)
    };
    let target = step.reward + step.next.map_or(0.0, |next| gamma * best(next));
    let value = table.value_mut(step.chosen.row, step.chosen.action);
    let error = target - *value;
    *value += step.learning_rate * error;
    error
}

impl Learner for QLearning {
    fn update(&mut self) -> Result<Update, LearnError> {
        let gamma = self.gamma;
        self.tabular.update(|table, step| learn(table, step, gamma))
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

impl Settings for TabularConfig {
    fn name() -> &'static str {
        LEARNER
    }

    fn gamma(&self) -> f32 {
        self.gamma
    }

    fn check(&self, ranges: &mut Ranges) {
        self.check_ranges(ranges);
    }

    fn bound(&mut self, n_iterations: u64) {
        self.bound_budget(n_iterations);
    }
}

impl OnlineSettings for TabularConfig {
    fn needs(&self) -> Needs {
        Needs {
            n_calls: self.n_calls,
            ..Needs::default()
        }
    }

    fn start(&self, start: OnlineStart) -> Result<Box<dyn Learner>, LearnError> {
        Ok(Box::new(QLearning::new(
            start.env,
            self.clone(),
            start.seed,
        )?))
    }

    fn resume(
        &self,
        env: Box<dyn VectorEnv>,
        _: &Checkpoint,
        seed: u64,
    ) -> Result<Box<dyn Learner>, LearnError> {
        Ok(Box::new(QLearning::new(env, self.clone(), seed)?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tabular::ChosenAction;
    use super::*;
    use offhook_env::action::ActionMask;

    #[test]
    fn a_value_moves_towards_the_best_allowed_one_beyond() {
        let mut table = QTable::new(3);
        let rows = [table.row(&[0]), table.row(&[1])];
        for (action, value) in [(0, 100.0), (1, 3.0), (2, 5.0)] {
            *table.value_mut(rows[1], action) = value;
        }
        let choice = |row, mask| ChosenAction {
            row,
            mask: ActionMask(mask),
            action: 1,
        };
        let mut step = Step {
            slot: 0,
            chosen: choice(rows[0], 0b111),
            reward: 1.0,
            next: Some(choice(rows[1], 0b110)),
            ends: false,
            learning_rate: 0.5,
        };
        // The 100 of action 0 is masked: 1 + 0.5 * 5 - 0.
        assert_eq!(learn(&mut table, &step, 0.5), 3.5);
        assert_eq!(table.of(rows[0]), [0.0, 1.75, 0.0]);
        step.next = None;
        assert_eq!(learn(&mut table, &step, 0.5), 1.0 - 1.75);
    }
}
