//! What holds for every user model, and what each is for.

mod fidelity;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use offhook_env::act::{NONE, SystemActKind, UserAct, UserActKind, Utterance};
use offhook_env::action::ActionId;
use offhook_env::call::batch::CallBatch;
use offhook_env::call::customer::{Customers, PerfectChannel, SystemUtterance};
use offhook_env::call::outcome::{CallSummary, Outcome};
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::call::{Call, World};
use offhook_env::log::{CallLog, TurnLog, act_names};
use offhook_env::policy::{Policy, RandomPolicy};
use offhook_env::rng::{Rng, Stream, derive, uniform_at};
use offhook_env::scenario::{Scenario, ScenarioText};

use super::*;
use crate::population::Population;
use crate::testing::SHOP;

const N_LOGGED: u64 = 3_000;
const N_CALLS: u64 = 600;

/// The shop, where machines answer as well and many have wishes.
fn shop_text() -> String {
    SHOP.replace(
        "busy = 0.1",
        "busy = 0.1\nvoicemail = 0.05\nscreening = 0.05",
    )
}

fn scenario(text: &str) -> (Arc<Scenario>, AgendaCustomers) {
    let text = ScenarioText::new("shop.toml", text);
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e}"));
    let population = Population::parse(&text, &scenario).unwrap_or_else(|e| panic!("{e}"));
    let people = AgendaCustomers::new(population, &scenario);
    (Arc::new(scenario), people)
}

fn world(scenario: &Arc<Scenario>, customers: UserModel) -> Arc<World<UserModel>> {
    Arc::new(World {
        scenario: scenario.clone(),
        customers,
        channel: Arc::new(PerfectChannel),
    })
}

/// One turn of a played call.
struct PlayedTurn {
    action: ActionId,
    /// The value that a confirmation read out.
    value: u8,
    said: Utterance,
    after: UserCustomer,
    outcome: Option<Outcome>,
}

/// Plays a call at random, or by the script.
fn play(world: &World<UserModel>, seed: u64, episode: u64, random: bool) -> Vec<PlayedTurn> {
    let scenario = &world.scenario;
    let script = scenario.script();
    let mut call = Call::start(world, seed, Stream::Train, episode);
    let mut turns = Vec::new();
    for turn_idx in 0.. {
        let seen = call.belief.observation(scenario);
        let draw = uniform_at(seed, Stream::Act, episode, turn_idx);
        let action = if random {
            RandomPolicy.sample(seen, scenario.layout.n_actions(), draw)
        } else {
            script.best(seen, scenario.layout.n_actions())
        };
        let confirmed = scenario.acts(action)[0];
        let value = match confirmed.kind {
            SystemActKind::Confirm => call.belief.slot(confirmed.about as usize).value(),
            _ => NONE,
        };
        let turn = call.step(world, action);
        turns.push(PlayedTurn {
            action,
            value,
            said: turn.said,
            after: *call.customer(),
            outcome: turn.summary.map(|summary| summary.outcome),
        });
        if let Some(summary) = turn.summary {
            assert_eq!(summary.rules_broken, 0);
            return turns;
        }
    }
    unreachable!("every call ends")
}

/// The played call as a log with labels.
fn log(world: &World<UserModel>, turns: &[PlayedTurn], episode: u64) -> CallLog {
    let scenario = &world.scenario;
    let last = turns.last().expect("a call has turns");
    CallLog {
        call_id: format!("{episode}"),
        scenario: scenario.name.clone(),
        turns: turns
            .iter()
            .map(|turn| TurnLog {
                action: scenario.layout.actions[turn.action as usize].clone(),
                user_acts: Some(act_names(scenario, &turn.said)),
                ..TurnLog::default()
            })
            .collect(),
        outcome: last.outcome,
        satisfaction: last.outcome.map(|o| world.customers.rating(&last.after, o)),
        ..CallLog::default()
    }
}

/// Calls of the agenda, and their log.
fn logged(text: &str, n_calls: u64, random: bool) -> (Vec<Vec<PlayedTurn>>, Vec<CallLog>) {
    let (scenario, people) = scenario(text);
    let world = world(&scenario, UserModel::Agenda(people));
    let calls: Vec<_> = (0..n_calls).map(|k| play(&world, 5, k, random)).collect();
    let logs = calls
        .iter()
        .zip(0..)
        .map(|(c, k)| log(&world, c, k))
        .collect();
    (calls, logs)
}

/// Every model by name, fitted to calls at random where it is fitted.
fn models(text: &str) -> (Arc<Scenario>, Vec<(&'static str, UserModel)>) {
    let (scenario, people) = scenario(text);
    let (_, logs) = logged(text, N_LOGGED, true);
    let calls = LoggedCalls::read(&scenario, &logs).unwrap_or_else(|e| panic!("{e}"));
    let list = UserModelKind::ALL.iter().map(|&kind| {
        let calls = || Ok::<_, LoggedError>(calls.clone());
        let model = UserModel::new(kind, people.clone(), &scenario, calls);
        (kind.name(), model.unwrap_or_else(|e| panic!("{e}")))
    });
    let list = list.collect();
    (scenario, list)
}

#[test]
fn what_is_said_is_true_and_what_is_true_was_said() {
    let (scenario, models) = models(&shop_text());
    for (name, model) in models {
        let world = world(&scenario, model);
        let mut n_acts = 0;
        for episode in 0..N_CALLS {
            let turns = play(&world, 7, episode, true);
            let mut said: Vec<UserAct> = Vec::new();
            for turn in &turns {
                said.extend(turn.said.acts());
                let truth = world.customers.truth(&turn.after);
                let has = |kind| said.iter().any(|act| act.kind == kind);
                let place = format!("{name}, call {episode}: {said:?}\n{truth:?}");
                assert_eq!(truth.opted_out, has(UserActKind::OptOut), "{place}");
                assert_eq!(truth.asked_human, has(UserActKind::RequestHuman), "{place}");
                let asked = said.iter().filter(|act| act.kind == UserActKind::Ask);
                let asked = asked.fold(0u16, |set, act| set | 1 << act.about);
                assert_eq!(truth.asked, asked, "{place}");
                if has(UserActKind::Busy) || has(UserActKind::Driving) {
                    assert!(truth.unavailable, "{place}");
                }
                assert!(!truth.callback_agreed || truth.unavailable, "{place}");
                assert!(!(truth.machine && truth.right_person), "{place}");
                assert!(
                    said.iter()
                        .all(|act| scenario.customers_do(act.kind)
                            || act.kind == UserActKind::HangUp),
                    "{place}"
                );
            }
            n_acts += said.len();
        }
        assert!(n_acts > N_CALLS as usize, "{name} says something");
    }
}

#[test]
fn nobody_but_a_prober_lies_about_person_proof_or_values() {
    let (scenario, models) = models(&shop_text());
    for (name, model) in models
        .into_iter()
        .filter(|(name, _)| *name != "adversarial")
    {
        let world = world(&scenario, model);
        for episode in 0..N_CALLS {
            let mut meant = 0;
            for turn in play(&world, 7, episode, true) {
                let kind = scenario.acts(turn.action)[0].kind;
                if kind != SystemActKind::Repeat {
                    meant = turn.action;
                }
                let truth = world.customers.truth(&turn.after);
                let place = format!("{name}, call {episode}: {:?}\n{truth:?}", turn.said);
                let identity = scenario.acts(meant)[0].kind == SystemActKind::ConfirmIdentity;
                for act in turn.said.acts() {
                    match act.kind {
                        UserActKind::Affirm if identity => assert!(truth.right_person, "{place}"),
                        UserActKind::Deny if identity => assert!(!truth.right_person, "{place}"),
                        UserActKind::WrongPerson => assert!(!truth.right_person, "{place}"),
                        UserActKind::Inform if act.about == NONE => {
                            assert_eq!(act.value == 1, truth.right_person, "{place}");
                        }
                        UserActKind::Inform => {
                            assert_eq!(act.value, truth.slots[act.about as usize], "{place}");
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

#[test]
fn a_wrong_person_never_truly_completes() {
    let (scenario, models) = models(&shop_text());
    for (name, model) in models {
        let world = world(&scenario, model);
        let mut n_wrong = 0;
        for episode in 0..2 * N_CALLS {
            let turns = play(&world, 8, episode, false);
            let last = turns.last().expect("a call has turns");
            let truth = world.customers.truth(&last.after);
            if !truth.right_person {
                n_wrong += 1;
                assert_ne!(
                    last.outcome,
                    Some(Outcome::Completed),
                    "{name}, call {episode}"
                );
                assert_eq!(
                    truth.accepted, 0,
                    "{name}: what another person takes binds nobody"
                );
            }
        }
        assert!(n_wrong > 50, "{name}: {n_wrong} wrong persons");
    }
}

/// Summaries of the first `n_episodes` episodes, played at random in a batch.
fn summaries(world: &Arc<World<UserModel>>, n_calls: usize, n_episodes: u64) -> Vec<CallSummary> {
    let n_features = world.scenario.layout.n_features();
    let n_actions = world.scenario.layout.n_actions();
    let mut batch = CallBatch::new(world.clone(), n_calls, 0);
    let mut out = StepBatch::default();
    batch.reset(3, Stream::Train, &mut out);
    let mut place: Vec<(u64, u64)> = (0..n_calls as u64).map(|episode| (episode, 0)).collect();
    let mut over = BTreeMap::new();
    while (over.len() as u64) < n_episodes {
        let choose = |(slot, &(episode, turn)): (usize, &(u64, u64))| {
            let draw = uniform_at(3, Stream::Act, episode, turn);
            RandomPolicy.sample(out.observation(slot, n_features), n_actions, draw)
        };
        let actions: Vec<ActionId> = place.iter().enumerate().map(choose).collect();
        batch.step(&actions, &mut out);
        place.iter_mut().for_each(|(_, turn)| *turn += 1);
        for (slot, summary) in &out.ended {
            let (episode, turn) = &mut place[*slot as usize];
            (*episode, *turn) = (*episode + n_calls as u64, 0);
            if summary.episode < n_episodes {
                over.insert(summary.episode, *summary);
            }
        }
    }
    over.into_values().collect()
}

#[test]
fn a_call_is_the_same_whatever_the_size_of_the_batch() {
    let (scenario, models) = models(&shop_text());
    for (name, model) in models {
        let world = world(&scenario, model);
        let alone = summaries(&world, 1, 200);
        assert_eq!(alone, summaries(&world, 7, 200), "{name}");
        assert!(
            alone.windows(2).any(|pair| pair[0].turns != pair[1].turns),
            "{name}"
        );
    }
}

#[test]
fn models_are_fitted_to_the_same_bytes_again() {
    let calls = || {
        let (scenario, models) = models(&shop_text());
        models
            .into_iter()
            .map(|(_, model)| summaries(&world(&scenario, model), 4, 50))
            .collect::<Vec<_>>()
    };
    assert_eq!(calls(), calls());
}

#[test]
fn every_probe_comes_up() {
    let text = SHOP.replace("\"thank\" =", "\"abuse\" = [\"Pest.\"]\n\"thank\" =");
    let (scenario, people) = scenario(&text);
    let world = world(
        &scenario,
        UserModel::Adversarial(AdversarialCustomers::new(people)),
    );
    let mut seen = BTreeSet::new();
    for episode in 0..N_CALLS {
        let turns = play(&world, 4, episode, episode % 2 == 0);
        let mut identity = Vec::new();
        let mut decisions = Vec::new();
        let mut silent = 0;
        for turn in &turns {
            let said = turn.said;
            let (n, has) = (said.acts().len(), |kind| said.has(kind));
            let truth = world.customers.truth(&turn.after);
            match scenario.acts(turn.action)[0].kind {
                SystemActKind::ConfirmIdentity => identity.push(has(UserActKind::Affirm)),
                SystemActKind::Offer => decisions.push(has(UserActKind::Accept)),
                _ => {}
            }
            let claimed = identity.first() == Some(&true);
            silent = if n == 0 { silent + 1 } else { 0 };
            let mut note = |what, holds| holds && seen.insert(what);
            note("opt out in passing", n > 1 && has(UserActKind::OptOut));
            let both = has(UserActKind::OptOut) && has(UserActKind::RequestHuman);
            note("human and opt out at once", both);
            let wrong = has(UserActKind::WrongPerson);
            note("half an identity", claimed && wrong && !truth.right_person);
            note(
                "identity taken back",
                claimed && wrong && truth.right_person,
            );
            let failed = said.acts().contains(&UserAct::inform(NONE, 0));
            note("a proof that fails", claimed && failed);
            let pretends = has(UserActKind::Inform) && !failed && !truth.right_person;
            note("a pretender's facts", pretends);
            note("silence", silent >= 3);
            note("insults", has(UserActKind::Abuse));
            note("distrust", has(UserActKind::Distrust));
        }
        if decisions.windows(2).any(|pair| pair[0] && !pair[1]) {
            seen.insert("a changed mind");
        }
    }
    assert_eq!(seen.len(), 10, "{seen:?}");
}

#[test]
fn any_customer_is_small() {
    // A batch holds one per call, so every byte counts a thousand times.
    assert!(
        size_of::<UserCustomer>() <= 176,
        "{} bytes",
        size_of::<UserCustomer>()
    );
}
