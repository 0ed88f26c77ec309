//! Learners of action values against the known optimum of small random MDPs.

mod dqn;

use offhook_env::policy::{Observation, Policy};
use offhook_policy::weights::{NetworkConfig, Weights};

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
