//! The filter against what can be counted out, and what it must not depend on.

use std::sync::Arc;

use offhook_env::act::{Hypothesis, NBest, NONE, UserAct, UserActKind, Utterance};
use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::World;
use offhook_env::call::customer::{Channel, Customers, PerfectChannel, SystemUtterance};
use offhook_env::call::posterior::CustomerBelief;
use offhook_env::rng::{Rng, Stream, derive};
use offhook_env::scenario::{Scenario, ScenarioText};

use super::{FilterConfig, ParticleFilter, Particles};
use crate::channel::{ChannelModel, ConfusionChannel};
use crate::population::Population;
use crate::testing::SHOP;
use crate::user::AgendaCustomers;
use crate::user::agenda::{AgendaCustomer, habit};

const DSTC2: &str = crate::bundled::CHANNELS.files[0].text;

/// A shop whose customers are all patient, free, and without questions and concerns.
fn calm() -> String {
    SHOP.replace("busy = 0.1", "busy = 0")
        .replace("driving = 0.05", "driving = 0")
        .replace("wants_human = 0.06", "wants_human = 0")
        .replace("wants_opt_out = 0.04", "wants_opt_out = 0")
        .replace("mean = 8.0, sd = 3.0", "mean = 40.0, sd = 0.1")
        .replace("who = 0.2\nprice = 0.3", "who = 0\nprice = 0")
        .replace("trick = 0.3\nlate = 0.2", "trick = 0\nlate = 0")
}

fn world(
    text: &str,
    channel: impl FnOnce(&Scenario) -> Arc<dyn Channel>,
) -> World<AgendaCustomers> {
    let text = ScenarioText::new("shop.toml", text);
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e}"));
    let population = Population::parse(&text, &scenario).unwrap_or_else(|e| panic!("{e}"));
    World {
        customers: AgendaCustomers::new(population, &scenario),
        channel: channel(&scenario),
        scenario: Arc::new(scenario),
    }
}

fn noisy(scenario: &Scenario) -> Arc<dyn Channel> {
    let model = ChannelModel::parse("dstc2.toml", DSTC2).unwrap_or_else(|e| panic!("{e}"));
    Arc::new(ConfusionChannel::new(&model, scenario))
}

fn filter(world: World<AgendaCustomers>, n_particles: usize) -> ParticleFilter {
    let config = FilterConfig {
        n_particles,
        ..FilterConfig::default()
    };
    ParticleFilter::new(world, config)
}

fn share(belief: &Particles, is_so: impl Fn(&AgendaCustomer) -> bool) -> f64 {
    let so = belief.customers().filter(|(customer, _)| is_so(customer));
    so.map(|(_, weight)| weight).sum()
}

fn reading(acts: &[UserAct], confidence: f32) -> Hypothesis {
    Hypothesis {
        utterance: acts.iter().copied().collect(),
        confidence,
    }
}

/// On a perfect line a yes to "is it you?" is said by nobody but the right person, and what a person says to "do you
/// still want it?" tells the wish.
#[test]
fn what_is_heard_without_error_is_known() {
    let filter = filter(world(&calm(), |_| Arc::new(PerfectChannel)), 2_000);
    let scenario = &filter.world().scenario;
    let action = |name: &str| scenario.layout.action(name).expect("an action");
    let mut belief = filter.start(&CallerRecord::EMPTY, 1);
    let right = |c: &AgendaCustomer| c.truth().right_person;
    assert!((share(&belief, right) - 0.9).abs() < 0.03);
    let yes = [reading(&[UserAct::new(UserActKind::Affirm)], 1.0)];
    let yes: NBest = yes.into_iter().collect();
    filter.update(&mut belief, action("confirm_identity"), NONE, &yes);
    assert!((share(&belief, right) - 1.0).abs() < 1e-9);
    let wants = |c: &AgendaCustomer| c.truth().slots[0] == 0;
    assert!((share(&belief, wants) - 0.6).abs() < 0.05);
    filter.update(&mut belief, action("state_purpose"), NONE, &yes);
    let no = [reading(&[UserAct::inform(0, 1)], 1.0)];
    filter.update(
        &mut belief,
        action("ask(wish)"),
        NONE,
        &no.into_iter().collect(),
    );
    assert!(share(&belief, wants) < 1e-9);
    assert_eq!((belief.n_collapses(), belief.is_lost()), (0, false));
}

/// Hidden states of a calm shop are the person and the value of the wish, the replies to "is it you?" can be listed
/// with their chances: the posterior counted out in full is what the filter believes.
#[test]
fn the_posterior_is_the_one_counted_out() {
    let world = world(&calm(), noisy);
    let (scenario, channel) = (world.scenario.clone(), world.channel.clone());
    let filter = filter(world, 40_000);
    let action = scenario
        .layout
        .action("confirm_identity")
        .expect("an action");
    for (kind, confidence) in [(UserActKind::Affirm, 0.55), (UserActKind::Deny, 0.75)] {
        let heard: NBest = [
            reading(&[UserAct::new(kind)], confidence),
            reading(&[], 0.1),
        ]
        .into_iter()
        .collect();
        let mut belief = filter.start(&CallerRecord::EMPTY, 5);
        filter.update(&mut belief, action, NONE, &heard);
        // By difficulty, by person: what is said, how often, and how likely it is heard so.
        let mut total = [0.0; 2];
        for (class, class_share) in [(0, 0.5), (1, 0.35), (2, 0.15)] {
            let heard_as = |acts: &[UserActKind]| {
                let said: Utterance = acts.iter().map(|kind| UserAct::new(*kind)).collect();
                channel.likelihood(&said, class, &heard)
            };
            let (caught, stray) = (
                1.0 - f64::from(habit::NOT_CAUGHT[usize::from(class)] + habit::STRAY),
                f64::from(habit::STRAY),
            );
            let odd = f64::from(habit::NOT_CAUGHT[usize::from(class)])
                * heard_as(&[UserActKind::Repeat])
                + stray * heard_as(&[UserActKind::Unrelated]);
            // Readiness to say more: the mean of the population's Beta(2, 3).
            let (more, wrong) = (0.4, f64::from(habit::WRONG_PERSON));
            let another = wrong * heard_as(&[UserActKind::WrongPerson])
                + (1.0 - wrong)
                    * ((1.0 - more) * heard_as(&[UserActKind::Deny])
                        + more * heard_as(&[UserActKind::Deny, UserActKind::WrongPerson]));
            total[0] += 0.9 * class_share * (odd + caught * heard_as(&[UserActKind::Affirm]));
            total[1] += 0.1 * class_share * (odd + caught * another);
        }
        let expected = total[0] / (total[0] + total[1]);
        let found = share(&belief, |c| c.truth().right_person);
        // Four standard errors of 40,000 particles, of which half count at worst.
        let bound = 4.0 * (expected * (1.0 - expected) / 20_000.0).sqrt() + 2e-3;
        assert!(
            (found - expected).abs() < bound,
            "{kind}: {found}, not {expected}"
        );
    }
}

/// A line on which nothing is ever heard.
struct Deaf;

impl Channel for Deaf {
    fn transmit(&self, _: &Utterance, _: u8, _: &mut Rng, heard: &mut NBest) {
        heard.clear();
    }

    fn likelihood(&self, _: &Utterance, _: u8, _: &NBest) -> f64 {
        1.0
    }
}

/// That the call goes on is all there is to know: what the filter believes of patience after several renewals is
/// what is so of those among many who have not hung up.
#[test]
fn renewal_leaves_the_posterior_as_it_is() {
    let text = SHOP
        .replace("mean = 8.0, sd = 3.0", "mean = 4.0, sd = 2.0")
        .replace("wants_opt_out = 0.04", "wants_opt_out = 0.3");
    let world = world(&text, |_| Arc::new(Deaf));
    let (scenario, people) = (world.scenario.clone(), world.customers.clone());
    let action = |name: &str| scenario.layout.action(name).expect("an action");
    let actions = [
        "greet",
        "state_purpose",
        "greet",
        "greet",
        "greet",
        "greet",
        "greet",
        "greet",
    ];
    let actions = actions.map(action);
    let mut rng = derive(3, Stream::Evaluate, 0);
    let (mut sum, mut n) = ([0.0; 2], 0.0);
    let of = |customer: &AgendaCustomer| {
        let asks = customer.truth().opted_out;
        [f64::from(customer.patience()), f64::from(u8::from(asks))]
    };
    for _ in 0..400_000 {
        let mut customer = people.call(&scenario, &mut rng);
        let mut goes_on = actions.iter().map(|&action| {
            let spoken = SystemUtterance {
                action,
                acts: scenario.acts(action),
                value: NONE,
            };
            let said = people.respond(&scenario, &mut customer, spoken, &mut rng);
            !said.has(UserActKind::HangUp)
        });
        if goes_on.all(|goes_on| goes_on) {
            let found = of(&customer);
            (sum, n) = ([sum[0] + found[0], sum[1] + found[1]], n + 1.0);
        }
    }
    assert!(n > 10_000.0, "{n}");
    let expected = sum.map(|sum| sum / n);
    let filter = filter(world, 40_000);
    let mut belief = filter.start(&CallerRecord::EMPTY, 7);
    for action in actions {
        filter.update(&mut belief, action, NONE, &NBest::EMPTY);
    }
    let mut found = [0.0; 2];
    for (customer, weight) in belief.customers() {
        let one = of(customer);
        found = [found[0] + weight * one[0], found[1] + weight * one[1]];
    }
    // Four standard errors, of which the spread of patience is at most 2 and that of a share 0.5.
    let bound = |spread: f64| 4.0 * spread * (1.0 / n + 1.0 / 10_000.0).sqrt();
    for (k, spread) in [(0, 2.0), (1, 0.5)] {
        let (found, expected) = (found[k], expected[k]);
        assert!(
            (found - expected).abs() < bound(spread),
            "{k}: {found}, not {expected}"
        );
    }
}

/// Two calls that sound alike are believed alike, whoever is on the line; and a call is a function of its seed.
#[test]
fn a_belief_is_a_function_of_the_seed_and_of_what_was_heard() {
    let filter = filter(world(SHOP, noisy), 300);
    let scenario = &filter.world().scenario;
    let run = |seed| {
        let mut belief = filter.start(&CallerRecord::EMPTY, seed);
        for name in ["greet", "confirm_identity", "state_purpose"] {
            let action = scenario.layout.action(name).expect("an action");
            let heard = [
                reading(&[UserAct::new(UserActKind::Affirm)], 0.62),
                reading(&[], 0.2),
            ];
            filter.update(&mut belief, action, NONE, &heard.into_iter().collect());
        }
        format!("{:?}", belief.customers().collect::<Vec<_>>())
    };
    assert_eq!(run(4), run(4));
    assert_ne!(run(4), run(5));
}

/// What nobody would say is not believed, and does not end the belief.
#[test]
fn what_nobody_explains_is_counted_and_passed_over() {
    let filter = filter(world(&calm(), |_| Arc::new(PerfectChannel)), 200);
    let scenario = &filter.world().scenario;
    let action = |name: &str| scenario.layout.action(name).expect("an action");
    let mut belief = filter.start(&CallerRecord::EMPTY, 1);
    let odd = [reading(&[UserAct::new(UserActKind::Voicemail); 2], 1.0)];
    filter.update(
        &mut belief,
        action("greet"),
        NONE,
        &odd.into_iter().collect(),
    );
    assert_eq!((belief.n_collapses(), belief.n_in_vain()), (1, 1));
    assert!(belief.is_lost() && filter.draw(&belief, 0.5).is_none());
    let yes = [reading(&[UserAct::new(UserActKind::Affirm)], 1.0)];
    filter.update(
        &mut belief,
        action("confirm_identity"),
        NONE,
        &yes.into_iter().collect(),
    );
    assert!(!belief.is_lost() && filter.draw(&belief, 0.5).is_some());
}
