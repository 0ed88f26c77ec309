//! Where a planner that knows no more than a phone does something else than a policy: how often, what it is worth, and
//! in which calls. What a policy lacks, or what its tracker does not see, shows as kinds of departures.

mod kind;

use std::collections::BTreeMap;

use offhook_env::action::ActionId;
use offhook_env::call::Call;
use offhook_env::call::posterior::CustomerBelief as _;
use offhook_env::log::{CallLog, PlayedLog, dialog};
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive_seed};
use offhook_policy::planner::BeliefPlanner;
use offhook_simulator::belief::ParticleFilter;
use offhook_simulator::world::CallWorld;
use offhook_stats::{self as stats, Estimate, Moments};
use rayon::prelude::*;

use crate::call_plan::CallPlan;
use crate::error::Failure;
use crate::play::{self, Choice, Plan};
use crate::policies::PolicySource;
use crate::run::stored;
use crate::threads;
use kind::Parting;

/// Forks that say what a departure is worth; neither race nor choice has seen them.
const N_FORKS: u64 = 1_024;

/// What to explain.
#[derive(Clone, Debug)]
pub struct ExplainPlan {
    /// The policy, by name.
    pub policy: String,
    /// The scenario; `None` for the own one of the policy's run.
    pub scenario: Option<String>,
    /// Which calls the planner plays, with the policy going on.
    pub calls: CallPlan,
    /// Calls that are kept as examples of each kind.
    pub n_examples: usize,
}

/// Where planner and policy part.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The scenario as it is called.
    pub scenario: String,
    /// The policy as it was named.
    pub policy: String,
    /// Calls played.
    pub n_calls: u64,
    /// What all departures of a call are worth, reward units.
    pub worth: Option<Estimate>,
    /// The kinds, that worth most first.
    pub kinds: Vec<DepartureKind>,
}

/// One kind of departure.
#[derive(Clone, Debug)]
pub struct DepartureKind {
    /// What the policy does that the planner does not.
    pub kind: &'static str,
    /// How often.
    pub n: u64,
    /// The same in 100 calls.
    pub per_100_calls: f64,
    /// What the planner's action returns more, on fresh forks, reward units a departure.
    pub advantage: Estimate,
    /// What the kind is worth in a call, reward units.
    pub per_call: f64,
    /// The most frequent pair: what the policy would do, and what the planner does.
    pub pair: [String; 2],
    /// Some of the calls, up to the departure.
    pub examples: Vec<String>,
}

/// One departure.
struct Departure {
    kind: &'static str,
    advantage: f64,
    pair: [ActionId; 2],
    example: Option<String>,
}

/// Plays the calls and looks at every turn at which planner and policy part.
///
/// # Errors
/// If policy or scenario cannot be read or do not fit, or the policy is itself a planner.
pub fn explain(plan: &ExplainPlan) -> Result<Explanation, Failure> {
    let named = plan.scenario.as_deref();
    let (scenario, loaded) = stored::load(named, &plan.policy, plan.calls.tracker)?;
    let loaded = loaded.with_noise(plan.calls.noise)?;
    let world = &*loaded.world;
    let source = PolicySource::open(&plan.policy)?;
    let (policy, choice) = source.for_scenario(&world.scenario)?;
    if choice != Choice::Best {
        return Err(Failure::usage(format!(
            "'{}' is no policy of a phone; name a run, a table, a network or script",
            plan.policy
        )));
    }
    let filter = PolicySource::Belief(Box::new(source)).filter(&loaded)?;
    let Some(filter) = filter else {
        return Err(Failure::failed("no customers can be supposed"));
    };
    let episodes: Vec<u64> = plan.calls.episodes(Choice::Believe).episodes().collect();
    let calls: Vec<Vec<Departure>> = threads::install(plan.calls.threads, || {
        let calls = episodes.par_iter().with_max_len(1);
        calls
            .map(|&episode| departures(world, &*policy, &filter, plan, episode))
            .collect()
    });
    let n_calls = calls.len() as f64;
    let worth = calls
        .iter()
        .map(|call| call.iter().map(|d| d.advantage).sum());
    let worth = stats::clustered_mean(&[Moments::of(worth)]);
    let mut by_kind: BTreeMap<&str, Vec<Departure>> = BTreeMap::new();
    for departure in calls.into_iter().flatten() {
        by_kind.entry(departure.kind).or_default().push(departure);
    }
    let actions = &world.scenario.layout.actions;
    let mut kinds: Vec<DepartureKind> = (by_kind.into_values())
        .filter_map(|all| DepartureKind::of(all, n_calls, plan.n_examples, actions))
        .collect();
    kinds.sort_by(|a, b| b.per_call.total_cmp(&a.per_call));
    Ok(Explanation {
        scenario,
        policy: plan.policy.clone(),
        n_calls: plan.calls.n_calls,
        worth,
        kinds,
    })
}

impl DepartureKind {
    fn of(
        all: Vec<Departure>,
        n_calls: f64,
        n_examples: usize,
        actions: &[String],
    ) -> Option<Self> {
        let kind = all.first()?.kind;
        let advantages = Moments::of(all.iter().map(|d| d.advantage));
        let mut pairs: BTreeMap<[ActionId; 2], u64> = BTreeMap::new();
        all.iter()
            .for_each(|d| *pairs.entry(d.pair).or_default() += 1);
        // The first among equals, whatever the order.
        let pair = pairs.iter().rev().max_by_key(|(_, n)| **n)?.0;
        let n = all.len() as f64;
        Some(Self {
            kind,
            n: all.len() as u64,
            per_100_calls: 100.0 * n / n_calls,
            advantage: stats::clustered_mean(&[advantages])?,
            per_call: advantages.mean * n / n_calls,
            pair: pair.map(|action| actions[usize::from(action)].clone()),
            examples: all
                .into_iter()
                .filter_map(|d| d.example)
                .take(n_examples)
                .collect(),
        })
    }
}

/// Plays one call as the planner would, and notes every departure.
fn departures(
    world: &CallWorld,
    policy: &dyn Policy,
    filter: &ParticleFilter,
    explained: &ExplainPlan,
    episode: u64,
) -> Vec<Departure> {
    let plan: Plan = explained.calls.episodes(Choice::Believe);
    let scenario = &*world.scenario;
    let planner = BeliefPlanner::default();
    let seed = derive_seed(plan.seed ^ plan.stream as u64, Stream::Suppose, episode);
    let record = play::on_file(world, plan, episode);
    let mut belief = filter.start(&record, seed);
    let mut call = Call::start(world, plan.seed, plan.stream, episode);
    let mut log = PlayedLog::start(world, &call, episode.to_string(), &record);
    let mut found: Vec<(usize, Departure, String)> = Vec::new();
    let (finished, summary) = loop {
        let seen = call.belief.observation(scenario);
        let usual = policy.best(seen, scenario.layout.n_actions());
        let chosen = planner.act(filter, &belief, &call.belief, &[policy], seed);
        if usual != chosen {
            let pair = [usual, chosen];
            let state = &call.belief;
            let advantage = planner.advantage(filter, &belief, state, policy, pair, N_FORKS, seed);
            let parting = Parting {
                scenario,
                state,
                believer: filter,
                belief: &belief,
                usual,
                chosen,
            };
            let believed = believed(&parting);
            let departure = Departure {
                kind: parting.kind(),
                advantage,
                pair,
                example: None,
            };
            found.push((usize::from(state.turn()), departure, believed));
        }
        let turn = call.step(world, chosen);
        log.turn(world, &call, (chosen, 1.0), &turn);
        match turn.summary {
            Some(summary) => break (log.finish(&summary), summary),
            None => filter.update(&mut belief, chosen, turn.value, &turn.heard),
        }
    };
    let last = dialog::last_line(&summary);
    let with_example = |(turn, mut departure, believed): (usize, Departure, String)| {
        if explained.n_examples > 0 {
            departure.example =
                Some(example(world, &finished, turn, &departure, &believed) + &last);
        }
        departure
    };
    found.into_iter().map(with_example).collect()
}

/// What the posterior says of who is on the line and of what is recorded, in words.
fn believed(parting: &Parting<'_, ParticleFilter>) -> String {
    let mut words = format!(
        "right person {:.2}",
        parting.share(|truth| truth.right_person)
    );
    let slots = parting
        .scenario
        .names
        .slots
        .iter()
        .zip(&parting.scenario.slots);
    for ((slot, (name, of)), k) in (0..).zip(slots).zip(0..) {
        let believed = parting.state.slot(k);
        if let (Some(likely), Some(value)) = (
            parting.recorded(slot),
            of.values.get(usize::from(believed.value())),
        ) {
            let prob = believed.prob();
            words += &format!("; {name} = {value} {likely:.2} (the tracker: {prob:.2})");
        }
    }
    words
}

fn example(
    world: &CallWorld,
    log: &CallLog,
    turn: usize,
    departure: &Departure,
    believed: &str,
) -> String {
    let name = |action: ActionId| &world.scenario.layout.actions[usize::from(action)];
    let [usual, chosen] = departure.pair.map(name);
    let (before, behind) = log.turns.split_at(turn.min(log.turns.len()));
    format!(
        "call {}\n{}  --------- {chosen} instead of {usual}: {:+.2}; {believed}\n{}",
        log.call_id,
        dialog::lines(before),
        departure.advantage,
        dialog::lines(behind)
    )
}
