//! Filter, planner and a trained table on the one problem whose optimum is known, `voicemail_pomdp`.

use std::sync::Arc;

use offhook_env::act::NONE;
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::Call;
use offhook_env::call::customer::Customers as _;
use offhook_env::call::posterior::CustomerBelief as _;
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive_seed};
use offhook_policy::planner::BeliefPlanner;
use offhook_simulator::belief::{FilterConfig, ParticleFilter};
use offhook_simulator::textbook::{DELETE, Deed, Evidence, SAVE, Solution, VoicemailPomdp};
use offhook_simulator::world::{self, LoadedScenario};
use offhook_stats::Moments;
use rayon::prelude::*;

use crate::policies;
use crate::run::stored;

fn loaded() -> LoadedScenario {
    world::load("voicemail_pomdp", None).unwrap_or_else(|e| panic!("{e}"))
}

/// Sum over a call of what its deeds cost against the best ones: the optimum's return less the call's, expected.
fn regret(
    loaded: &LoadedScenario,
    solution: &Solution,
    episode: u64,
    mut decide: impl FnMut(&Call<offhook_simulator::user::UserCustomer>, Evidence) -> u8,
    mut hear: impl FnMut(u8, &offhook_env::call::Turn),
) -> f64 {
    let world = &*loaded.world;
    let close = world.scenario.layout.action("close").expect("an action");
    let mut call = Call::start(world, 1, Stream::Evaluate, episode);
    let mut known = solution.start();
    let mut sum = 0.0;
    loop {
        let action = decide(&call, known);
        let deed = match action == close {
            true => Deed::Do(call.belief.slot(0).value()),
            false => Deed::Ask,
        };
        sum += solution.regret(known, deed);
        let turn = call.step(world, action);
        if turn.summary.is_some() {
            return sum;
        }
        known.hear(&turn.heard);
        hear(action, &turn);
    }
}

/// Whether a policy that costs so much a call is within `most` of the optimum, as a share of its value.
#[track_caller]
fn is_near_the_optimum(costs: Vec<f64>, solution: &Solution, most: f64) {
    let costs = Moments::of(costs);
    let share = costs.mean / solution.value().abs();
    let error = costs.variance_of_mean().sqrt() / solution.value().abs();
    assert!(
        share + 2.0 * error < most,
        "{share} +- {error} of the optimum is lost"
    );
}

#[test]
fn the_filter_believes_what_bayes_rule_says() {
    let loaded = loaded();
    let problem = VoicemailPomdp::bundled();
    let filter = ParticleFilter::of(&loaded, FilterConfig::default());
    let filter = filter.unwrap_or_else(|e| panic!("{e}"));
    let solution = problem.solve();
    let world = &*loaded.world;
    let ask = world
        .scenario
        .layout
        .action("ask(wish)")
        .expect("an action");
    let (mut n, mut off, mut tracker_off) = (0, 0.0f64, 0.0f64);
    for episode in 0..60 {
        let mut call = Call::start(world, 4, Stream::Evaluate, episode);
        let mut belief = filter.start(&CallerRecord::EMPTY, episode);
        let mut known = solution.start();
        for _ in 0..8 {
            let turn = call.step(world, ask);
            if turn.summary.is_some() {
                break;
            }
            known.hear(&turn.heard);
            filter.update(&mut belief, ask, turn.value, &turn.heard);
            let saves = |k: u32| {
                let supposed = filter.draw(&belief, (f64::from(k) + 0.5) / 4_000.0);
                let customer = supposed.expect("somebody explains it").customer;
                filter.world().customers.truth(customer).slots[0] == SAVE
            };
            let share = (0..4_000).filter(|&k| saves(k)).count() as f64 / 4_000.0;
            let exact = problem.posterior(known.lead);
            n += 1;
            off += (share - exact).abs();
            // The tracker says the same of the value that it has.
            let believed = call.belief.slot(0);
            let of_value = match believed.value() {
                SAVE => exact,
                DELETE => 1.0 - exact,
                other => {
                    assert_eq!(other, NONE);
                    continue;
                }
            };
            tracker_off = tracker_off.max((f64::from(believed.prob()) - of_value).abs());
        }
    }
    assert!(n > 400, "{n} turns");
    // On average within a standard error or two of 4,000 particles at even odds, .008.
    let off = off / f64::from(n);
    assert!(off < 0.015, "{off}");
    // Tables hold probabilities to a sixteenth of a nat.
    assert!(tracker_off < 0.05, "{tracker_off}");
}

/// The table of the reference run, and the problem as its tracker follows it.
fn trained() -> (LoadedScenario, Arc<dyn Policy>) {
    let run = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../results/reference/voicemail_pomdp"
    );
    let tracker = stored::tracker_of(run).unwrap_or_else(|e| panic!("{e}"));
    let loaded = loaded().followed_by(tracker.flatten().as_ref());
    let loaded = loaded.unwrap_or_else(|e| panic!("{e}"));
    let table = format!("{run}/table.json");
    let found = policies::find(&table, &loaded.world.scenario);
    let (policy, _) = found.unwrap_or_else(|e| panic!("{e}"));
    (loaded, policy)
}

#[test]
fn the_planner_is_within_one_percent_of_the_optimum() {
    let (loaded, policy) = trained();
    let solution = VoicemailPomdp::bundled().solve();
    let filter = ParticleFilter::of(&loaded, FilterConfig::default());
    let filter = filter.unwrap_or_else(|e| panic!("{e}"));
    let planned = |episode: u64| {
        let seed = derive_seed(1, Stream::Suppose, episode);
        let mut belief = filter.start(&CallerRecord::EMPTY, seed);
        let history = std::cell::RefCell::new(&mut belief);
        regret(
            &loaded,
            &solution,
            episode,
            |call, _| {
                let belief = history.borrow();
                BeliefPlanner::default().act(&filter, &belief, &call.belief, &[&*policy], seed)
            },
            |action, turn| {
                filter.update(&mut history.borrow_mut(), action, turn.value, &turn.heard);
            },
        )
    };
    let costs = (0..400u64).into_par_iter().map(planned).collect();
    is_near_the_optimum(costs, &solution, 0.01);
}

/// It cannot tell the last turn from the one before, in which to give up pays.
#[test]
fn the_reference_table_is_within_two_percent_of_the_optimum() {
    let (loaded, policy) = trained();
    let scenario = &loaded.world.scenario;
    let solution = VoicemailPomdp::bundled().solve();
    let n_actions = scenario.layout.n_actions();
    let cost = |episode: u64| {
        let decide = |call: &Call<_>, _| policy.best(call.belief.observation(scenario), n_actions);
        regret(&loaded, &solution, episode, decide, |_, _| {})
    };
    let costs = (0..40_000u64).into_par_iter().map(cost).collect();
    is_near_the_optimum(costs, &solution, 0.02);
}
