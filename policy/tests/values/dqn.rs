//! DQN: the optimum, resume, demonstrations, refusals.

use offhook_env::policy::{Observation, Policy};
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::data::trajectories::Trajectories;
use offhook_policy::learner::dqn::{Dqn, DqnConfig};
use offhook_policy::learner::ppo::{Ppo, PpoConfig};
use offhook_policy::learner::{LearnError, Learner, Update};

use super::{initial, logged, progress};
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
        n_step: 1,
        epsilon_end: 0.2,
        exploration_fraction: 1.0,
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
        assert!(
            reached > 0.97,
            "seed {seed} reached {reached:.3} of the way"
        );
    }
}

#[test]
fn a_resumed_dqn_gives_the_bytes_of_an_uninterrupted_one() {
    let mdp = Mdp::random(5);
    let config = DqnConfig {
        // The ring turns over, the target moves in between, and the interruption is off its beat.
        replay_capacity: 3_000,
        target_network_frequency: 50,
        learning_starts: 0,
        n_step: 3,
        n_demonstrations: 20,
        pretrain_steps: 7,
        ..small()
    };
    let shown = demonstrations(&mdp, 20);
    let env = || Box::new(mdp.env(config.n_calls));
    let weights = initial(&mdp, 9);
    let new = || Dqn::new(env(), &weights, Some(&shown), config.clone(), 9).unwrap();
    let mut whole = new();
    let all = updates(&mut whole, 5);
    let mut first = new();
    updates(&mut first, 2);
    let saved = Checkpoint::from_bytes(&bytes(&first)).unwrap();
    let mut second = Dqn::resume(env(), &saved, config.clone(), 9).unwrap();
    assert!(
        bytes(&second) == bytes(&first),
        "a checkpoint differs from its source"
    );
    assert_eq!(updates(&mut second, 3), all[2..]);
    assert!(bytes(&second) == bytes(&whole), "checkpoints differ");
}

#[test]
fn dqn_does_not_depend_on_the_threads() {
    let mdp = Mdp::random(2);
    let config = DqnConfig {
        learning_starts: 0,
        ..small()
    };
    let run = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads);
        pool.build().unwrap().install(|| {
            let mut dqn = start(&mdp, &config, 1).unwrap();
            updates(&mut dqn, 2);
            bytes(&dqn)
        })
    };
    assert!(run(1) == run(2));
}

/// An expert that knows nothing of rewards: the last allowed action.
struct Last;

impl Policy for Last {
    fn probabilities(&self, seen: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        out[seen.mask.nth(seen.mask.count() - 1) as usize] = 1.0;
    }
}

fn demonstrations(mdp: &Mdp, n_episodes: u64) -> Trajectories {
    logged(mdp, &Last, n_episodes)
}

#[test]
fn demonstrations_are_followed_as_long_as_the_margin_counts() {
    let mdp = Mdp::random(4);
    let follows = |margin_coef| {
        let config = DqnConfig {
            learning_starts: 1_000_000,
            pretrain_steps: 150,
            margin_coef,
            ..small()
        };
        let env = Box::new(mdp.env(config.n_calls));
        let shown = demonstrations(&mdp, 200);
        let mut dqn = Dqn::new(env, &initial(&mdp, 1), Some(&shown), config, 1).unwrap();
        dqn.update().unwrap();
        let (policy, n) = (dqn.policy(), mdp.layout.n_features());
        let same = (shown.codes.chunks(n).zip(&shown.masks).zip(&shown.actions))
            .filter(|((codes, mask), action)| {
                let seen = Observation {
                    codes,
                    mask: **mask,
                };
                policy.best(seen, mdp.layout.n_actions()) == **action
            })
            .count();
        same as f64 / shown.len() as f64
    };
    let (with, without) = (follows(1.0), follows(0.0));
    assert!(with > 0.98 && without < 0.9, "{with} {without}");
}

#[test]
fn a_masked_action_is_never_taken_even_by_a_network_that_wants_it() {
    let mdp = Mdp::random(8);
    let mut weights = initial(&mdp, 1);
    weights.policy.bias[0] = 100.0;
    let config = DqnConfig {
        learning_starts: 0,
        epsilon_start: 0.3,
        n_gradient_steps: 1,
        ..small()
    };
    let env = Box::new(mdp.env(config.n_calls));
    // The environment panics at a masked action.
    let mut dqn = Dqn::new(env, &weights, None, config, 1).unwrap();
    updates(&mut dqn, 3);
}

#[test]
fn a_checkpoint_of_another_learner_seed_or_setting_is_refused_with_both_named() {
    let mdp = Mdp::random(5);
    let ppo = PpoConfig {
        n_calls: 16,
        n_steps: 4,
        ..PpoConfig::default()
    };
    let ppo = Ppo::new(Box::new(mdp.env(16)), initial(&mdp, 1), ppo, 1).unwrap();
    let foreign = ppo.checkpoint().unwrap();
    let dqn = start(&mdp, &small(), 1).unwrap();
    let own = dqn.checkpoint().unwrap().unwrap();
    let refusal = |checkpoint: &Checkpoint, config: DqnConfig, seed| {
        let env = Box::new(mdp.env(16));
        let refused = Dqn::resume(env, checkpoint, config, seed).err();
        refused.expect("a refusal").to_string()
    };
    let error = refusal(&foreign, small(), 1);
    assert!(
        error.contains("its learner is ppo, expected dqn"),
        "{error}"
    );
    let error = refusal(&own, small(), 2);
    assert!(error.contains("its seed is 1, expected 2"), "{error}");
    let other = DqnConfig {
        tau: 0.5,
        ..small()
    };
    let error = refusal(&own, other, 1);
    assert!(error.contains("its tau is 1.0, expected 0.5"), "{error}");
    let mut broken = own;
    if let Some(progress) = &mut broken.progress {
        progress.bytes.remove("replay.codes");
    }
    let error = refusal(&broken, small(), 1);
    assert!(error.contains("no bytes 'replay.codes'"), "{error}");
}

#[test]
fn an_infinite_reward_stops_the_run_with_its_place() {
    let mdp = Mdp::random(3);
    let config = DqnConfig {
        reward_scale: 3e38,
        n_step: 10,
        learning_starts: 1_500,
        ..small()
    };
    let mut dqn = start(&mdp, &config, 1).unwrap();
    dqn.update().unwrap();
    let error = dqn.update().unwrap_err().to_string();
    assert!(
        error.starts_with("losses/") && error.contains("in iteration 1"),
        "{error}"
    );
}
