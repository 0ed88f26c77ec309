//! A privileged planner: it sees the hidden customer, and tries every action on copies of the call.
//!
//! Each allowed action is followed by each of some base policies on forks of the running call, whose
//! customer is the true one and whose future is drawn anew; the best mean return wins (rollout policies:
//! Tesauro and Galperin, 1996, "On-line policy improvement using Monte-Carlo search"; of several bases:
//! Chang, Givan and Chong, 2004, "Parallel Rollout for Online Solution of Partially Observable Markov
//! Decision Processes"). No policy on the phone can do so. Its figures say how much of a scenario's loss
//! is due to not knowing the customer, and to base policies that do not use what they know.

use std::ops::Range;

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
    /// Forks of every allowed action and base policy.
    pub n_first: u64,
    /// Pairs of action and base policy that stay in the race after the first forks.
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

/// An action in the race, the base policy after it, and the returns of its forks; fork `k` has the same future
/// for every candidate.
struct Candidate<'a> {
    action: ActionId,
    base: &'a dyn Policy,
    /// Whether the base policy would take this action itself.
    is_usual: bool,
    returns: Vec<f32>,
}

impl Candidate<'_> {
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
    /// Enough forks to bound what can be had by knowing the customer.
    pub const BOUND: Self = Self {
        n_first: 16,
        n_kept: 6,
        n_more: 64,
    };

    /// The best action for `call` if the best of `bases`, of which there is one at least, goes on after it; what
    /// the best of them would do itself unless another action is better by more than one standard error. A
    /// function of (`seed`, episode, turn).
    pub fn act<C: Customers>(
        &self,
        world: &World<C>,
        call: &Call<C::Customer>,
        bases: &[&dyn Policy],
        seed: u64,
    ) -> ActionId {
        let scenario = &*world.scenario;
        let observation = call.belief.observation(scenario);
        let usual = |base: &dyn Policy| base.best(observation, scenario.layout.n_actions());
        if observation.mask.count() == 1 {
            return usual(bases[0]);
        }
        let turn_seed =
            derive_seed(seed, Stream::Fork, call.episode()) ^ u64::from(call.belief.turn());
        let fork = |candidate: &mut Candidate<'_>, forks: Range<u64>| {
            let (base, action) = (candidate.base, candidate.action);
            let returns = forks.map(|k| fork_return(world, call, base, action, turn_seed, k));
            candidate.returns.extend(returns);
        };
        let mut race: Vec<Candidate<'_>> = Vec::new();
        for &base in bases {
            let usual = usual(base);
            race.extend(observation.mask.iter().map(|action| Candidate {
                action,
                base,
                is_usual: action == usual,
                returns: Vec::new(),
            }));
        }
        race.iter_mut().for_each(|c| fork(c, 0..self.n_first));
        // What a base policy does itself stays in the race, whatever its first forks say.
        race.sort_by(|a, b| {
            let by_mean = b.mean().total_cmp(&a.mean());
            b.is_usual.cmp(&a.is_usual).then(by_mean)
        });
        race.truncate(self.n_kept.max(bases.len()));
        let more = self.n_first..self.n_first + self.n_more;
        race.iter_mut().for_each(|c| fork(c, more.clone()));

        let by_mean = |a: &&Candidate<'_>, b: &&Candidate<'_>| a.mean().total_cmp(&b.mean());
        let usual = race.iter().filter(|c| c.is_usual).max_by(by_mean);
        let usual = usual.expect("what a base policy does itself is in the race");
        let better = race.iter().filter(|candidate| {
            let (mean, error) = candidate.gain_over(usual);
            !candidate.is_usual && mean > error
        });
        better.max_by(by_mean).unwrap_or(usual).action
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
    use offhook_env::policy::RandomPolicy;

    fn candidate(returns: &[f32]) -> Candidate<'static> {
        Candidate {
            action: 0,
            base: &RandomPolicy,
            is_usual: false,
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
