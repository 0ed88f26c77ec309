//! The calibrated tracker against the truth of simulated calls.

use offhook_env::act::NONE;
use offhook_env::belief::calibration::Group;
use offhook_env::call::Call;
use offhook_env::call::customer::Customers as _;
use offhook_env::policy::Policy as _;
use offhook_env::rng::Stream;

use crate::tracking::{SlotTracker, TrackerConfig};
use crate::world::{self, LoadedScenario};

const N_CALLS: u64 = 6_000;

fn loaded(name: &str, config: &TrackerConfig) -> LoadedScenario {
    world::load_tracked(name, None, config).unwrap_or_else(|e| panic!("{e}"))
}

/// How likely what is believed was said to be, and whether it is so, of every turn of the script's calls.
type Pairs = Vec<(f32, bool)>;

fn played(loaded: &LoadedScenario, mut look: impl FnMut(&Call<crate::user::UserCustomer>)) {
    let world = &*loaded.world;
    let scenario = &*world.scenario;
    let script = scenario.script();
    for episode in 0..N_CALLS {
        let mut call = Call::start(world, 3, Stream::Evaluate, episode);
        loop {
            let seen = call.belief.observation(scenario);
            let action = script.best(seen, scenario.layout.n_actions());
            if call.step(world, action).summary.is_some() {
                break;
            }
            look(&call);
        }
    }
}

/// Of the slots that a value was heard of, with the right person on the line.
fn slots(loaded: &LoadedScenario) -> Pairs {
    let mut pairs = Pairs::new();
    played(loaded, |call| {
        let truth = loaded.world.customers.truth(call.customer());
        for (k, &value) in truth.slots[..loaded.world.scenario.slots.len()]
            .iter()
            .enumerate()
        {
            let belief = call.belief.slot(k);
            if truth.right_person && value != NONE && belief.value() != NONE {
                pairs.push((belief.prob(), belief.value() == value));
            }
        }
    });
    pairs
}

/// Mean logarithm of what the truth was given, nats.
fn log_score(pairs: &Pairs) -> f64 {
    let score = |(prob, holds): &(f32, bool)| {
        let given = if *holds { *prob } else { 1.0 - prob };
        f64::from(given.clamp(1e-3, 1.0)).ln()
    };
    pairs.iter().map(score).sum::<f64>() / pairs.len() as f64
}

/// The largest gap between how likely and how often, over tenths with a fair number of turns.
fn largest_gap(pairs: &Pairs) -> f64 {
    let tenth = |k: usize| {
        let within = |p: f32| (p * 10.0).min(9.0) as usize == k;
        let there: Vec<_> = pairs.iter().filter(|(p, _)| within(*p)).collect();
        let n = there.len() as f64;
        let likely = there.iter().map(|(p, _)| f64::from(*p)).sum::<f64>() / n;
        let often = there.iter().filter(|(_, holds)| *holds).count() as f64 / n;
        if n < 300.0 {
            0.0
        } else {
            (likely - often).abs()
        }
    };
    (0..10).map(tenth).fold(0.0, f64::max)
}

#[test]
fn a_calibrated_slot_is_as_often_right_as_it_is_likely() {
    for name in ["fraud_alert", "epidemic_survey"] {
        let calibrated = slots(&loaded(name, &TrackerConfig::default()));
        let focus = slots(&loaded(name, &TrackerConfig::FOCUS));
        let (gap, taken_at_its_word) = (largest_gap(&calibrated), largest_gap(&focus));
        assert!(
            gap < 0.16 && gap < 0.75 * taken_at_its_word,
            "{name}: {gap} {taken_at_its_word}"
        );
        let (score, before) = (log_score(&calibrated), log_score(&focus));
        assert!(score > before + 0.1, "{name}: {score} {before}");
    }
}

#[test]
fn a_fact_is_as_often_so_as_it_is_likely() {
    let loaded = loaded("fraud_alert", &TrackerConfig::default());
    let scenario = loaded.world.scenario.clone();
    let feature = scenario
        .layout
        .feature("belief.right_person")
        .expect("a fact of the scenario");
    let mut pairs = Pairs::new();
    played(&loaded, |call| {
        let prob = call.belief.fact(&scenario, feature).expect("a fact");
        pairs.push((
            prob,
            loaded.world.customers.truth(call.customer()).right_person,
        ));
    });
    assert!(largest_gap(&pairs) < 0.2, "{}", largest_gap(&pairs));
    assert!(log_score(&pairs) > -0.12, "{}", log_score(&pairs));
}

#[test]
fn tables_are_the_same_each_time_and_are_part_of_the_layout() {
    let one = loaded("insurance_renewal", &TrackerConfig::default());
    let other = loaded("insurance_renewal", &TrackerConfig::default());
    assert_eq!(one.text.tracker, other.text.tracker);
    let focus = loaded("insurance_renewal", &TrackerConfig::FOCUS);
    let slots_alone = TrackerConfig {
        slots: SlotTracker::Calibrated,
        features: vec![Group::Slots],
    };
    let few = loaded("insurance_renewal", &slots_alone);
    let [one, few, focus] = [&one, &few, &focus].map(|l| l.world.scenario.layout.clone());
    assert!(one.n_features() > few.n_features() && few.n_features() > focus.n_features());
    assert_ne!(one.tracker, few.tracker);
    assert_eq!(focus.tracker, None);
}

#[test]
fn other_tables_are_refused_with_their_file() {
    let loaded = loaded("insurance_renewal", &TrackerConfig::default());
    let tables = loaded.text.tracker.clone().expect("calibrated");
    let refused = |change: &dyn Fn(&str) -> String, expected: &str| {
        let mut other = tables.clone();
        other.text = change(&tables.text);
        assert_ne!(other, tables);
        let error = loaded
            .followed_by(Some(&other))
            .err()
            .expect("refused")
            .to_string();
        assert!(
            error.contains("tracker.json") && error.contains(expected),
            "{error}"
        );
    };
    refused(
        &|text| text.replacen("\"schema\": 1", "\"schema\": 9", 1),
        "schema 9",
    );
    refused(
        &|text| text.replacen("\"asked_yes\"", "\"asked_perhaps\"", 1),
        "no row `asked_yes`",
    );
    refused(
        &|text| text.replacen("\"right_person\"", "\"left_person\"", 1),
        "unknown fact",
    );
    refused(&|text| text[..text.len() / 2].to_owned(), "EOF");
    let survey = world::load("epidemic_survey", None);
    let survey = survey.unwrap_or_else(|e| panic!("{e}"));
    refused(
        &|_| survey.text.tracker.clone().expect("calibrated").text,
        "no share",
    );
}
