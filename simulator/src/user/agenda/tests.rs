//! What agenda customers do, on a made-up scenario and a line that loses nothing.

use super::*;
use crate::testing::{SHOP, shop};
use offhook_env::act::{NONE, SystemAct, SystemActKind, UserAct};
use offhook_env::call::customer::{Customers, PerfectChannel, SystemUtterance};
use offhook_env::call::outcome::Outcome;
use offhook_env::call::{Call, World};
use offhook_env::policy::{Policy, RandomPolicy};
use offhook_env::rng::{Stream, derive, uniform_at};
use offhook_env::scenario::ScenarioText;
use std::sync::Arc;

const N_CALLS: u64 = 4_000;

/// A robot that says a list of actions by name, and what one customer said to each.
struct Talk {
    customer: AgendaCustomer,
    said: Vec<Utterance>,
}

impl Talk {
    fn hung_up(&self) -> bool {
        self.said
            .last()
            .is_some_and(|said| said.has(UserActKind::HangUp))
    }

    fn has(&self, kind: UserActKind) -> bool {
        self.said.iter().any(|said| said.has(kind))
    }
}

fn model(text: &str) -> (Scenario, AgendaCustomers) {
    let scenario =
        Scenario::parse(&ScenarioText::new("shop.toml", text)).unwrap_or_else(|e| panic!("{e}"));
    let population = Population::parse(&ScenarioText::new("shop.toml", text), &scenario)
        .unwrap_or_else(|e| panic!("{e}"));
    let customers = AgendaCustomers::new(population, &scenario);
    (scenario, customers)
}

fn talk(
    (scenario, customers): &(Scenario, AgendaCustomers),
    actions: &[&str],
    episode: u64,
) -> Talk {
    let mut rng = derive(9, Stream::Train, episode);
    let mut customer = customers.call(scenario, &mut rng);
    let mut said = Vec::new();
    for name in actions {
        let action = scenario
            .layout
            .action(name)
            .expect("the shop's robot can say it");
        let acts = scenario.acts(action);
        let confirms = |act: &&SystemAct| act.kind == SystemActKind::Confirm;
        let value = acts
            .iter()
            .find(confirms)
            .map_or(NONE, |act| customer.truth.slots[act.about as usize]);
        said.push(customers.respond(
            scenario,
            &mut customer,
            SystemUtterance {
                action,
                acts,
                value,
            },
            &mut rng,
        ));
        if said
            .last()
            .is_some_and(|said| said.has(UserActKind::HangUp))
        {
            break;
        }
    }
    Talk { customer, said }
}

fn talks(text: &str, actions: &[&str]) -> Vec<Talk> {
    let model = model(text);
    (0..N_CALLS)
        .map(|episode| talk(&model, actions, episode))
        .collect()
}

fn share(talks: &[Talk], holds: impl Fn(&Talk) -> bool) -> f64 {
    talks.iter().filter(|talk| holds(talk)).count() as f64 / talks.len() as f64
}

#[test]
fn a_wrong_person_never_affirms_identity_or_proves_it() {
    let mut n_wrong = 0;
    for talk in talks(
        SHOP,
        &["confirm_identity", "verify_identity", "confirm_identity"],
    ) {
        if !talk.customer.truth.right_person {
            n_wrong += 1;
            assert!(!talk.has(UserActKind::Affirm), "{:?}", talk.said);
            let proof = |said: &Utterance| said.acts().contains(&UserAct::inform(NONE, 1));
            assert!(!talk.said.iter().any(proof), "{:?}", talk.said);
        }
    }
    assert!(n_wrong > 300, "{n_wrong} wrong persons only");
}

#[test]
fn most_right_persons_affirm_identity() {
    let talks = talks(SHOP, &["confirm_identity"]);
    let right: Vec<_> = talks
        .into_iter()
        .filter(|talk| talk.customer.truth.right_person)
        .collect();
    assert!(share(&right, |talk| talk.has(UserActKind::Affirm)) > 0.7);
}

#[test]
fn pestering_makes_customers_hang_up() {
    let polite = [
        "greet",
        "confirm_identity",
        "state_purpose",
        "inform(order)",
        "ask(wish)",
        "confirm(wish)",
    ];
    let pest = [
        "greet",
        "greet",
        "greet",
        "ask(wish)",
        "ask(wish)",
        "ask(wish)",
    ];
    // Nobody has a reason to leave but the robot's manners.
    let text = SHOP
        .replace("right_person = 0.9", "right_person = 1")
        .replace("busy = 0.1", "busy = 0");
    let text = text
        .replace("driving = 0.05", "driving = 0")
        .replace("price = 0.3", "price = 0");
    let text = text
        .replace("wants_human = 0.06", "wants_human = 0")
        .replace("wants_opt_out = 0.04", "wants_opt_out = 0");
    let polite = share(&talks(&text, &polite), Talk::hung_up);
    let more = share(&talks(&text, &pest), Talk::hung_up);
    let most = share(&talks(&text, &pest.repeat(2)), Talk::hung_up);
    assert!(
        polite < 0.05 && more > polite && most > 2.0 * more,
        "{polite} {more} {most}"
    );
}

#[test]
fn the_hazard_of_hanging_up_rises_with_annoyance() {
    let (scenario, customers) = model(SHOP);
    let mut customer = customers.call(&scenario, &mut derive(1, Stream::Train, 0));
    let mut last = 0.0;
    for annoyance in 0..40 {
        customer.annoyance = annoyance as f32 / 2.0;
        let hazard = customers.hazard(&customer);
        assert!(
            hazard >= last && hazard <= habit::HANG_UP_MOST,
            "{hazard} after {last}"
        );
        last = hazard;
    }
    assert!(last > 0.9 * habit::HANG_UP_MOST);
}

#[test]
fn wishes_are_voiced_in_time_and_become_true() {
    let text = SHOP
        .replace("wants_opt_out = 0.04", "wants_opt_out = 0.5")
        .replace("wants_human = 0.06", "wants_human = 0.5");
    let talks = talks(
        &text,
        &["greet", "state_purpose", "inform(order)", "ask(wish)"],
    );
    for talk in &talks {
        assert_eq!(
            talk.has(UserActKind::OptOut),
            talk.customer.truth.opted_out,
            "{:?}",
            talk.said
        );
        assert_eq!(
            talk.has(UserActKind::RequestHuman),
            talk.customer.truth.asked_human,
            "{:?}",
            talk.said
        );
    }
    let opted_out = share(&talks, |talk| talk.customer.truth.opted_out);
    assert!((0.15..0.45).contains(&opted_out), "{opted_out}");
}

#[test]
fn only_those_without_time_agree_to_another_call_and_say_when() {
    for talk in talks(SHOP, &["greet", "propose_callback"]) {
        let truth = talk.customer.truth;
        let said = talk.said.last().expect("something was said");
        if truth.callback_agreed {
            assert!(
                truth.unavailable && said.has(UserActKind::Accept),
                "{:?}",
                talk.said
            );
            assert!(
                said.acts().contains(&UserAct::inform(1, truth.slots[1])),
                "{:?}",
                talk.said
            );
        } else {
            assert!(!said.has(UserActKind::Accept), "{:?}", talk.said);
        }
    }
}

#[test]
fn questions_become_true_when_asked_and_cease_when_answered() {
    let talks = talks(
        SHOP,
        &["greet", "state_purpose", "inform(order)", "answer(price)"],
    );
    let mut n_asked = 0;
    for talk in &talks {
        let asked = |question| {
            talk.said.iter().any(|said| {
                said.acts()
                    .contains(&UserAct::about(UserActKind::Ask, question))
            })
        };
        for question in 0..2 {
            assert_eq!(
                asked(question),
                talk.customer.truth.asked >> question & 1 == 1,
                "{:?}",
                talk.said
            );
        }
        if asked(1) && !talk.hung_up() {
            n_asked += 1;
            assert_eq!(talk.customer.truth.answered & 2, 2);
        }
    }
    assert!(n_asked > 300, "{n_asked}");
}

#[test]
fn a_concern_that_was_met_turns_refusals_into_acceptance() {
    let text = SHOP
        .replace("late = 0.2", "late = 1.0")
        .replace("trick = 0.3", "trick = 0.0");
    let accepts = |actions: &[&str]| {
        share(&talks(&text, actions), |talk| {
            talk.customer.truth.accepted == 1
        })
    };
    let start = ["greet", "state_purpose", "offer(delivery)"];
    let bare = accepts(&[&start[..], &["offer(delivery)", "offer(delivery)"]].concat());
    let met = accepts(&[&start[..], &["address(late)", "offer(delivery)"]].concat());
    assert!(
        met > bare + 0.15,
        "{met} after the concern was met, {bare} without"
    );
}

#[test]
fn the_talkative_say_yes_and_no_in_full_sentences() {
    let full = |alpha: &str| {
        let text = SHOP.replace(
            "talkativeness = { alpha = 2.0",
            &format!("talkativeness = {{ alpha = {alpha}"),
        );
        share(&talks(&text, &["state_purpose", "ask(wish)"]), |talk| {
            talk.has(UserActKind::Inform)
        })
    };
    assert!(full("30.0") > full("0.3") + 0.4);
}

#[test]
fn a_call_is_a_function_of_its_seed() {
    let play = |seed| {
        let (scenario, customers) = model(SHOP);
        let world = World {
            scenario: Arc::new(scenario),
            customers,
            channel: Arc::new(PerfectChannel),
        };
        let mut lines = Vec::new();
        for episode in 0..50 {
            let mut call = Call::start(&world, seed, Stream::Train, episode);
            for turn in 0.. {
                let seen = call.belief.observation(&world.scenario);
                let draw = uniform_at(seed, Stream::Act, episode, turn);
                let action = RandomPolicy.sample(seen, world.scenario.layout.actions.len(), draw);
                let turn = call.step(&world, action);
                let customer = call.customer();
                assert!(
                    turn.said
                        .acts()
                        .iter()
                        .all(|act| world.scenario.customers_do(act.kind)),
                    "{:?}",
                    turn.said
                );
                assert_eq!(customer.truth.unavailable, customer.time != Time::Free);
                lines.push(format!("{:?}", turn.said.acts()));
                if let Some(summary) = turn.summary {
                    let outcome = summary.outcome;
                    let rating = world.customers.rating(customer, outcome);
                    assert!((1..=5).contains(&rating), "{rating}");
                    lines.push(format!("{outcome:?} {rating}"));
                    break;
                }
            }
        }
        lines
    };
    assert_eq!(play(3), play(3));
    assert_ne!(play(3), play(4));
}

#[test]
fn annoyance_and_open_questions_cost_satisfaction() {
    let (scenario, _) = shop();
    let (_, customers) = model(SHOP);
    let mut customer = customers.call(&scenario, &mut derive(1, Stream::Train, 0));
    let rate = |customer: &AgendaCustomer| customers.rating(customer, Outcome::Completed);
    assert_eq!(rate(&customer), 5);
    customer.truth.asked = 3;
    assert_eq!(rate(&customer), 4);
    customer.annoyance = customer.patience;
    assert_eq!(rate(&customer), 1);
}

#[test]
fn a_customer_is_small() {
    assert!(
        size_of::<AgendaCustomer>() <= 144,
        "{} bytes",
        size_of::<AgendaCustomer>()
    );
}

#[test]
fn a_recorder_takes_a_message_after_its_greeting_and_nobody_rates_the_call() {
    let text = SHOP.replace("busy = 0.1", "busy = 0.1\nvoicemail = 1.0");
    let (_, customers) = model(&text);
    for talk in talks(&text, &["greet", "leave_message"]) {
        assert!(talk.has(UserActKind::Voicemail));
        assert!(talk.customer.truth.machine && talk.customer.truth.message_taken);
        assert!(!talk.customer.truth.right_person);
        assert_eq!(customers.rating(&talk.customer, Outcome::MessageLeft), 3);
    }
    for talk in talks(&text, &["leave_message", "greet"]) {
        assert!(!talk.customer.truth.message_taken, "before the tone");
    }
}

#[test]
fn a_screening_robot_puts_through_who_says_what_it_is_about() {
    let text = SHOP.replace("busy = 0.1", "busy = 0.0\nscreening = 1.0");
    let talks = talks(&text, &["greet", "state_purpose"]);
    assert!(talks.iter().all(|talk| talk.has(UserActKind::Screening)));
    let through = talks.iter().filter(|talk| !talk.customer.truth.machine);
    assert!(
        through
            .clone()
            .all(|talk| talk.customer.knows_purpose && !talk.hung_up())
    );
    let share = through.count() as f32 / talks.len() as f32;
    // Base plus rise times the mean of Beta(4, 2).
    let expected = habit::PUT_THROUGH.0 + habit::PUT_THROUGH.1 * 2.0 / 3.0;
    assert!((share - expected).abs() < 0.03, "{share} of {expected}");
}

#[test]
fn those_to_whom_the_language_is_foreign_ask_again_more_often() {
    let text = SHOP.replace("busy = 0.1", "busy = 0.0\nlanguage_difficulty = 1.0");
    let asks = |text: &str| {
        let list = talks(text, &["greet", "state_purpose", "inform(order)"]);
        list.iter()
            .filter(|talk| talk.has(UserActKind::Repeat))
            .count()
    };
    assert!(asks(&text) > 3 * asks(SHOP));
}

#[test]
fn trust_moves_with_manners() {
    let rude = ["greet", "state_purpose", "state_purpose", "state_purpose"];
    let model = model(SHOP);
    let mut lower = 0;
    for episode in 0..200 {
        let before = talk(&model, &[], episode).customer;
        let after = talk(&model, &rude, episode).customer;
        lower += u32::from(model.1.mood(&after).trust < model.1.mood(&before).trust);
    }
    assert!(lower > 180, "{lower} of 200 lost trust");
}
