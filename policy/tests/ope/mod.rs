//! Off-policy estimators against the values of a random MDP: no bias beyond what is stated, intervals
//! that hold the true value as often as they say, and a gate that is seldom wrong.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::layout::{Feature, Layout};
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::policy::{Observation, Policy};
use offhook_env::rng::{Stream, uniform_at};
use offhook_policy::data::trajectories::Trajectories;
use offhook_policy::network::weights::NetworkConfig;
use offhook_policy::ope::behavior::{Behavior, Cloning};
use offhook_policy::ope::fqe::FqeConfig;
use offhook_policy::ope::gate::{Answer, GateConfig, Side, gate};
use offhook_policy::ope::{self, Estimator, Evaluation, OpeConfig};
use offhook_stats::Estimate;
use rayon::prelude::*;

use crate::tiny_mdp::Mdp;

const N_STATES: usize = 48;
const N_ACTIONS: usize = 5;

/// Masked softmax of preferences drawn per state and action.
struct Preferences {
    /// `N_STATES x N_ACTIONS`.
    logits: Vec<f32>,
}

impl Preferences {
    fn drawn(seed: u64, spread: f32) -> Self {
        let n = (N_STATES * N_ACTIONS) as u64;
        let draw = |k| spread * (2.0 * uniform_at(seed, Stream::Weights, k, 0) - 1.0);
        Self {
            logits: (0..n).map(draw).collect(),
        }
    }

    /// These preferences, moved a little.
    fn moved(&self, seed: u64, spread: f32) -> Self {
        let other = Self::drawn(seed, spread);
        let pairs = self.logits.iter().zip(other.logits);
        Self {
            logits: pairs.map(|(a, b)| a + b).collect(),
        }
    }
}

/// The state's number, whether it is seen as four features or as one.
fn state(codes: &[u8]) -> usize {
    match *codes {
        [a, b, c, d] => {
            usize::from(a) + 3 * (usize::from(b) + 2 * (usize::from(c) + 4 * usize::from(d)))
        }
        _ => usize::from(codes[0]),
    }
}

impl Policy for Preferences {
    fn probabilities(&self, seen: Observation<'_>, out: &mut [f32]) {
        let logits = &self.logits[state(seen.codes) * N_ACTIONS..][..N_ACTIONS];
        out.fill(0.0);
        let mut sum = 0.0;
        for a in seen.mask.iter() {
            out[a as usize] = logits[a as usize].exp();
            sum += out[a as usize];
        }
        out.iter_mut().for_each(|p| *p /= sum);
    }
}

/// A layout with one level per state, so that a network without hidden layer is a table.
fn layout() -> Layout {
    Layout {
        tracker: None,
        scenario: "states".to_owned(),
        features: vec![Feature {
            name: "state".to_owned(),
            levels: (0..N_STATES).map(|s| s.to_string()).collect(),
        }],
        actions: (0..N_ACTIONS).map(|a| a.to_string()).collect(),
    }
}

/// One call that was played.
#[derive(Default)]
struct Played {
    codes: Vec<u8>,
    masks: Vec<ActionMask>,
    actions: Vec<ActionId>,
    rewards: Vec<f32>,
    probs: Vec<f32>,
    truncated: bool,
}

/// `n` calls of `policy`, seen as states.
fn log(mdp: &Mdp, policy: &dyn Policy, n: usize, seed: u64) -> Trajectories {
    let mut env = mdp.env(n);
    let mut seen = StepBatch::new(n, 4);
    let mut next = StepBatch::new(n, 4);
    let mut calls: Vec<Played> = (0..n).map(|_| Played::default()).collect();
    let mut over = vec![false; n];
    let mut actions = vec![0; n];
    env.reset(seed, Stream::Demonstrate, &mut seen);
    for turn in 0.. {
        if over.iter().all(|over| *over) {
            break;
        }
        for (slot, action) in actions.iter_mut().enumerate() {
            let observation = seen.observation(slot, 4);
            let uniform = uniform_at(seed, Stream::Act, slot as u64, turn);
            *action = policy.sample(observation, N_ACTIONS, uniform);
        }
        env.step(&actions, &mut next);
        for slot in (0..n).filter(|slot| !over[*slot]).collect::<Vec<_>>() {
            let observation = seen.observation(slot, 4);
            let mut probs = [0.0; N_ACTIONS];
            policy.probabilities(observation, &mut probs);
            let call = &mut calls[slot];
            call.codes.push(state(observation.codes) as u8);
            call.masks.push(observation.mask);
            call.actions.push(actions[slot]);
            call.probs.push(probs[actions[slot] as usize]);
            call.rewards.push(next.rewards[slot]);
            call.truncated = next.truncated[slot];
            over[slot] = next.terminated[slot] || next.truncated[slot];
        }
        std::mem::swap(&mut seen, &mut next);
    }
    let mut out = Trajectories {
        action_probs: Some(Vec::new()),
        starts: vec![0],
        ..Default::default()
    };
    for (k, call) in calls.into_iter().enumerate() {
        out.codes.extend(call.codes);
        out.masks.extend(call.masks);
        out.actions.extend(call.actions);
        out.rewards.extend(call.rewards);
        out.action_probs.get_or_insert_default().extend(call.probs);
        out.starts.push(out.actions.len() as u32);
        out.groups.push(k as u32);
        out.truncated.push(call.truncated);
    }
    out
}

/// Action values in a table, fitted in milliseconds.
fn config(n_iterations: u64, n_refits: u64) -> OpeConfig {
    OpeConfig {
        n_resamples: 400,
        n_refits,
        fqe: FqeConfig {
            network: NetworkConfig {
                hidden: Vec::new(),
                ..Default::default()
            },
            learning_rate: 0.15,
            batch_size: 256,
            n_iterations,
            n_steps: 6,
            weight_decay: 0.0,
            ..Default::default()
        },
        ..Default::default()
    }
}

fn evaluate(
    calls: &Trajectories,
    policy: &dyn Policy,
    behavior: &Behavior<'_>,
    config: &OpeConfig,
    seed: u64,
) -> Evaluation {
    let layout = layout();
    let probs = behavior.probs(calls, &layout, seed).unwrap();
    ope::evaluate(calls, &layout, policy, &probs, config, seed).unwrap()
}

/// Share of `n` experiments at a true share `p` below which four standard errors do not reach.
fn least(p: f64, n: usize) -> f64 {
    p - 4.0 * (p * (1.0 - p) / n as f64).sqrt()
}

#[test]
fn estimates_cover_the_true_value_as_often_as_they_say() {
    let mdp = Mdp::random(3);
    let behavior = Preferences::drawn(1, 1.0);
    let target = behavior.moved(2, 0.4);
    let truth = mdp.worth_of(&target);
    // The intervals of the direct method and FQE fit anew, so that they are tried on fewer logs.
    let (n_logs, n_refitted) = (200, 40);
    let found: Vec<Evaluation> = (0..n_logs)
        .into_par_iter()
        .map(|k| {
            let calls = log(&mdp, &behavior, 200, 1_000 + k);
            let config = config(16, if k < n_refitted { 8 } else { 0 });
            evaluate(&calls, &target, &Behavior::Logged, &config, k)
        })
        .collect();
    for estimator in Estimator::ALL {
        let all: Vec<Estimate> = found
            .iter()
            .map(|e| e.estimates[estimator as usize].1.unwrap())
            .collect();
        let n = all.len() as f64;
        let mean = all.iter().map(|e| e.value).sum::<f64>() / n;
        let variance = all.iter().map(|e| (e.value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // Action values are fitted by a bounded number of steps from little data, and a ratio of
        // sums is biased by about its variance: 0.03 reward units are let pass; the values of
        // states spread by about 1.
        let bias = match estimator {
            Estimator::Dm | Estimator::Fqe | Estimator::Wis => 0.03,
            _ => 0.0,
        };
        let (gap, name) = ((mean - truth).abs(), estimator.name());
        let allowed = 4.0 * (variance / n).sqrt() + bias;
        assert!(gap < allowed, "{name}: {mean:.3}, not {truth:.3}");
        let bounds: Vec<(f64, f64)> = all.iter().filter_map(|e| e.bounds).collect();
        let held = bounds.iter().filter(|(l, h)| (*l..=*h).contains(&truth));
        let covered = held.count() as f64 / bounds.len() as f64;
        assert!(covered >= least(0.95, bounds.len()), "{name}: {covered:.3}");
    }
}

/// How often the gate finds `policy` better than `baseline`, of `n` logs.
fn share_found_better(mdp: &Mdp, [behavior, policy, baseline]: [&Preferences; 3], n: u64) -> f64 {
    let config = config(4, 0);
    let is_better = |k: u64| {
        let calls = log(mdp, behavior, 200, 5_000 + k);
        let ask = |p: &Preferences| evaluate(&calls, p, &Behavior::Logged, &config, k);
        let (policy, baseline) = (ask(policy), ask(baseline));
        let sides = [("policy", &policy), ("baseline", &baseline)]
            .map(|(name, found)| Side::evaluated(name, found));
        let verdict = gate(&sides[0], &sides[1], &calls.groups, &GateConfig::default());
        assert_ne!(
            verdict.answer,
            Answer::NotEnoughData,
            "{:?}",
            verdict.reason
        );
        u32::from(verdict.answer == Answer::Better)
    };
    f64::from((0..n).into_par_iter().map(is_better).sum::<u32>()) / n as f64
}

#[test]
fn the_gate_seldom_calls_a_policy_better_that_is_not_and_finds_one_that_is() {
    let mdp = Mdp::random(3);
    let behavior = Preferences::drawn(1, 1.0);
    let worth = |p: &Preferences| mdp.worth_of(p);
    let ranked = |p: &Preferences, q: &Preferences| worth(p).total_cmp(&worth(q));
    let candidates = || (10..60).map(|seed| behavior.moved(seed, 0.6));
    let best = candidates().max_by(ranked).unwrap();
    let worst = candidates().min_by(ranked).unwrap();
    // On the way from the worst to the best policy lies one that is worth as much as the behavior.
    let between = |share: f32| Preferences {
        logits: (worst.logits.iter().zip(&best.logits))
            .map(|(w, b)| w + share * (b - w))
            .collect(),
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..20 {
        let middle = 0.5 * (low + high);
        if worth(&between(middle)) < worth(&behavior) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let equal = between(low);
    assert!((worth(&equal) - worth(&behavior)).abs() < 1e-4);
    let n = 150;
    let wrong = share_found_better(&mdp, [&behavior, &equal, &behavior], n);
    assert!(1.0 - wrong >= least(0.95, n as usize), "{wrong}");
    let right = share_found_better(&mdp, [&behavior, &best, &behavior], 30);
    assert!(right > 0.8, "{right}");
}

#[test]
fn a_log_that_hardly_follows_a_policy_is_not_enough_data() {
    let mdp = Mdp::random(3);
    let behavior = Preferences::drawn(1, 1.0);
    let calls = log(&mdp, &behavior, 200, 7);
    let far = Preferences::drawn(9, 40.0);
    let found = evaluate(&calls, &far, &Behavior::Logged, &config(2, 0), 1);
    let returns = ope::returns(&calls, 1.0);
    let verdict = gate(
        &Side::evaluated("far", &found),
        &Side::of_the_log("log", &returns),
        &calls.groups,
        &GateConfig::default(),
    );
    assert_eq!(verdict.answer, Answer::NotEnoughData);
    assert!(verdict.reason.unwrap().contains("calls of far"));
}

#[test]
fn an_estimated_behavior_gives_about_the_same_answer() {
    let mdp = Mdp::random(3);
    let behavior = Preferences::drawn(1, 1.0);
    let target = behavior.moved(2, 0.6);
    let mut calls = log(&mdp, &behavior, 2_000, 4);
    calls.action_probs = None;
    let error = Behavior::Logged.probs(&calls, &layout(), 1).unwrap_err();
    assert!(
        error.to_string().contains("lack their probabilities"),
        "{error}"
    );
    let cloning = Cloning::default();
    let found = evaluate(
        &calls,
        &target,
        &Behavior::Estimated(&cloning),
        &config(16, 0),
        1,
    );
    let truth = mdp.worth_of(&target);
    for estimator in [Estimator::Wis, Estimator::Dr, Estimator::Wdr] {
        let found = found.estimates[estimator as usize].1.unwrap().value;
        let name = estimator.name();
        // Standard errors are 0.06 and less here; estimated weights add a bias.
        assert!(
            (found - truth).abs() < 0.2,
            "{name}: {found:.3}, not {truth:.3}"
        );
    }
}
