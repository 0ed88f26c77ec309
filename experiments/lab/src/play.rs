//! Playing calls with a policy: for evaluation, for logs, and to show them as dialogs.

use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::customer::Customers;
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::posterior::CustomerBelief;
use offhook_env::call::privileged::HiddenFeatures;
use offhook_env::call::{Call, Turn, World, record_of};
use offhook_env::log::{CallLog, PlayedLog, dialog};
use offhook_env::policy::{Observation, Policy, draw};
use offhook_env::rng::{Stream, derive_seed, uniform_at};
pub use offhook_policy::evaluate::{Choice, Plan};
use offhook_policy::planner::{BeliefPlanner, PlannerConfig};
use offhook_simulator::belief::{ParticleFilter, Particles};
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

/// Who plays: a policy, and what it takes to suppose customers where that is how it chooses.
#[derive(Clone, Copy)]
pub struct Player<'a> {
    /// The policy.
    pub policy: &'a dyn Policy,
    /// Who may be on the line; only [`Choice::Believe`] asks.
    pub filter: Option<&'a ParticleFilter>,
}

/// Plays calls on all threads of the current pool; the order is that of the episodes and no result
/// depends on the number of threads.
///
/// # Panics
/// If the plan's choice is [`Choice::Believe`], which [`evaluate_as`] plays.
pub fn evaluate<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
) -> Vec<CallSummary> {
    let filter = None;
    evaluate_as(world, Player { policy, filter }, plan)
}

/// The same with any player.
///
/// # Panics
/// If the plan's choice is [`Choice::Believe`] and the player has no filter.
pub fn evaluate_as<C: Customers>(
    world: &World<C>,
    player: Player<'_>,
    plan: Plan,
) -> Vec<CallSummary> {
    let episodes: Vec<u64> = plan.episodes().collect();
    let hidden = HiddenFeatures::new(&world.scenario);
    let play_one = |&episode: &u64| {
        let call = Call::start(world, plan.seed, plan.stream, episode);
        play(world, player, plan, &hidden, call, |_, _, _, _| {})
    };
    let calls = episodes.par_iter();
    calls.with_min_len(share(plan, 64)).map(play_one).collect()
}

/// Calls that a thread plays in a row; those of a planner take long enough one by one.
fn share(plan: Plan, usual: usize) -> usize {
    match plan.choice {
        Choice::Believe => 1,
        Choice::Best | Choice::Sample | Choice::Plan | Choice::Told => usual,
    }
}

/// Plays calls and logs them.
///
/// # Panics
/// As [`evaluate`].
pub fn record<C: Customers>(
    world: &World<C>,
    policy: &dyn Policy,
    plan: Plan,
) -> Vec<(CallLog, CallSummary)> {
    let filter = None;
    record_as(world, Player { policy, filter }, plan)
}

/// The same with any player.
///
/// # Panics
/// As [`evaluate_as`].
pub fn record_as<C: Customers>(
    world: &World<C>,
    player: Player<'_>,
    plan: Plan,
) -> Vec<(CallLog, CallSummary)> {
    let episodes: Vec<u64> = plan.episodes().collect();
    let hidden = HiddenFeatures::new(&world.scenario);
    episodes
        .par_iter()
        .with_min_len(share(plan, 16))
        .map(|&episode| record_one(world, player, plan, &hidden, episode))
        .collect()
}

/// Plays a call to its end and shows every turn to `on_turn`: the action, its probability, what happened.
fn play<C: Customers>(
    world: &World<C>,
    player: Player<'_>,
    plan: Plan,
    hidden: &HiddenFeatures,
    mut call: Call<C::Customer>,
    mut on_turn: impl FnMut(u8, f32, &Turn, &Call<C::Customer>),
) -> CallSummary {
    let scenario = &*world.scenario;
    let policy = player.policy;
    let mut supposed = supposed(world, player, plan, call.episode());
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
            Choice::Believe => {
                let (filter, belief, seed) = supposed.as_ref().expect("a filter to believe");
                let planner = BeliefPlanner::default();
                let action = planner.act(*filter, belief, &call.belief, &[policy], *seed);
                (action, 1.0)
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
        let chooses = !matches!(plan.choice, Choice::Plan | Choice::Believe);
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
        if let Some((filter, belief, _)) = &mut supposed {
            filter.update(belief, action, turn.value, &turn.heard);
        }
    }
    unreachable!("a call ends at the scenario's turn limit at the latest")
}

/// The filter that the player needs, what it believes at the start of episode `episode`, and the seed of its
/// choices; all of it from what is on file.
fn supposed<'a, C: Customers>(
    world: &World<C>,
    player: Player<'a>,
    plan: Plan,
    episode: u64,
) -> Option<(&'a ParticleFilter, Particles, u64)> {
    let filter = player.filter.filter(|_| plan.choice == Choice::Believe)?;
    let seed = derive_seed(plan.seed ^ plan.stream as u64, Stream::Suppose, episode);
    let record = on_file(world, plan, episode);
    Some((filter, filter.start(&record, seed), seed))
}

/// What is on file of the customer of an episode.
pub(crate) fn on_file<C: Customers>(world: &World<C>, plan: Plan, episode: u64) -> CallerRecord {
    match world.scenario.has_records() {
        true => record_of(world, plan.seed, plan.stream, episode),
        false => CallerRecord::EMPTY,
    }
}

fn record_one<C: Customers>(
    world: &World<C>,
    player: Player<'_>,
    plan: Plan,
    hidden: &HiddenFeatures,
    episode: u64,
) -> (CallLog, CallSummary) {
    let call = Call::start(world, plan.seed, plan.stream, episode);
    let call_id = format!("{}-{}-{episode}", plan.seed, plan.stream as u64);
    let record = on_file(world, plan, episode);
    let mut log = PlayedLog::start(world, &call, call_id, &record);
    let on_turn = |action, prob, turn: &Turn, call: &Call<C::Customer>| {
        log.turn(world, call, (action, prob), turn);
    };
    let summary = play(world, player, plan, hidden, call, on_turn);
    (log.finish(&summary), summary)
}

/// A logged call as a dialog to read: words, true acts, and what was understood where it differs.
pub fn dialog(call: &CallLog, summary: &CallSummary) -> String {
    let lines = dialog::lines(&call.turns);
    let last = dialog::last_line(summary);
    format!("call {}\n{lines}{last}", call.call_id)
}

#[cfg(test)]
mod known_optimum;

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_simulator::belief::FilterConfig;
    use offhook_simulator::world;

    /// On a line without errors calls sound alike until their customers say something else.
    #[test]
    fn who_is_on_the_line_does_not_matter_while_calls_sound_alike() {
        let loaded = world::load("fraud_alert", None).unwrap_or_else(|e| panic!("{e}"));
        let loaded = world::assemble(loaded.text, None).unwrap_or_else(|e| panic!("{e}"));
        let (world, scenario) = (&loaded.world, &*loaded.world.scenario);
        let filter = ParticleFilter::of(&loaded, FilterConfig::default());
        let filter = filter.unwrap_or_else(|e| panic!("{e}"));
        let script = scenario.script();
        let actions = ["greet", "confirm_identity", "state_purpose"];
        let actions = actions.map(|name| scenario.layout.action(name).expect("an action"));
        let mut chosen = Vec::new();
        for episode in 0..200 {
            let mut call = Call::start(world, 1, Stream::Evaluate, episode);
            let mut belief = filter.start(&CallerRecord::EMPTY, 7);
            let mut sounds = String::new();
            for action in actions {
                if !call.belief.mask().allows(action) {
                    break;
                }
                let turn = call.step(world, action);
                if turn.summary.is_some() {
                    break;
                }
                filter.update(&mut belief, action, turn.value, &turn.heard);
                sounds += &format!("{:?}", turn.heard.hypotheses());
            }
            if call.belief.turn() == 3 && sounds.matches("Affirm").count() == 3 {
                let planner = BeliefPlanner::default();
                let action = planner.act(&filter, &belief, &call.belief, &[&script], 7);
                let wish = world.customers.goal(call.customer());
                let truth = *world.customers.truth(call.customer());
                chosen.push((sounds, action, format!("{wish:?} {truth:?}")));
            }
        }
        let (first, rest) = chosen.split_first().expect("nobody said yes");
        let alike: Vec<_> = rest.iter().filter(|other| other.0 == first.0).collect();
        assert!(alike.iter().any(|other| other.2 != first.2), "{chosen:?}");
        assert!(alike.iter().all(|other| other.1 == first.1), "{chosen:?}");
    }
}
