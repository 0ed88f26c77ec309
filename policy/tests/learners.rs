//! Learners against things with known answers: a random MDP solved by value iteration.

mod ope;
mod taught;
mod tiny_mdp;
mod toys;
mod values;

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::policy::{Observation, Policy, RandomPolicy};
use offhook_env::rng::Stream;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::data::returns::End;
use offhook_policy::data::rollout::Rollout;
use offhook_policy::evaluate::{Choice, Plan, collect, evaluate};
use offhook_policy::learner::Learner as _;
use offhook_policy::learner::imitation::{ImitationConfig, imitate};
use offhook_policy::learner::ppo::{Metrics, Ppo, PpoConfig};
use offhook_policy::network::engine::Engine;
use offhook_policy::network::fused::FusedPolicy;
use offhook_policy::network::weights::{NetworkConfig, Weights};
use tiny_mdp::Mdp;

fn small_network() -> NetworkConfig {
    NetworkConfig {
        hidden: vec![32],
        ..Default::default()
    }
}

fn small_ppo() -> PpoConfig {
    PpoConfig {
        total_steps: 60_000,
        n_calls: 32,
        n_steps: 32,
        learning_rate: 3e-3,
        gamma: 1.0,
        minibatch_size: 256,
        ..Default::default()
    }
}

const ENGINES: [Engine; 2] = [Engine::Fused, Engine::Burn];

fn start(mdp: &Mdp, config: PpoConfig, seed: u64) -> Ppo {
    let weights = Weights::initial(&small_network(), &mdp.layout, seed);
    Ppo::new(Box::new(mdp.env(config.n_calls)), weights, config, seed).unwrap()
}

/// Share of the way from the uniform policy to the optimum that the greedy policy has come.
fn progress(mdp: &Mdp, policy: &FusedPolicy) -> f64 {
    let n_actions = policy.n_actions();
    let worth = mdp.worth(|codes, mask| policy.best(Observation { codes, mask }, n_actions));
    (worth - mdp.chance()) / (mdp.optimum() - mdp.chance())
}

/// A rule that a network can learn: what an expert would show.
struct Parity;

impl Policy for Parity {
    fn probabilities(&self, seen: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        let k = seen.codes.iter().map(|c| u32::from(*c)).sum::<u32>() % seen.mask.count();
        out[seen.mask.nth(k) as usize] = 1.0;
    }
}

#[test]
fn ppo_finds_the_known_optimum() {
    for seed in 0..3 {
        let mdp = Mdp::random(seed);
        let config = PpoConfig {
            total_steps: 120_000,
            n_steps: 64,
            learning_rate: 1e-2,
            ent_coef: 0.03,
            gae_lambda: 0.8,
            engine: ENGINES[seed as usize % 2],
            ..small_ppo()
        };
        let weights = Weights::initial(&NetworkConfig::default(), &mdp.layout, seed);
        let env = Box::new(mdp.env(config.n_calls));
        let mut ppo = Ppo::new(env, weights, config, seed).unwrap();
        assert!(
            progress(&mdp, &ppo.policy()) < 0.6,
            "seed {seed} starts near the optimum"
        );
        while !ppo.is_done() {
            ppo.update().unwrap();
        }
        let reached = progress(&mdp, &ppo.policy());
        assert!(
            reached > 0.97,
            "seed {seed} reached {reached:.3} of the way to the optimum"
        );
    }
}

/// Trains for `n` iterations; the bytes of the checkpoint and every metric.
fn train(mut ppo: Ppo, n: u64) -> (Vec<u8>, Vec<Metrics>) {
    let metrics = (0..n).map(|_| ppo.update().unwrap()).collect();
    (ppo.checkpoint().unwrap().to_bytes(), metrics)
}

#[test]
fn a_resumed_run_gives_the_bytes_of_an_uninterrupted_one() {
    let mdp = Mdp::random(5);
    let config = PpoConfig {
        imitation_coef: 0.3,
        ..small_ppo()
    };
    let (whole, metrics) = train(start(&mdp, config.clone(), 9), 5);
    let (saved, _) = train(start(&mdp, config.clone(), 9), 2);
    let saved = Checkpoint::from_bytes(&saved).unwrap();
    let env = Box::new(mdp.env(config.n_calls));
    let resumed = Ppo::resume(env, &saved, config, 9).unwrap();
    let (bytes, last) = train(resumed, 3);
    assert_eq!(last, metrics[2..]);
    assert!(bytes == whole, "checkpoints differ");
}

#[test]
fn a_run_goes_on_with_either_engine() {
    let mdp = Mdp::random(5);
    let config = |engine| PpoConfig {
        engine,
        ..small_ppo()
    };
    for [first, second] in [ENGINES, [ENGINES[1], ENGINES[0]]] {
        let (whole, metrics) = train(start(&mdp, config(first), 9), 3);
        let (saved, _) = train(start(&mdp, config(first), 9), 2);
        let saved = Checkpoint::from_bytes(&saved).unwrap();
        let env = Box::new(mdp.env(config(second).n_calls));
        let resumed = Ppo::resume(env, &saved, config(second), 9).unwrap();
        let (bytes, last) = train(resumed, 1);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-3 * (1.0 + b.abs());
        assert!(
            near(last[0].value_loss, metrics[2].value_loss),
            "{last:?} {metrics:?}"
        );
        assert!(
            near(last[0].entropy, metrics[2].entropy),
            "{last:?} {metrics:?}"
        );
        let [one, other] = [whole, bytes].map(|b| Checkpoint::from_bytes(&b).unwrap());
        let layers = one.weights.layers().zip(other.weights.layers());
        for ((_, one), (_, other)) in layers {
            for (one, other) in one.weight.iter().zip(&other.weight) {
                assert!(
                    (one - other).abs() < 1e-2,
                    "{first:?}, {second:?}: {one} {other}"
                );
            }
        }
    }
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let (mdp, other) = (Mdp::random(5), Mdp::random(6));
    let config = small_ppo();
    let (saved, _) = train(start(&mdp, config.clone(), 9), 1);
    let saved = Checkpoint::from_bytes(&saved).unwrap();
    let resume = |mdp: &Mdp, config: PpoConfig, seed| {
        let env = Box::new(mdp.env(config.n_calls));
        Ppo::resume(env, &saved, config, seed)
            .err()
            .expect("a refusal")
            .to_string()
    };
    let error = resume(&other, config.clone(), 9);
    assert!(
        error.contains("'mdp 5'") && error.contains("'mdp 6'"),
        "{error}"
    );
    let error = resume(&mdp, config.clone(), 8);
    assert!(error.contains("its seed is 9, expected 8"), "{error}");
    let error = resume(
        &mdp,
        PpoConfig {
            gamma: 0.5,
            ..config
        },
        9,
    );
    assert!(error.contains("its gamma is 1.0, expected 0.5"), "{error}");
}

#[test]
fn seeds_trained_side_by_side_give_the_bytes_of_seeds_trained_in_turn() {
    let mdp = Mdp::random(2);
    let run = |seed| train(start(&mdp, small_ppo(), seed), 4);
    let in_turn = [run(1), run(2)];
    let side_by_side = std::thread::scope(|scope| {
        let threads = [1, 2].map(|seed| scope.spawn(move || run(seed)));
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(in_turn == side_by_side);
    assert!(in_turn[0].0 != in_turn[1].0);
    for n_threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .build()
            .unwrap();
        assert!(pool.install(|| run(1)) == in_turn[0], "{n_threads} threads");
    }
}

#[test]
fn a_strong_imitation_term_keeps_the_policy_where_it_starts() {
    let mdp = Mdp::random(3);
    let last_kl = |imitation_coef| {
        let config = PpoConfig {
            imitation_coef,
            imitation_fade: 1.0,
            ..small_ppo()
        };
        let (_, metrics) = train(start(&mdp, config, 1), 20);
        metrics[19]
            .imitation_kl
            .expect("measured while the term counts")
    };
    let (strong, weak) = (last_kl(10.0), last_kl(0.001));
    assert!(strong < 0.02 && weak > 10.0 * strong, "{strong} {weak}");
}

#[test]
fn an_infinite_reward_stops_the_run_with_its_place() {
    let mdp = Mdp::random(3);
    let config = PpoConfig {
        reward_scale: 1e38,
        norm_adv: false,
        ..small_ppo()
    };
    let error = start(&mdp, config, 1).update().unwrap_err().to_string();
    assert!(error.contains("in iteration 0"), "{error}");
}

#[test]
fn imitation_repeats_what_it_was_shown() {
    let mdp = Mdp::random(1);
    let plan = Plan {
        seed: 4,
        stream: Stream::Demonstrate,
        first: 0,
        n_calls: 600,
        choice: Choice::Best,
    };
    let (data, summaries) = collect(&mut mdp.env(16), &Parity, plan, 1.0);
    assert_eq!(summaries.len(), 600);
    let weights = Weights::initial(&NetworkConfig::default(), &mdp.layout, 1);
    let config = ImitationConfig {
        n_epochs: 30,
        ..Default::default()
    };
    let mut n_reported = 0;
    let imitated = imitate(&data, &mdp.layout, weights, &config, 1, &mut |_| {
        n_reported += 1
    })
    .unwrap();
    assert_eq!(n_reported, imitated.epochs.len());
    let best = imitated.epochs[imitated.best].validation.as_ref().unwrap();
    assert!(
        best.top_1 > 0.97 && best.calibration_error < 0.05,
        "{best:?}"
    );
    assert!(best.loss <= imitated.epochs[0].validation.as_ref().unwrap().loss);
    let policy = FusedPolicy::new(&imitated.weights, &mdp.layout);
    let n = policy.n_actions();
    let act = |p: &dyn Policy| mdp.worth(|codes, mask| p.best(Observation { codes, mask }, n));
    assert!(
        (act(&policy) - act(&Parity)).abs() < 0.1,
        "{} {}",
        act(&policy),
        act(&Parity)
    );
}

#[test]
fn imitation_warms_the_value_head() {
    let mdp = Mdp::random(1);
    let plan = Plan {
        seed: 4,
        stream: Stream::Demonstrate,
        first: 0,
        n_calls: 2000,
        choice: Choice::Best,
    };
    let (data, summaries) = collect(&mut mdp.env(16), &Parity, plan, 1.0);
    let weights = Weights::initial(&small_network(), &mdp.layout, 1);
    let imitated = imitate(
        &data,
        &mdp.layout,
        weights,
        &ImitationConfig::default(),
        1,
        &mut |_| {},
    )
    .unwrap();
    let policy = FusedPolicy::new(&imitated.weights, &mdp.layout);
    let first_rows = (0..data.len()).filter(|r| *r == 0 || data.groups[*r] != data.groups[*r - 1]);
    let n = mdp.layout.n_features();
    let values = first_rows.map(|r| policy.value(&data.codes[r * n..(r + 1) * n]) as f64);
    let mean_value = values.sum::<f64>() / 2000.0;
    let mean_return = summaries.iter().map(|s| s.return_ as f64).sum::<f64>() / 2000.0;
    assert!(
        (mean_value - mean_return).abs() < 0.1,
        "{mean_value} {mean_return}"
    );
}

#[test]
fn evaluation_does_not_depend_on_the_calls_side_by_side() {
    let mdp = Mdp::random(7);
    let plan = |choice| Plan {
        seed: 11,
        stream: Stream::Evaluate,
        first: 0,
        n_calls: 300,
        choice,
    };
    for plan in [Choice::Best, Choice::Sample].map(plan) {
        let play = |n_calls| evaluate(&mut mdp.env(n_calls), &RandomPolicy, plan);
        let one = play(1);
        assert_eq!(
            one.iter().map(|s| s.episode).collect::<Vec<_>>(),
            (0..300).collect::<Vec<_>>()
        );
        assert_eq!(one, play(7));
        assert_eq!(one, play(512));
        let rows = |n_calls| collect(&mut mdp.env(n_calls), &RandomPolicy, plan, 0.9);
        assert_eq!(rows(1), rows(64));
    }
}

#[test]
fn evaluation_agrees_with_the_exact_value() {
    let mdp = Mdp::random(7);
    let plan = Plan {
        seed: 3,
        stream: Stream::Evaluate,
        first: 0,
        n_calls: 20_000,
        choice: Choice::Sample,
    };
    let played = evaluate(&mut mdp.env(64), &RandomPolicy, plan);
    let n = played.len() as f64;
    let mean = played.iter().map(|s| s.return_ as f64).sum::<f64>() / n;
    let variance = played
        .iter()
        .map(|s| (s.return_ as f64 - mean).powi(2))
        .sum::<f64>()
        / n;
    let exact = mdp.chance();
    // 4 standard errors; the turn limit cuts off 0.85^40 = 0.15 % of the calls.
    assert!(
        (mean - exact).abs() < 4.0 * (variance / n).sqrt() + 0.01,
        "{mean} {exact}"
    );
}

#[test]
fn a_longer_rollout_begins_with_the_shorter_one() {
    let mdp = Mdp::random(4);
    let policy = FusedPolicy::new(
        &Weights::initial(&small_network(), &mdp.layout, 1),
        &mdp.layout,
    );
    let play = |n_steps| {
        let mut env = mdp.env(8);
        let mut rollout = Rollout::new(&env, n_steps);
        rollout.play(&mut env, &policy, 3, 0.5);
        rollout
    };
    let (short, long) = (play(10), play(60));
    let n = short.len();
    assert_eq!(n, 80);
    assert_eq!(short.codes, long.codes[..n * 4]);
    assert_eq!(
        (&short.actions[..], &short.rewards[..]),
        (&long.actions[..n], &long.rewards[..n])
    );
    // The row beyond the end holds the values of the observations to act on next.
    assert_eq!(short.values, long.values[..n + 8]);
    for (at, value) in long.values[..long.len()].iter().enumerate() {
        assert_eq!(*value, policy.value(&long.codes[at * 4..][..4]));
    }
    let n_ended = long.ends.iter().filter(|end| **end != End::Running).count();
    assert_eq!(n_ended, long.ended.len());
}

#[test]
fn a_masked_action_is_never_taken_even_by_a_network_that_wants_it() {
    let mdp = Mdp::random(8);
    let mut weights = Weights::initial(&small_network(), &mdp.layout, 1);
    weights.policy.bias[0] = 100.0;
    let config = PpoConfig {
        n_steps: 16,
        ..small_ppo()
    };
    let mut ppo = Ppo::new(Box::new(mdp.env(config.n_calls)), weights, config, 1).unwrap();
    // The environment panics at a masked action.
    for _ in 0..3 {
        ppo.update().unwrap();
    }
    let mask = ActionMask(0b11110);
    let action: ActionId = ppo.policy().best(
        Observation {
            codes: &[0, 0, 0, 0],
            mask,
        },
        5,
    );
    assert_ne!(action, 0);
}
