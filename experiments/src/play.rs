//! Playing calls with a policy: for evaluation, for logs, and to show them as dialogs.

use std::fmt::Write as _;

use offhook_env::act::{SystemActKind, Utterance};
use offhook_env::action::ActionId;
use offhook_env::call::{Call, Turn, World};
use offhook_env::customer::Customers;
use offhook_env::log::{self, CallLog, Caller, TurnLog};
use offhook_env::outcome::{CallSummary, Outcome};
use offhook_env::policy::{Policy, draw};
use offhook_env::rng::{Stream, uniform_at};
use offhook_env::scenario::Scenario;
use offhook_env::tracker::BeliefState;
use rayon::prelude::*;

/// Whether a policy takes its best action or draws one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The most probable action.
    Best,
    /// An action drawn with the policy's probabilities.
    Sample,
}

/// Which calls to play: episodes `first..first + n_calls` of (`seed`, `stream`).
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Seed of the calls.
    pub seed: u64,
    /// What they are for.
    pub stream: Stream,
    /// Number of the first episode.
    pub first: u64,
    /// How many calls.
    pub n_calls: u64,
    /// How the policy chooses.
    pub choice: Choice,
}

/// Plays calls on all threads of the current pool; the order is that of the episodes and no result
/// depends on the number of threads.
pub fn evaluate<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
) -> Vec<CallSummary> {
    let episodes: Vec<u64> = (plan.first..plan.first + plan.n_calls).collect();
    let play_one = |&episode: &u64| play(world, policy, plan, episode, |_, _, _, _| {});
    episodes.par_iter().with_min_len(64).map(play_one).collect()
}

/// Plays calls and logs them.
pub fn record<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
) -> Vec<(CallLog, CallSummary)> {
    let episodes: Vec<u64> = (plan.first..plan.first + plan.n_calls).collect();
    episodes
        .par_iter()
        .with_min_len(16)
        .map(|&episode| record_one(world, policy, plan, episode))
        .collect()
}

/// Plays one call and shows every turn to `on_turn`: the action, its probability, what happened.
fn play<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
    episode: u64,
    mut on_turn: impl FnMut(u8, f32, &Turn, &Call<C::Customer>),
) -> CallSummary {
    let scenario = &*world.scenario;
    let n_actions = scenario.layout.n_actions();
    let mut call = Call::start(world, plan.seed, plan.stream, episode);
    let mut probs = [0.0; offhook_env::action::MAX_ACTIONS];
    for turn_idx in 0.. {
        let observation = call.belief.observation(scenario);
        let (action, prob) = match plan.choice {
            Choice::Best => (policy.best(observation, n_actions), 1.0),
            Choice::Sample => {
                policy.probabilities(observation, &mut probs[..n_actions]);
                let uniform = uniform_at(
                    plan.seed ^ plan.stream as u64,
                    Stream::Act,
                    episode,
                    turn_idx,
                );
                let action = draw(&probs[..n_actions], observation.mask, uniform);
                (action, probs[action as usize])
            }
        };
        let turn = call.step(world, action);
        on_turn(action, prob, &turn, &call);
        if let Some(outcome) = turn.ended {
            return call.summary(world, outcome);
        }
    }
    unreachable!("a call ends at the scenario's turn limit at the latest")
}

fn record_one<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
    episode: u64,
) -> (CallLog, CallSummary) {
    let scenario = &*world.scenario;
    let mut turns = Vec::new();
    let mut seconds = 0.0;
    let mut belief = BeliefState::new(scenario);
    let summary = play(world, policy, plan, episode, |action, prob, turn, call| {
        let start = seconds;
        seconds += turn.seconds;
        turns.push(TurnLog {
            action: scenario.layout.actions[action as usize].clone(),
            action_prob: Some(f64::from(prob)),
            system_text: spoken(scenario, &belief, action),
            user_text: words(scenario, &turn.said, episode),
            n_best: log::n_best_log(scenario, &turn.heard),
            user_acts: Some(log::act_names(scenario, &turn.said)),
            mood: Some(call.mood(world)),
            reward: Some(turn.reward),
            start_seconds: Some(f64::from(start)),
            end_seconds: Some(f64::from(seconds)),
        });
        belief.clone_from(&call.belief);
    });
    let call = CallLog {
        schema: log::SCHEMA,
        call_id: format!("{}-{}-{episode}", plan.seed, plan.stream as u64),
        scenario: scenario.name.clone(),
        start_time: None,
        caller: Caller {
            id: format!("{episode}"),
            ..Caller::default()
        },
        turns,
        outcome: Some(summary.outcome),
        success: Some(summary.outcome == Outcome::Completed),
        satisfaction: Some(summary.satisfaction),
    };
    (call, summary)
}

/// The robot's words, with the value that it reads out: the likeliest so far.
fn spoken(scenario: &Scenario, belief: &BeliefState, action: ActionId) -> String {
    let phrase = scenario.phrase(action);
    let mut confirmed = scenario.acts(action).iter();
    let value = confirmed
        .find(|act| act.kind == SystemActKind::Confirm)
        .and_then(|act| {
            let slot = act.about as usize;
            let value = belief.slot(slot).value();
            scenario.slot_values[slot].get(value as usize)
        });
    match value {
        Some(value) => phrase.replace("{value}", &value.replace('_', " ")),
        None => phrase.to_owned(),
    }
}

/// Words for what the customer did, chosen among the scenario's phrases.
fn words(scenario: &Scenario, said: &Utterance, episode: u64) -> String {
    let phrase = |(k, act): (usize, &offhook_env::act::UserAct)| {
        let exact = scenario.customer.iter().find(|(known, _)| known == act);
        let kind = || {
            scenario
                .customer
                .iter()
                .find(|(known, _)| known.kind == act.kind && known.about == act.about)
        };
        let (_, phrases) = exact.or_else(kind)?;
        phrases
            .get((episode as usize + k) % phrases.len().max(1))
            .map(String::as_str)
    };
    let list: Vec<&str> = said.acts().iter().enumerate().filter_map(phrase).collect();
    list.join(" ")
}

/// A logged call as a dialog to read: words, true acts, and what was understood where it differs.
pub fn dialog(call: &CallLog, summary: &CallSummary) -> String {
    let mut text = format!("call {}\n", call.call_id);
    for turn in &call.turns {
        let _ = writeln!(text, "  robot     {}   [{}]", turn.system_text, turn.action);
        let acts = turn.user_acts.as_deref().unwrap_or_default();
        if acts.is_empty() && turn.n_best.is_empty() {
            continue;
        }
        let said = if acts.is_empty() {
            "silence".to_owned()
        } else {
            acts.join(", ")
        };
        let heard = match turn.n_best.first() {
            Some(top) if top.acts == acts => format!("{:.2}", top.confidence),
            Some(top) if top.acts.is_empty() => "heard nothing".to_owned(),
            Some(top) => format!("heard {} {:.2}", top.acts.join(", "), top.confidence),
            None => "heard nothing".to_owned(),
        };
        let words = if turn.user_text.is_empty() {
            "..."
        } else {
            &turn.user_text
        };
        let _ = writeln!(text, "  customer  {words}   [{said}; {heard}]");
    }
    let outcome = serde_json::to_value(summary.outcome)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned));
    let _ = writeln!(
        text,
        "  => {}, rating {}, {} turns, {:.0} s, return {:.1}{}",
        outcome.unwrap_or_default(),
        summary.satisfaction,
        summary.turns,
        summary.seconds,
        summary.return_,
        if summary.harms > 0 { ", HARM" } else { "" },
    );
    text
}
