//! Playing a fixed set of calls with a policy, to judge it or to collect what it does.

use std::collections::BTreeMap;
use std::ops::Range;

use offhook_env::action::ActionId;
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::policy::{Observation, Policy};
use offhook_env::rng::{Stream, uniform_at};

use crate::data::dataset::Dataset;
use crate::data::returns::discounted_returns;

/// How the action of a turn follows from a policy. One vocabulary for all that play calls; what plays
/// many calls at once, as this module does, has only the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The most probable action.
    Best,
    /// An action drawn with the policy's probabilities; the draw is a function of seed, stream,
    /// episode and turn.
    Sample,
    /// The action that a planner finds best, which sees the hidden customer and lets the policy go
    /// on after it ([`crate::planner`]).
    Plan,
    /// The action that a planner finds best for the customers who may be on the line, given what was heard, with the
    /// policy going on after it ([`crate::planner::believing`]).
    Believe,
    /// The most probable action of a policy that is shown the hidden customer.
    Told,
}

/// Which calls are played, and how: episodes `first..first + n_calls` of (`seed`, `stream`).
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Seed of the calls.
    pub seed: u64,
    /// What they are for.
    pub stream: Stream,
    /// Number of the first episode; an environment of many calls must have been made to begin there.
    pub first: u64,
    /// How many calls.
    pub n_calls: u64,
    /// How the policy chooses.
    pub choice: Choice,
}

impl Plan {
    /// Numbers of the episodes, in ascending order.
    pub fn episodes(&self) -> Range<u64> {
        self.first..self.first + self.n_calls
    }
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

/// Plays the calls to their ends; summaries come in the order of the episodes and depend on
/// neither the number of calls side by side nor the threads. A sampled action is drawn with
/// [`uniform_at`]`(seed, Stream::Act, episode, turn)`.
///
/// # Panics
/// If `env` begins at another episode than the plan, or the plan asks for a look at the hidden
/// customer ([`Choice::Plan`], [`Choice::Told`]) or at a belief over customers ([`Choice::Believe`]), which a vector of
/// calls does not give.
pub fn evaluate(env: &mut dyn VectorEnv, policy: &dyn Policy, plan: Plan) -> Vec<CallSummary> {
    let n_actions = env.layout().n_actions();
    play(
        env,
        |_, at, seen| choose(policy, plan, n_actions, at, seen),
        plan,
        |_| {},
    )
}

/// What `policy` does there.
fn choose(
    policy: &dyn Policy,
    plan: Plan,
    n_actions: usize,
    at: At,
    seen: Observation<'_>,
) -> ActionId {
    match plan.choice {
        Choice::Best => policy.best(seen, n_actions),
        Choice::Sample => {
            let uniform = uniform_at(plan.seed, Stream::Act, at.episode, at.turn);
            policy.sample(seen, n_actions, uniform)
        }
        Choice::Plan | Choice::Believe | Choice::Told => {
            panic!("many calls at once hide their customers")
        }
    }
}

/// Plays the calls and keeps every decision, with its discounted return at `gamma`; rows come
/// in the order of the episodes, groups are their numbers.
///
/// A truncated call's return ends with its last reward.
///
/// # Panics
/// As [`evaluate`].
pub fn collect(
    env: &mut dyn VectorEnv,
    policy: &dyn Policy,
    plan: Plan,
    gamma: f32,
) -> (Dataset, Vec<CallSummary>) {
    let n_actions = env.layout().n_actions();
    collect_with(
        env,
        |_, at, seen| choose(policy, plan, n_actions, at, seen),
        plan,
        gamma,
    )
}

/// The same with actions from `act`, which may look into the environment, whatever the plan's choice.
pub(crate) fn collect_with<E: VectorEnv + ?Sized>(
    env: &mut E,
    act: impl FnMut(&E, At, Observation<'_>) -> ActionId,
    plan: Plan,
    gamma: f32,
) -> (Dataset, Vec<CallSummary>) {
    let mut running: BTreeMap<u64, (Dataset, Vec<f32>)> = BTreeMap::new();
    let summaries = play(env, act, plan, |step| {
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
    plan: Plan,
    mut visit: impl FnMut(Step<'_>),
) -> Vec<CallSummary> {
    let (n_calls, n_features) = (env.n_calls(), env.layout().n_features());
    let episodes = plan.episodes();
    let mut seen = StepBatch::new(n_calls, n_features);
    let mut next = StepBatch::new(n_calls, n_features);
    let mut actions = vec![0; n_calls];
    // Which episode every slot plays, and at which turn it is.
    let slots = 0..n_calls as u64;
    let mut at: Vec<(u64, u64)> = slots.map(|slot| (plan.first + slot, 0)).collect();
    let mut summaries: Vec<Option<CallSummary>> = vec![None; plan.n_calls as usize];
    let mut n_left = plan.n_calls;
    if n_left > 0 {
        env.reset(plan.seed, plan.stream, &mut seen);
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
        for &(slot, summary) in &next.ended {
            let (episode, _) = at[slot as usize];
            assert_eq!(summary.episode, episode, "the environment begins elsewhere");
            if episodes.contains(&episode) {
                summaries[(episode - plan.first) as usize] = Some(summary);
                n_left -= 1;
            }
        }
        for (slot, (episode, turn)) in at.iter_mut().enumerate() {
            let ends = next.terminated[slot] || next.truncated[slot];
            if episodes.contains(episode) {
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
        std::mem::swap(&mut seen, &mut next);
    }
    summaries.into_iter().flatten().collect()
}
