//! DQN: the optimum, resume, demonstrations, refusals.

use offhook_env::policy::{Observation, Policy};
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::learner::dqn::{Dqn, DqnConfig};
use offhook_policy::learner::ppo::{Ppo, PpoConfig};
use offhook_policy::learner::{LearnError, Learner, Update};

use super::{initial, progress};
use crate::tiny_mdp::Mdp;

fn small() -> DqnConfig {
    DqnConfig {
        total_steps: 40_000,
        n_calls: 16,
        n_steps: 64,
        n_gradient_steps: 32,
        minibatch_size: 128,
        learning_rate: 3e-3,
        gamma: 1.0,
        n_step: 2,
        replay_capacity: 20_000,
        learning_starts: 2_000,
        ..DqnConfig::default()
    }
}

fn start(mdp: &Mdp, config: &DqnConfig, seed: u64) -> Result<Dqn, LearnError> {
    let env = Box::new(mdp.env(config.n_calls));
    Dqn::new(env, &initial(mdp, seed), None, config.clone(), seed)
}

fn updates(dqn: &mut Dqn, n: u64) -> Vec<Update> {
    (0..n).map(|_| dqn.update().unwrap()).collect()
}

fn bytes(dqn: &Dqn) -> Vec<u8> {
    dqn.checkpoint().unwrap().unwrap().to_bytes()
}

#[test]
fn dqn_finds_the_known_optimum() {
    for seed in 0..3 {
        let mdp = Mdp::random(seed);
        let mut dqn = start(&mdp, &small(), seed).unwrap();
        let before = progress(&mdp, &dqn.policy());
        assert!(before < 0.7, "seed {seed} starts near the optimum");
        while !dqn.is_done() {
            dqn.update().unwrap();
        }
        let reached = progress(&mdp, &dqn.policy());
        println!("dqn {seed} {before:.3} {reached:.4}");
        assert!(
            reached > 0.95,
            "seed {seed} reached {reached:.3} of the way"
        );
    }
}
