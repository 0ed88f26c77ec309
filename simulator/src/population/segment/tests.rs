//! Who belongs to a segment, and what is so of its members.

use offhook_env::belief::caller::CallerRecord;
use offhook_env::rng::{Stream, derive};
use offhook_env::scenario::ScenarioText;

use super::*;
use crate::bundled;
use crate::dice::Coins;
use crate::population::{Person, Population};

fn survey() -> (Scenario, ScenarioText) {
    let text = bundled::scenario("epidemic_survey", None).unwrap_or_else(|e| panic!("{e}"));
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e}"));
    (scenario, text)
}

#[test]
fn what_depends_on_callers_and_answers_is_as_frequent_as_the_file_says() {
    let (scenario, text) = survey();
    let population = Population::parse(&text, &scenario).unwrap_or_else(|e| panic!("{e}"));
    let slot = |name: &str| {
        let mut names = scenario.names.slots.iter();
        names.position(|slot| slot == name).expect("a slot")
    };
    let [fever, since, travelled, household] =
        ["fever", "since", "travelled", "household"].map(slot);
    let people: Vec<(Person, CallerRecord)> = (0..100_000)
        .map(|k| {
            let rng = derive(7, Stream::Evaluate, k);
            let person = population.draw(&mut Coins::new(&mut rng.clone()));
            (
                person,
                population.draw_record(&mut Coins::new(&mut rng.clone())),
            )
        })
        .collect();
    type Holds<'h> = &'h dyn Fn(&(Person, CallerRecord)) -> bool;
    let share = |holds: Holds<'_>, among: Holds<'_>| {
        let all: Vec<_> = people.iter().filter(|one| among(one)).collect();
        let n = all.iter().filter(|one| holds(one)).count();
        (n as f64 / all.len() as f64, all.len() as f64)
    };
    let right = |(person, _): &(Person, CallerRecord)| person.right_person;
    let stayed = |one: &(Person, CallerRecord)| right(one) && one.0.slots[travelled] == 1;
    let ill = |(person, _): &(Person, CallerRecord)| person.slots[fever] == 0;
    let cases: [(f64, (f64, f64)); 6] = [
        (
            0.22,
            share(&|(_, on_file)| on_file.features[0] == 1, &|_| true),
        ),
        (
            0.12,
            share(&ill, &|one| stayed(one) && one.1.features[0] == 1),
        ),
        (
            0.02,
            share(&ill, &|one| stayed(one) && one.1.features[0] == 3),
        ),
        (0.2, share(&ill, &|one| right(one) && !stayed(one))),
        (
            0.6,
            share(&|(_, on_file)| on_file.slots[household] != NONE, &|one| {
                right(one) && one.1.features[2] == 4
            }),
        ),
        (
            0.3,
            share(&|one| !stayed(one), &|one| {
                right(one) && one.1.features[0] == 6
            }),
        ),
    ];
    for (case, (told, (drawn, n))) in cases.into_iter().enumerate() {
        let bound = 5.0 * (told * (1.0 - told) / n).sqrt();
        assert!(
            (told - drawn).abs() < bound,
            "case {case}: {told} in the file, {drawn} drawn"
        );
    }
    for (person, on_file) in &people {
        assert_eq!(
            person.slots[since] != NONE,
            right(&(*person, *on_file)) && person.slots[fever] == 0
        );
        assert!(on_file.features[2] == 4 || on_file.slots.iter().all(|value| *value == NONE));
    }
}

#[test]
fn what_cannot_be_told_in_time_is_named() {
    let (scenario, text) = survey();
    let refusal = |from: &str, to: &str| {
        let mut text = text.clone();
        assert!(text.main.text.contains(from), "{from}");
        text.main.text = text.main.text.replace(from, to);
        let refused = Population::parse(&text, &scenario)
            .map(drop)
            .expect_err("a mistake");
        refused.to_string()
    };
    let ill = "when = { \"slot.fever\" = [\"yes\"] }";
    for (from, to, words) in [
        (
            ill,
            "when = { \"slot.fevr\" = [\"yes\"] }",
            "did you mean `slot.fever`?",
        ),
        (
            ill,
            "when = { \"slot.fever\" = [\"maybe\"] }",
            "unknown value `maybe` of `slot.fever`",
        ),
        (
            ill,
            "when = { \"slot.fever\" = [\"yes\"] }\nbusy = 0.5",
            "`busy` of segment `ill` is drawn before",
        ),
        (
            ill,
            "when = { \"concern.privacy\" = [\"yes\"] }",
            "is drawn before all that tells segment `ill`",
        ),
        (ill, "when = {}", "segment `ill` is everybody"),
        (
            "when = { \"slot.travelled\" = [\"yes\"] }",
            "when = { \"slot.since\" = [\"today\"] }",
            "slots depend on each other in a circle: fever, since",
        ),
        (
            "region = { north = 0.22",
            "region = { north = 0.92",
            "shares of `region` sum to",
        ),
        (
            "household = { mean = 2.6, sd = 1.6 }",
            "household = { \"99\" = 1.0 }",
            "expected a number from 1 to 15",
        ),
    ] {
        let message = refusal(from, to);
        assert!(message.contains(words), "`{words}` is not in\n{message}");
    }
}

#[test]
fn more_segments_than_fit_are_refused() {
    let (scenario, mut text) = survey();
    for k in 0..300 {
        text.main.text += &format!(
            "[population.segments.s{k}]\nwhen = {{ \"caller.region\" = [\"north\"] }}\nbusy = 0.1\n"
        );
    }
    let refused = Population::parse(&text, &scenario).map(drop);
    let message = refused.expect_err("too many").to_string();
    assert!(message.contains("segments, at most 64 fit"), "{message}");
}
