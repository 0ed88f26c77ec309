//! Policy iteration: what every action is worth when the *table* goes on after it.
//!
//! A teacher's regret says what an action would cost if the teacher went on. The table does not go on
//! like its teacher, and an action can be worth more or less to it. So the table plays calls, every
//! allowed action of a share of its turns is tried on copies of the running call, which the table plays
//! to their ends, and the next tree is grown on these returns (policy iteration by rollouts:
//! Lagoudakis and Parr, 2003, "Reinforcement learning as classification"; Dimitrakakis and Lagoudakis,
//! 2008, arXiv:0805.2027). Copies `k` of all actions of a turn share their random numbers.

use offhook_env::call::{Call, World};
use offhook_env::customer::Customers;
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive_seed, uniform_at};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::costs::{Rows, regrets_of};
use crate::learner::{LearnError, require};
use crate::planner::fork_return;

/// Settings of policy iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyIterationConfig {
    /// Rounds after those that learn from the teacher; 0 to leave it at those. Default 4.
    pub rounds: u64,
    /// Calls that the table plays per round. Default 20,000.
    pub calls: u64,
    /// Share of turns in which every action is tried, in `(0, 1]`. Default 1.
    pub share: f32,
    /// What a nat of the teacher's regret counts, in reward units, beside what the copies of a call
    /// returned. Default 0.2.
    pub teacher_coef: f32,
}

impl Default for PolicyIterationConfig {
    fn default() -> Self {
        Self {
            rounds: 4,
            calls: 20_000,
            share: 1.0,
            teacher_coef: 0.2,
        }
    }
}

impl PolicyIterationConfig {
    /// The same with a small budget.
    pub(super) fn quick(self) -> Self {
        Self {
            rounds: self.rounds.min(1),
            calls: self.calls.min(500),
            ..self
        }
    }

    pub(super) fn check(&self) -> Result<(), LearnError> {
        let Self { calls, share, .. } = *self;
        require(
            calls > 0,
            "distill.policy_iteration.calls",
            calls,
            "at least 1",
        )?;
        require(
            share > 0.0 && share <= 1.0,
            "distill.policy_iteration.share",
            share,
            "in (0, 1]",
        )?;
        let coef = self.teacher_coef;
        require(
            coef >= 0.0 && coef.is_finite(),
            "distill.policy_iteration.teacher_coef",
            coef,
            "at least 0",
        )
    }

    /// The turns of a table's calls, at what each action returns below their mean, and at the
    /// teacher's regret.
    pub(super) fn rows<C: Customers>(
        &self,
        world: &World<C>,
        table: &dyn Policy,
        teacher: &dyn Policy,
        seed: u64,
    ) -> Rows {
        let calls: Vec<Rows> = (0..self.calls)
            .into_par_iter()
            .map(|episode| self.rows_of_call(world, table, teacher, seed, episode))
            .collect();
        let mut all = Rows::default();
        calls.into_iter().for_each(|rows| all.append(rows));
        all
    }

    fn rows_of_call<C: Customers>(
        &self,
        world: &World<C>,
        table: &dyn Policy,
        teacher: &dyn Policy,
        seed: u64,
        episode: u64,
    ) -> Rows {
        let n_actions = world.scenario.layout.n_actions();
        let mut call = Call::start(world, seed, Stream::Choose, episode);
        let mut rows = Rows::default();
        let mut regrets = vec![0.0; n_actions];
        for turn in 0.. {
            let seen = call.belief.observation(&world.scenario);
            let action = table.best(seen, n_actions);
            let tried = uniform_at(seed, Stream::Choose, episode, turn) < self.share;
            if tried && seen.mask.count() > 1 {
                let fork_seed = derive_seed(seed, Stream::Fork, episode) ^ turn;
                let mut returns = vec![0.0; n_actions];
                for action in seen.mask.iter() {
                    returns[action as usize] =
                        fork_return(world, &call, table, action, fork_seed, 0);
                }
                let mean = returns.iter().sum::<f32>() / seen.mask.count() as f32;
                teacher.probabilities(seen, &mut regrets);
                regrets_of(&mut regrets, seen.mask);
                let costs = returns.iter().zip(&regrets);
                rows.costs
                    .extend(costs.map(|(value, regret)| mean - value + self.teacher_coef * regret));
                rows.codes.extend(seen.codes);
                rows.calls.push(episode as u32);
            }
            if call.step(world, action).ended.is_some() {
                return rows;
            }
        }
        unreachable!("a call ends at the scenario's turn limit at the latest")
    }
}
