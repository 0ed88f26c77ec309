//! A privileged planner: it sees the hidden customer, and tries every action on copies of the call.
//!
//! Each allowed action is followed by a base policy on forks of the running call, whose customer is
//! the true one and whose future is drawn anew; the best mean return wins (rollout policies:
//! Tesauro and Galperin, 1996, "On-line policy improvement using Monte-Carlo search"). No policy on
//! the phone can do so. Its figures say how much of a scenario's loss is due to not knowing the
//! customer, and to a base policy that does not use what it knows.

use offhook_env::action::ActionId;
use offhook_env::call::customer::Customers;
use offhook_env::call::{Call, World};
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive, derive_seed};
use serde::{Deserialize, Serialize};

/// How many copies of a call are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlannerConfig {
    /// Forks of every allowed action.
    pub n_first: u64,
    /// Actions that stay in the race after the first forks.
    pub n_kept: usize,
    /// More forks of each of them.
    pub n_more: u64,
}

impl Default for PlannerConfig {
    fn default() -> Self {
        Self {
            n_first: 12,
            n_kept: 4,
            n_more: 52,
        }
    }
}

/// An action in the race and the returns of its forks; fork `k` has the same future for every action.
struct Candidate {
    action: ActionId,
    returns: Vec<f32>,
}

impl Candidate {
    fn mean(&self) -> f32 {
        self.returns.iter().sum::<f32>() / self.returns.len() as f32
    }

    /// Mean and standard error of the paired difference to `other`.
    fn gain_over(&self, other: &Self) -> (f32, f32) {
        let n = self.returns.len().min(other.returns.len()) as f32;
        let differences = self.returns.iter().zip(&other.returns).map(|(a, b)| a - b);
        let mean = differences.clone().sum::<f32>() / n;
        let variance = differences.map(|d| (d - mean).powi(2)).sum::<f32>() / (n - 1.0).max(1.0);
        (mean, (variance / n).sqrt())
    }
}

impl PlannerConfig {
    /// The best action for `call` if `base` goes on after it; the base policy's own action unless
    /// another is better by more than one standard error. A function of (`seed`, episode, turn).
    pub fn act<C: Customers>(
        &self,
        world: &World<C>,
        call: &Call<C::Customer>,
        base: &dyn Policy,
        seed: u64,
    ) -> ActionId {
        let scenario = &*world.scenario;
        let observation = call.belief.observation(scenario);
        let usual = base.best(observation, scenario.layout.n_actions());
        if observation.mask.count() == 1 {
            return usual;
        }
        let turn_seed =
            derive_seed(seed, Stream::Fork, call.episode()) ^ u64::from(call.belief.turn());
        let mut race: Vec<Candidate> = (observation.mask.iter())
            .map(|action| Candidate {
                action,
                returns: (0..self.n_first)
                    .map(|k| fork_return(world, call, base, action, turn_seed, k))
                    .collect(),
            })
            .collect();
        // The base policy's action stays in the race, whatever its first forks say.
        race.sort_by(|a, b| {
            let key = |c: &Candidate| (c.action == usual, c.mean());
            let ((own_a, mean_a), (own_b, mean_b)) = (key(a), key(b));
            own_b.cmp(&own_a).then(mean_b.total_cmp(&mean_a))
        });
        race.truncate(self.n_kept.max(1));
        for candidate in &mut race {
            let more = self.n_first..self.n_first + self.n_more;
            let action = candidate.action;
            candidate
                .returns
                .extend(more.map(|k| fork_return(world, call, base, action, turn_seed, k)));
        }
        let (usual, others) = race
            .split_first()
            .expect("the base policy's action is in the race");
        let better = others.iter().filter(|candidate| {
            let (mean, error) = candidate.gain_over(usual);
            mean > error
        });
        better
            .max_by(|a, b| a.mean().total_cmp(&b.mean()))
            .unwrap_or(usual)
            .action
    }
}

/// Return of a fork that takes `action` and then follows `base` to the end.
fn fork_return<C: Customers>(
    world: &World<C>,
    call: &Call<C::Customer>,
    base: &dyn Policy,
    action: ActionId,
    seed: u64,
    k: u64,
) -> f32 {
    let scenario = &*world.scenario;
    let mut fork = call.fork(derive(seed, Stream::Fork, k));
    let mut turn = fork.step(world, action);
    let mut sum = turn.reward;
    while turn.summary.is_none() {
        let next = base.best(
            fork.belief.observation(scenario),
            scenario.layout.n_actions(),
        );
        turn = fork.step(world, next);
        sum += turn.reward;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(returns: &[f32]) -> Candidate {
        Candidate {
            action: 0,
            returns: returns.to_vec(),
        }
    }

    #[test]
    fn a_gain_is_measured_on_the_same_futures() {
        // Differences 1, 1, 1, 5: mean 2, standard deviation 2, standard error 1.
        let (mean, error) =
            candidate(&[11.0, -3.0, 4.0, 5.0]).gain_over(&candidate(&[10.0, -4.0, 3.0, 0.0]));
        assert_eq!((mean, error), (2.0, 1.0));
    }
}
