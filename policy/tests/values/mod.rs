//! Learners of action values against the known optimum of small random MDPs.

mod dqn;
mod offline;
mod tabular;

use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::policy::{Observation, Policy};
use offhook_env::rng::{Stream, uniform_at};
use offhook_policy::data::trajectories::Trajectories;
use offhook_policy::network::weights::{NetworkConfig, Weights};

use crate::tiny_mdp::Mdp;

/// Share of the way from the uniform policy to the optimum that the policy's best actions come.
fn progress(mdp: &Mdp, policy: &dyn Policy) -> f64 {
    let n_actions = mdp.layout.n_actions();
    let worth = mdp.worth(|codes, mask| policy.best(Observation { codes, mask }, n_actions));
    (worth - mdp.chance()) / (mdp.optimum() - mdp.chance())
}

fn initial(mdp: &Mdp, seed: u64) -> Weights {
    Weights::initial(&NetworkConfig::default(), &mdp.layout, seed)
}

/// A log of `n_episodes` calls of a policy that draws its actions.
fn logged(mdp: &Mdp, policy: &dyn Policy, n_episodes: u64) -> Trajectories {
    let (n, n_actions) = (mdp.layout.n_features(), mdp.layout.n_actions());
    let mut log = Trajectories {
        action_probs: Some(Vec::new()),
        starts: vec![0],
        ..Trajectories::default()
    };
    let mut env = mdp.env(1);
    let mut batch = StepBatch::new(1, n);
    env.reset(77, Stream::Demonstrate, &mut batch);
    let mut probs = vec![0.0; n_actions];
    for t in 0.. {
        let seen = batch.observation(0, n);
        policy.probabilities(seen, &mut probs);
        let action = policy.sample(seen, n_actions, uniform_at(77, Stream::Act, 0, t));
        log.codes.extend(seen.codes);
        log.masks.push(seen.mask);
        log.actions.push(action);
        let all = log.action_probs.get_or_insert_default();
        all.push(probs[action as usize]);
        env.step(&[action], &mut batch);
        log.rewards.push(batch.rewards[0]);
        if batch.terminated[0] || batch.truncated[0] {
            log.groups.push(log.truncated.len() as u32);
            log.truncated.push(batch.truncated[0]);
            log.starts.push(log.actions.len() as u32);
            if log.n_episodes() as u64 == n_episodes {
                break;
            }
        }
    }
    log
}
