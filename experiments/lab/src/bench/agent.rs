//! Speed of the phone: what a turn costs from recognized acts to words.

use std::sync::Arc;

use offhook_env::act::NBest;
use offhook_env::call::Call;
use offhook_env::policy::Policy;
use offhook_env::rng::Stream;
use offhook_simulator::world::{self, CallWorld};
use offhook_table::agent::{Agent, layout_of};
use offhook_table::testing::random_rules;
use offhook_table::{DecisionTable, Provenance};

use super::clock::best_rate;
use super::{OnSpeed, Speed};
use crate::error::Failure;
use crate::policies::TablePolicy;
use crate::unit::Unit;

/// The kind of call.
const SCENARIO: &str = "fraud_alert";
/// Seed and number of the rules: as many as a table ships with. What they decide is masked by the scenario.
const TABLE_SEED: u64 = 78;
const N_RULES: usize = 200;
/// Calls that are heard over and over again.
const N_CALLS: u64 = 512;

/// What was heard in the turns of a call.
type HeardCall = Vec<NBest>;

/// Measures turns of whole calls, in CPU time of one thread: hear, decide, and write the words into a text that is
/// there. `n_allocations` tells how often the current thread has asked the allocator for memory so far.
///
/// # Errors
/// If the scenario has mistakes.
pub fn measure(n_allocations: fn() -> u64, on_speed: OnSpeed<'_>) -> Result<(), Failure> {
    let world = world::load(SCENARIO, None)?.world;
    let scenario = &world.scenario;
    let layout = layout_of(scenario)?;
    let rules = random_rules(TABLE_SEED, N_RULES, &layout);
    let none = Provenance::new();
    let table = DecisionTable::new(&scenario.name, layout, rules, 0, none)?;
    let policy = TablePolicy::new(table.clone(), scenario)?;
    let calls: Vec<HeardCall> = (0..N_CALLS).map(|k| play(&world, &policy, k)).collect();
    let agent = Agent::new(table, Arc::clone(scenario))?;

    let mut words = String::with_capacity(1 << 10);
    let mut n_bytes = 0;
    let mut hold = |call: &HeardCall| {
        let mut on_phone = agent.start();
        let before = n_allocations();
        for heard in call {
            words.clear();
            let reply = on_phone.reply();
            reply.write_text(&mut words);
            n_bytes += words.len();
            // A goodbye has no answer.
            if reply.ends() || on_phone.hear(heard).is_err() {
                break;
            }
        }
        n_allocations() - before
    };
    let n_turns: u64 = calls.iter().map(|call| call.len() as u64).sum();
    let (rate, n) = best_rate(
        |cost| cost.cpu,
        || {
            calls.iter().for_each(|call| _ = hold(call));
            n_turns
        },
    );
    let allocations: u64 = calls.iter().map(hold).sum();
    std::hint::black_box(n_bytes);
    let place = || {
        vec![
            ("scenario", SCENARIO.to_owned()),
            ("rules", N_RULES.to_string()),
        ]
    };
    on_speed(&Speed {
        metric: "agent.ns_per_turn",
        estimate: (1e9 / rate).into(),
        n,
        unit: Unit::plain("ns", 1),
        place: place(),
    });
    on_speed(&Speed {
        metric: "agent.allocations_per_turn",
        estimate: (allocations as f64 / n_turns as f64).into(),
        n: n_turns,
        unit: Unit::plain("allocations", 6),
        place: place(),
    });
    Ok(())
}

/// What the robot hears in a call.
fn play(world: &CallWorld, policy: &dyn Policy, episode: u64) -> HeardCall {
    let mut call = Call::start(world, 1, Stream::Evaluate, episode);
    let n_actions = world.scenario.layout.n_actions();
    let mut heard = Vec::new();
    loop {
        let action = policy.best(call.belief.observation(&world.scenario), n_actions);
        let turn = call.step(world, action);
        heard.push(turn.heard);
        if turn.summary.is_some() {
            return heard;
        }
    }
}
