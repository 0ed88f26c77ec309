//! Playing calls with a policy: for evaluation, for logs, and to show them as dialogs.

use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::customer::Customers;
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::privileged::HiddenFeatures;
use offhook_env::call::{Call, Turn, World, record_of};
use offhook_env::log::{CallLog, PlayedLog, dialog};
use offhook_env::policy::{Observation, Policy, draw};
use offhook_env::rng::{Stream, uniform_at};
pub use offhook_policy::evaluate::{Choice, Plan};
use offhook_policy::planner::PlannerConfig;
use rayon::prelude::*;

/// Calls that are played at a time, so that any number of them needs little memory.
pub const CHUNK: u64 = 10_000;

/// The calls of a plan, [`CHUNK`] at a time.
pub fn chunks(plan: Plan) -> impl Iterator<Item = Plan> {
    (0..plan.n_calls.div_ceil(CHUNK)).map(move |k| Plan {
        first: plan.first + k * CHUNK,
        n_calls: CHUNK.min(plan.n_calls - k * CHUNK),
        ..plan
    })
}

/// Plays calls on all threads of the current pool; the order is that of the episodes and no result
/// depends on the number of threads.
pub fn evaluate<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
) -> Vec<CallSummary> {
    let episodes: Vec<u64> = plan.episodes().collect();
    let hidden = HiddenFeatures::new(&world.scenario);
    let play_one = |&episode: &u64| {
        let call = Call::start(world, plan.seed, plan.stream, episode);
        play(world, policy, plan, &hidden, call, |_, _, _, _| {})
    };
    episodes.par_iter().with_min_len(64).map(play_one).collect()
}

/// Plays calls and logs them.
pub fn record<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
) -> Vec<(CallLog, CallSummary)> {
    let episodes: Vec<u64> = plan.episodes().collect();
    let hidden = HiddenFeatures::new(&world.scenario);
    episodes
        .par_iter()
        .with_min_len(16)
        .map(|&episode| record_one(world, policy, plan, &hidden, episode))
        .collect()
}

/// Plays a call to its end and shows every turn to `on_turn`: the action, its probability, what happened.
fn play<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
    hidden: &HiddenFeatures,
    mut call: Call<C::Customer>,
    mut on_turn: impl FnMut(u8, f32, &Turn, &Call<C::Customer>),
) -> CallSummary {
    let scenario = &*world.scenario;
    let n_actions = scenario.layout.n_actions();
    let mut probs = [0.0; offhook_env::action::MAX_ACTIONS];
    let mut told = vec![0; hidden.layout().n_features()];
    let (mut rules_broken, mut held_back) = (0, 0);
    for turn_idx in 0.. {
        let observation = call.belief.observation(scenario);
        let (action, prob) = match plan.choice {
            Choice::Best => (policy.best(observation, n_actions), 1.0),
            Choice::Told => {
                hidden.copy_codes(world, &call, &mut told);
                let (codes, mask) = (&told[..], observation.mask);
                (policy.best(Observation { codes, mask }, n_actions), 1.0)
            }
            Choice::Plan => {
                let planner = PlannerConfig::default();
                (planner.act(world, &call, &[policy], plan.seed), 1.0)
            }
            Choice::Sample => {
                policy.probabilities(observation, &mut probs[..n_actions]);
                let uniform = uniform_at(
                    plan.seed ^ plan.stream as u64,
                    Stream::Act,
                    call.episode(),
                    turn_idx,
                );
                let action = draw(&probs[..n_actions], observation.mask, uniform);
                (action, probs[action as usize])
            }
        };
        // Counted rule by rule, apart from the table that masks are looked up in.
        let broken = scenario.broken_rules(observation.codes, action).next();
        rules_broken += u8::from(broken.is_some());
        // A planner chooses in the policy's place.
        let chooses = plan.choice != Choice::Plan;
        held_back += u16::from(chooses && policy.is_held_back(observation));
        let turn = call.step(world, action);
        on_turn(action, prob, &turn, &call);
        if let Some(summary) = turn.summary {
            return CallSummary {
                rules_broken,
                held_back,
                ..summary
            };
        }
    }
    unreachable!("a call ends at the scenario's turn limit at the latest")
}

fn record_one<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
    hidden: &HiddenFeatures,
    episode: u64,
) -> (CallLog, CallSummary) {
    let call = Call::start(world, plan.seed, plan.stream, episode);
    let call_id = format!("{}-{}-{episode}", plan.seed, plan.stream as u64);
    let record = match world.scenario.has_records() {
        true => record_of(world, plan.seed, plan.stream, episode),
        false => CallerRecord::EMPTY,
    };
    let mut log = PlayedLog::start(world, &call, call_id, &record);
    let on_turn = |action, prob, turn: &Turn, call: &Call<C::Customer>| {
        log.turn(world, call, (action, prob), turn);
    };
    let summary = play(world, policy, plan, hidden, call, on_turn);
    (log.finish(&summary), summary)
}

/// A logged call as a dialog to read: words, true acts, and what was understood where it differs.
pub fn dialog(call: &CallLog, summary: &CallSummary) -> String {
    let lines = dialog::lines(&call.turns);
    let last = dialog::last_line(summary);
    format!("call {}\n{lines}{last}", call.call_id)
}
