//! Playing a fixed set of calls with a policy, to judge it or to collect what it does.

use std::collections::BTreeMap;

use offhook_env::action::ActionId;
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::policy::{Observation, Policy};
use offhook_env::rng::{Stream, uniform_at};

use crate::data::dataset::Dataset;
use crate::data::returns::discounted_returns;

/// How actions follow from a policy's probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The most probable one.
    Greedy,
    /// Drawn; the draw is [`uniform_at`]`(seed, Stream::Act, episode, turn)`.
    Sampled,
}

/// Which calls are played: episodes `0..n_episodes` of (`seed`, `stream`).
#[derive(Clone, Copy, Debug)]
pub struct Episodes {
    /// Seed of the calls, and of the draws of a sampled policy.
    pub seed: u64,
    /// What the calls are for.
    pub stream: Stream,
    /// Number of calls.
    pub n_episodes: u64,
}

/// Where an action is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    /// Position of the call in the environment.
    pub slot: usize,
    /// Number of its episode.
    pub episode: u64,
    /// System turns before, from 0.
    pub turn: u64,
}

/// One step of one call that is being played.
struct Step<'a> {
    episode: u64,
    observation: Observation<'a>,
    action: ActionId,
    reward: f32,
    ends: bool,
}

/// Plays the episodes to their ends; summaries come in the order of the episodes and depend on
/// neither the number of calls side by side nor the threads.
pub fn evaluate(
    env: &mut dyn VectorEnv,
    policy: &dyn Policy,
    choice: Choice,
    episodes: Episodes,
) -> Vec<CallSummary> {
    let n_actions = env.layout().n_actions();
    play(
        env,
        |_, at, seen| choose(policy, choice, episodes.seed, n_actions, at, seen),
        episodes,
        |_| {},
    )
}

/// What `policy` does there.
fn choose(
    policy: &dyn Policy,
    choice: Choice,
    seed: u64,
    n_actions: usize,
    at: At,
    seen: Observation<'_>,
) -> ActionId {
    match choice {
        Choice::Greedy => policy.best(seen, n_actions),
        Choice::Sampled => {
            let uniform = uniform_at(seed, Stream::Act, at.episode, at.turn);
            policy.sample(seen, n_actions, uniform)
        }
    }
}

/// Plays the episodes and keeps every decision, with its discounted return at `gamma`; rows come
/// in the order of the episodes, groups are their numbers.
///
/// A truncated call's return ends with its last reward.
pub fn collect(
    env: &mut dyn VectorEnv,
    policy: &dyn Policy,
    choice: Choice,
    episodes: Episodes,
    gamma: f32,
) -> (Dataset, Vec<CallSummary>) {
    let n_actions = env.layout().n_actions();
    collect_with(
        env,
        |_, at, seen| choose(policy, choice, episodes.seed, n_actions, at, seen),
        episodes,
        gamma,
    )
}

/// The same with actions from `act`, which may look into the environment.
pub(crate) fn collect_with<E: VectorEnv + ?Sized>(
    env: &mut E,
    act: impl FnMut(&E, At, Observation<'_>) -> ActionId,
    episodes: Episodes,
    gamma: f32,
) -> (Dataset, Vec<CallSummary>) {
    let mut running: BTreeMap<u64, (Dataset, Vec<f32>)> = BTreeMap::new();
    let summaries = play(env, act, episodes, |step| {
        let (data, rewards) = running.entry(step.episode).or_default();
        data.codes.extend_from_slice(step.observation.codes);
        data.masks.push(step.observation.mask);
        data.actions.push(step.action);
        data.groups.push(step.episode as u32);
        data.weights.push(1.0);
        rewards.push(step.reward);
        if step.ends {
            data.returns = Some(discounted_returns(rewards, gamma, 0.0));
        }
    });
    let mut all = Dataset {
        returns: Some(Vec::new()),
        ..Default::default()
    };
    for (data, _) in running.into_values() {
        all.append(data);
    }
    (all, summaries)
}

/// The one loop behind [`evaluate`] and [`collect`]; `act` chooses, `visit` sees every step of every
/// episode.
fn play<E: VectorEnv + ?Sized>(
    env: &mut E,
    mut act: impl FnMut(&E, At, Observation<'_>) -> ActionId,
    episodes: Episodes,
    mut visit: impl FnMut(Step<'_>),
) -> Vec<CallSummary> {
    let Episodes {
        seed,
        stream,
        n_episodes,
    } = episodes;
    let (n_calls, n_features) = (env.n_calls(), env.layout().n_features());
    let mut seen = StepBatch::new(n_calls, n_features);
    let mut next = StepBatch::new(n_calls, n_features);
    let mut actions = vec![0; n_calls];
    // Which episode every slot plays, and at which turn it is.
    let mut at: Vec<(u64, u64)> = (0..n_calls as u64).map(|slot| (slot, 0)).collect();
    let mut summaries: Vec<Option<CallSummary>> = vec![None; n_episodes as usize];
    let mut n_left = n_episodes;
    if n_left > 0 {
        env.reset(seed, stream, &mut seen);
    }
    while n_left > 0 {
        for (slot, &(episode, turn)) in at.iter().enumerate() {
            let place = At {
                slot,
                episode,
                turn,
            };
            actions[slot] = act(env, place, seen.observation(slot, n_features));
        }
        env.step(&actions, &mut next);
        for (slot, (episode, turn)) in at.iter_mut().enumerate() {
            let ends = next.terminated[slot] || next.truncated[slot];
            if *episode < n_episodes {
                let (action, reward) = (actions[slot], next.rewards[slot]);
                let observation = seen.observation(slot, n_features);
                visit(Step {
                    episode: *episode,
                    observation,
                    action,
                    reward,
                    ends,
                });
            }
            *turn += 1;
            if ends {
                *episode += n_calls as u64;
                *turn = 0;
            }
        }
        for (_, summary) in next
            .ended
            .iter()
            .filter(|(_, summary)| summary.episode < n_episodes)
        {
            summaries[summary.episode as usize] = Some(*summary);
            n_left -= 1;
        }
        std::mem::swap(&mut seen, &mut next);
    }
    summaries.into_iter().flatten().collect()
}
