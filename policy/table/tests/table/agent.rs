//! The agent repeats every act of the laboratory, from the log of its calls alone.

use std::sync::Arc;

use offhook_env::act::{Hypothesis, NBest, UserAct, UserActKind, Utterance};
use offhook_env::call::customer::{Channel, Customers, Mood, SystemUtterance, Truth};
use offhook_env::call::outcome::Outcome;
use offhook_env::call::{Call, World};
use offhook_env::log::{HypothesisLog, n_best_log};
use offhook_env::rng::{Rng, Stream};
use offhook_env::scenario::{Scenario, ScenarioText};
use offhook_table::agent::{Agent, act, constraints, layout_of, prove};
use offhook_table::testing::random_table;
use offhook_table::{DecisionTable, Monitor, Provenance, Rule, TableError};
use rand::Rng as _;

use crate::allocations::allocations_of;

const REPLIES: [UserAct; 8] = [
    UserAct::new(UserActKind::Affirm),
    UserAct::new(UserActKind::Deny),
    UserAct::about(UserActKind::Ask, 0),
    UserAct::new(UserActKind::Repeat),
    UserAct::new(UserActKind::OptOut),
    UserAct::new(UserActKind::Thank),
    UserAct::inform(0, 0),
    UserAct::inform(0, 1),
];

/// Says anything, in any turn.
struct Erratic;

impl Customers for Erratic {
    type Customer = Truth;

    fn call(&self, _: &Scenario, _: &mut Rng) -> Truth {
        Truth::default()
    }

    fn truth<'c>(&self, customer: &'c Truth) -> &'c Truth {
        customer
    }

    fn difficulty(&self, _: &Truth) -> u8 {
        0
    }

    fn mood(&self, _: &Truth) -> Mood {
        Mood {
            patience: 1.0,
            trust: 1.0,
            satisfaction: 3.0,
        }
    }

    fn respond(
        &self,
        _: &Scenario,
        _: &mut Truth,
        _: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> Utterance {
        // A third of the turns is silence, opt-outs are rare.
        match rng.next_u64() % 24 {
            4 => REPLIES[4].into(),
            draw @ 0..16 if draw % 8 != 4 => REPLIES[draw as usize % 8].into(),
            _ => Utterance::SILENCE,
        }
    }

    fn seconds(&self, _: &Utterance) -> f32 {
        1.5
    }

    fn rating(&self, _: &Truth, _: Outcome) -> u8 {
        3
    }
}

/// Hears some other thing as well, with any confidence.
struct Noisy;

impl Channel for Noisy {
    fn transmit(&self, said: &Utterance, _: u8, rng: &mut Rng, heard: &mut NBest) {
        heard.clear();
        if said.acts().is_empty() {
            return;
        }
        let draw = rng.next_u64();
        let confidence = (draw % 101) as f32 / 100.0;
        heard.push(Hypothesis {
            utterance: *said,
            confidence,
        });
        heard.push(Hypothesis {
            utterance: REPLIES[(draw >> 32) as usize % 4].into(),
            confidence: 1.0 - confidence,
        });
    }

    fn likelihood(&self, said: &Utterance, _: u8, heard: &NBest) -> f64 {
        let is_said = match heard.hypotheses() {
            [] => said.acts().is_empty(),
            [top, ..] => top.utterance == *said,
        };
        f64::from(u8::from(is_said))
    }
}

/// A scenario with a slot of open values.
pub(crate) fn text() -> ScenarioText {
    let text = include_str!("../../../../env/tests/env/fixture.toml");
    let robot = "who = {}\n\n[robot]";
    ScenarioText::new("fixture.toml", text.replace("\n[robot]", robot))
}

pub(crate) fn scenario() -> Arc<Scenario> {
    let scenario = Scenario::parse(&text());
    Arc::new(scenario.unwrap_or_else(|e| panic!("{e}")))
}

fn world() -> World<Erratic> {
    World {
        scenario: scenario(),
        customers: Erratic,
        channel: Arc::new(Noisy),
    }
}

/// A rule for every pair of levels of the first two features and of identity, with actions that make
/// no sense: what is masked gives way.
pub(crate) fn table(scenario: &Scenario) -> DecisionTable {
    let layout = layout_of(scenario).unwrap();
    let identity = layout.feature_idx("identity").unwrap();
    let mut rules = Vec::new();
    for a in 0..layout.features()[0].levels.len() {
        for b in 0..layout.features()[identity].levels.len() {
            let when = layout.any().with(0, 1 << a).with(identity, 1 << b);
            let action = (7 * a + 3 * b) % layout.actions().len();
            rules.push(Rule::new(format!("r{a}_{b}"), when, action as u8));
        }
    }
    DecisionTable::new(&scenario.name, layout, rules, 0, Provenance::new()).unwrap()
}

/// What the laboratory did and heard.
struct PlayedCall {
    actions: Vec<u8>,
    codes: Vec<Vec<u8>>,
    heard: Vec<Vec<HypothesisLog>>,
}

fn play(world: &World<Erratic>, table: &DecisionTable, episode: u64) -> PlayedCall {
    let mut call = Call::start(world, 1, Stream::Evaluate, episode);
    let mut played = PlayedCall {
        actions: Vec::new(),
        codes: Vec::new(),
        heard: Vec::new(),
    };
    loop {
        let observation = call.belief.observation(&world.scenario);
        played.codes.push(observation.codes.to_vec());
        let action = act(table, observation).action;
        let turn = call.step(world, action);
        played.actions.push(action);
        played.heard.push(n_best_log(&world.scenario, &turn.heard));
        if turn.summary.is_some() {
            return played;
        }
    }
}

#[test]
fn a_hundred_calls_are_repeated_act_by_act() {
    let world = world();
    let table = table(&world.scenario);
    let agent = Agent::new(table.clone(), world.scenario.clone()).unwrap();
    let (mut n_acts, mut n_rules) = (0, 0);
    for episode in 0..100 {
        let played = play(&world, &table, episode);
        let mut call = agent.start();
        for (turn, &action) in played.actions.iter().enumerate() {
            assert_eq!(
                call.codes(),
                played.codes[turn],
                "call {episode}, turn {turn}"
            );
            let reply = call.reply();
            assert_eq!(reply.action(), action, "call {episode}, turn {turn}");
            n_rules += u32::from(reply.rule().is_some());
            if !reply.ends() {
                assert_eq!(call.hear_named(&played.heard[turn]), Ok(()));
            }
            n_acts += 1;
        }
    }
    assert!(
        n_acts > 300 && n_rules > 50,
        "{n_acts} acts, {n_rules} by rules"
    );
}

#[test]
fn a_call_decides_hears_and_speaks_without_allocating() {
    let world = world();
    let table = table(&world.scenario);
    let agent = Agent::new(table.clone(), world.scenario.clone()).unwrap();
    let mut monitor = Monitor::new(&table);
    let mut words = String::with_capacity(200);
    let mut n_turns = 0;
    for episode in 0..20 {
        let mut heard = Call::start(&world, 1, Stream::Evaluate, episode);
        let mut call = agent.start();
        loop {
            let action = call.reply().action();
            let turn = heard.step(&world, action);
            let ends = call.reply().ends();
            let n_allocations = allocations_of(|| {
                words.clear();
                let reply = call.reply();
                reply.write_text(&mut words);
                let decision = reply.decision();
                monitor.record(call.codes(), decision);
                if !ends {
                    call.hear(&turn.heard).unwrap();
                }
            });
            assert_eq!(n_allocations, 0, "call {episode}");
            assert!(!words.is_empty());
            n_turns += 1;
            if turn.summary.is_some() {
                break;
            }
        }
    }
    assert!(n_turns > 60, "{n_turns}");
}

#[test]
fn a_table_for_something_else_does_not_pick_up_the_phone() {
    let world = world();
    let error = Agent::new(random_table(1, 5, 2), world.scenario.clone()).unwrap_err();
    assert!(matches!(error, TableError::Scenario { .. }));
    let layout = random_table(1, 5, 2).layout().clone();
    let name = &world.scenario.name;
    let table = DecisionTable::new(name, layout, vec![], 0, Provenance::new()).unwrap();
    let error = Agent::new(table, world.scenario.clone()).unwrap_err();
    assert!(matches!(error, TableError::Layout { .. }));
}

#[test]
fn a_proof_speaks_of_every_rule_of_conduct_and_then_of_every_mask() {
    let scenario = world().scenario;
    let report = prove(&table(&scenario), &scenario).unwrap();
    let (rules, masks) = constraints(&scenario);
    assert!(!rules.is_empty() && !masks.is_empty());
    let expected = rules.iter().chain(&masks).map(|c| c.name.as_str());
    let proofs = report.constraints.iter().map(|p| p.constraint.as_str());
    assert!(proofs.eq(expected), "{report}");
    assert!(report.n_violations > 0, "{report}");
    let error = prove(&random_table(1, 5, 2), &scenario).unwrap_err();
    assert!(matches!(error, TableError::Layout { .. }));
}
