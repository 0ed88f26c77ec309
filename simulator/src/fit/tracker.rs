//! The tables of a calibrated tracker, counted in simulated calls.

use std::thread;

use offhook_env::action::MAX_ACTIONS;
use offhook_env::belief::calibration::Group;
use offhook_env::belief::count::{CountedTurn, Counts, Known};
use offhook_env::call::customer::Customers;
use offhook_env::call::{Call, Turn, World};
use offhook_env::policy::{Policy as _, RandomPolicy};
use offhook_env::rng::{Stream, uniform_at};

/// Calls that are counted; more change no belief by a level that matters.
const N_CALLS: u64 = 40_000;
/// Share of the turns in which the hand-written flow gives way to any allowed action, so that what it never does is
/// counted as well.
const EXPLORED: f32 = 0.2;
/// Parts that are counted side by side, whatever the number of threads.
const N_PARTS: u64 = 8;
/// Seed of the calls; no training or evaluation draws from their stream.
const SEED: u64 = 1;

/// The text of tables that show `groups` to policies, for calls of `world`.
pub fn tracker<C: Customers>(world: &World<C>, groups: &[Group]) -> String {
    let count = |part: u64| {
        let mut counts = Counts::new(&world.scenario);
        (0..N_CALLS / N_PARTS).for_each(|k| play(world, part + k * N_PARTS, &mut counts));
        counts
    };
    let mut counts = Counts::new(&world.scenario);
    thread::scope(|scope| {
        let parts: Vec<_> = (0..N_PARTS)
            .map(|part| scope.spawn(move || count(part)))
            .collect();
        for part in parts {
            // A part that panicked was said to have done so.
            if let Ok(part) = part.join() {
                counts.add(&part);
            }
        }
    });
    let source = format!(
        "{N_CALLS} simulated calls of the hand-written flow, in {EXPLORED} of the turns any allowed action"
    );
    counts.to_text(&world.scenario, groups, &source)
}

/// Plays a call and counts what is heard.
fn play<C: Customers>(world: &World<C>, episode: u64, counts: &mut Counts) {
    let scenario = &*world.scenario;
    let script = scenario.script();
    let n_actions = scenario.layout.n_actions().min(MAX_ACTIONS);
    let mut call = Call::start(world, SEED, Stream::Calibrate, episode);
    counts.begin(scenario, world.customers.truth(call.customer()));
    let mut turn = Turn::EMPTY;
    for k in 0.. {
        let explored = uniform_at(SEED, Stream::Calibrate, episode, 2 * k) < EXPLORED;
        let seen = call.belief.observation(scenario);
        let action = match explored {
            true => {
                let uniform = uniform_at(SEED, Stream::Calibrate, episode, 2 * k + 1);
                RandomPolicy.sample(seen, n_actions, uniform)
            }
            false => script.best(seen, n_actions),
        };
        let belief = call.belief.clone();
        let truth = *world.customers.truth(call.customer());
        let used = 1.0 - call.mood(world).patience;
        call.step_into(world, action, &mut turn);
        let then = world.customers.truth(call.customer());
        if turn.summary.is_some() {
            return counts.end(then);
        }
        counts.turn(
            scenario,
            &CountedTurn {
                action,
                n_best: &turn.heard,
                belief: [&belief, &call.belief],
                known: [
                    Known {
                        truth: &truth,
                        patience_used: Some(used),
                    },
                    Known {
                        truth: then,
                        patience_used: Some(1.0 - call.mood(world).patience),
                    },
                ],
            },
        );
    }
}

#[cfg(test)]
mod tests;
