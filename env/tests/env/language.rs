//! What a scenario can say of callers, values, alternatives, counts and items, by the fixture with more in it.

use offhook_env::act::{Hypothesis, NBest, UserAct, UserActKind};
use offhook_env::belief::caller::CallerRecord;
use offhook_env::belief::tracker::BeliefState;
use offhook_env::log::{ActReader, Caller};
use offhook_env::scenario::{Scenario, ScenarioText};

use crate::faults::FIXTURE;

/// The fixture with slots of every type, a caller, a counter and a rule with alternatives.
fn text() -> String {
    FIXTURE
        .replace(
            "[slots]\n",
            "carry = [\"agrees\"]\n[caller]\nregion = [\"north\", \"south\"]\n[counters]\ninsults = { heard = [\"abuse\"], \
             said = [\"apologize\"] }\n[slots]\nhousehold = { type = \"number\", range = [1, 20], bins = [\"1\", \"2-4\", \
             \"5+\"] }\nsince = { type = \"day\", range = [-14, 0], bins = [\"today\", \"1-3 days ago\", \"4+ days ago\"] \
             }\nneeds = { values = [\"food\", \"medicine\"], many = true, branch = true }\nname = { type = \"text\", values \
             = [\"Ana\"] }\nat = { type = \"time\", range = [\"08:00\", \"20:00\"] }\n",
        )
        .replace(
            "[robot]\n",
            "[robot]\n\"ask(household)\" = \"How many?\"\n\"ask(since)\" = \"Since when?\"\n\"ask(needs)\" = \"What?\"\n\
             \"ask(name)\" = \"Who?\"\n\"ask(at)\" = \"When?\"\n",
        )
        .replace(
            "[customer]\n",
            "[customer]\n\"inform(household)\" = [\"{value}\"]\n\"inform(since)\" = [\"{value}\"]\n\"inform(needs)\" = \
             [\"{value}\"]\n\"inform(name)\" = [\"{value}\"]\n\"inform(at)\" = [\"{value}\"]\n\"abuse\" = [\"pest\"]\n",
        )
        .replace(
            "[[rules]]\nname = \"after an opt-out\"",
            "[[rules]]\nname = \"two ways\"\nwhen = { \"count.insults\" = [\"2\", \"3+\"], any = [{ \"value.household\" = \
             [\"5+\"] }, { \"caller.region\" = [\"north\"], misses = [\"0\"] }] }\nforbid = [\"offer(*)\"]\n\
             [[rules]]\nname = \"after an opt-out\"",
        )
}

fn scenario() -> Scenario {
    Scenario::parse(&ScenarioText::new("fixture.toml", text())).unwrap_or_else(|e| panic!("{e}"))
}

fn level<'s>(scenario: &'s Scenario, belief: &BeliefState, feature: &str) -> &'s str {
    let at = scenario
        .layout
        .feature(feature)
        .unwrap_or_else(|| panic!("{feature}"));
    &scenario.layout.features[at].levels[usize::from(belief.codes(scenario)[at])]
}

/// Lets the robot say an action and hears acts by name.
fn hear(
    scenario: &Scenario,
    reader: &mut ActReader<'_>,
    belief: &mut BeliefState,
    action: &str,
    acts: &[&str],
) {
    let acts: Vec<String> = acts.iter().map(|act| (*act).to_owned()).collect();
    let utterance = reader.utterance(&acts).unwrap_or_else(|e| panic!("{e}"));
    let heard: NBest = [Hypothesis {
        utterance,
        confidence: 0.9,
    }]
    .into_iter()
    .collect();
    let action = scenario.layout.action(action).expect("an action");
    belief.update(scenario, action, &heard);
}

#[test]
fn a_number_is_kept_exactly_and_seen_in_bins() {
    let scenario = scenario();
    let mut reader = ActReader::new(&scenario);
    let mut belief = BeliefState::new(&scenario);
    for (told, text, bin) in [
        ("inform(household=7)", "7", "5+"),
        ("inform(household=3.5)", "3.5", "2-4"),
        ("inform(household=1)", "1", "1"),
    ] {
        let mut belief = belief.clone();
        hear(
            &scenario,
            &mut reader,
            &mut belief,
            "ask(household)",
            &[told],
        );
        let value = belief.slot(slot(&scenario, "household")).value();
        assert_eq!(
            reader.value_text(slot(&scenario, "household"), value),
            Some(text)
        );
        assert_eq!(level(&scenario, &belief, "value.household"), bin);
    }
    hear(
        &scenario,
        &mut reader,
        &mut belief,
        "ask(household)",
        &["inform(household=70)"],
    );
    assert_eq!(level(&scenario, &belief, "value.household"), "none");
    assert_eq!(reader.n_dropped(), 1);
}

fn slot(scenario: &Scenario, name: &str) -> usize {
    let at = scenario.names.slots.iter().position(|slot| slot == name);
    at.unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn several_values_told_one_by_one_are_a_set() {
    let scenario = scenario();
    let mut reader = ActReader::new(&scenario);
    let mut belief = BeliefState::new(&scenario);
    let told = ["inform(needs=medicine)", "inform(needs=food)"];
    hear(&scenario, &mut reader, &mut belief, "ask(needs)", &told);
    assert_eq!(level(&scenario, &belief, "value.needs.food"), "yes");
    assert_eq!(level(&scenario, &belief, "value.needs.medicine"), "yes");
    hear(
        &scenario,
        &mut reader,
        &mut belief,
        "ask(needs)",
        &["inform(needs=none)"],
    );
    hear(
        &scenario,
        &mut reader,
        &mut belief,
        "ask(needs)",
        &["inform(needs=none)"],
    );
    assert_eq!(level(&scenario, &belief, "value.needs.food"), "no");
}

#[test]
fn days_times_and_words_are_read_and_the_impossible_is_left_out() {
    let scenario = scenario();
    let mut reader = ActReader::new(&scenario);
    let mut belief = BeliefState::new(&scenario);
    hear(
        &scenario,
        &mut reader,
        &mut belief,
        "ask(since)",
        &["inform(since=yesterday)"],
    );
    assert_eq!(level(&scenario, &belief, "value.since"), "1-3 days ago");
    hear(
        &scenario,
        &mut reader,
        &mut belief,
        "ask(name)",
        &["inform(name=Zoë of Bath)"],
    );
    let name = slot(&scenario, "name");
    let told = belief.slot(name).value();
    assert_eq!(reader.value_text(name, told), Some("Zoë of Bath"));
    hear(
        &scenario,
        &mut reader,
        &mut belief,
        "ask(at)",
        &["inform(at=9:15)"],
    );
    let at = slot(&scenario, "at");
    assert_eq!(
        reader.value_text(at, belief.slot(at).value()),
        Some("09:15")
    );
    hear(
        &scenario,
        &mut reader,
        &mut belief,
        "ask(at)",
        &["inform(at=21:00)"],
    );
    assert_eq!(reader.n_dropped(), 1);
}

#[test]
fn what_is_on_file_is_seen_from_the_first_turn() {
    let scenario = scenario();
    let caller = Caller {
        features: [("region".to_owned(), "north".to_owned())].into(),
        recorded: [("agrees".to_owned(), "yes".to_owned())].into(),
        ..Caller::default()
    };
    let (record, n_dropped) = CallerRecord::read(&scenario, &caller);
    assert_eq!(n_dropped, 0);
    assert_eq!(record.log(&scenario), caller);
    let belief = BeliefState::with(&scenario, &record);
    assert_eq!(level(&scenario, &belief, "caller.region"), "north");
    assert_eq!(level(&scenario, &belief, "slot.agrees"), "high");
    assert_eq!(level(&scenario, &belief, "value.agrees"), "yes");
    let other = Caller {
        features: [("region".to_owned(), "mars".to_owned())].into(),
        ..Caller::default()
    };
    assert_eq!(
        CallerRecord::read(&scenario, &other),
        (CallerRecord::EMPTY, 1)
    );
}

#[test]
fn a_rule_with_alternatives_speaks_in_each_of_them() {
    let scenario = scenario();
    let offer = scenario.layout.action("offer(gift)").expect("an action");
    let abuse = UserAct::new(UserActKind::Abuse);
    let heard: NBest = [Hypothesis {
        utterance: abuse.into(),
        confidence: 0.9,
    }]
    .into_iter()
    .collect();
    let repeat = scenario.layout.action("repeat").expect("an action");
    for (region, speaks) in [("north", true), ("south", false)] {
        let caller = Caller {
            features: [("region".to_owned(), region.to_owned())].into(),
            ..Caller::default()
        };
        let (record, _) = CallerRecord::read(&scenario, &caller);
        let mut belief = BeliefState::with(&scenario, &record);
        let breaks = |belief: &BeliefState| {
            scenario
                .broken_rules(belief.codes(&scenario), offer)
                .any(|rule| rule.name.starts_with("two ways"))
        };
        belief.update(&scenario, repeat, &heard);
        assert!(!breaks(&belief));
        belief.update(&scenario, repeat, &heard);
        assert_eq!(level(&scenario, &belief, "count.insults"), "2");
        assert_eq!(breaks(&belief), speaks, "{region}");
        assert_eq!(belief.lawful().allows(offer), !speaks);
    }
}

/// What the fixture with `to` in the place of `from` is refused for.
#[track_caller]
fn check(from: &str, to: &str, words: &str) {
    let text = FIXTURE.replacen(from, to, 1);
    let report = Scenario::parse(&ScenarioText::new("f.toml", &text));
    let report = report
        .map(drop)
        .expect_err("the fault is found")
        .to_string();
    assert!(report.contains(words), "`{words}` is not in\n{report}");
}

#[test]
fn mistakes_of_the_language_are_named() {
    let slots = "[slots]\n";
    let with = |line: &str| format!("{slots}{line}\n");
    for (line, words) in [
        (
            "n = { type = \"number\" }",
            "slot `n` has no range; add `range = [1, 20]`",
        ),
        (
            "n = { type = \"numbr\" }",
            "unknown type `numbr` of slot `n`: did you mean `number`?",
        ),
        (
            "n = { type = \"number\", range = [5, 1] }",
            "range of slot `n` is 5 to 1",
        ),
        (
            "n = { type = \"number\", range = [0, 5000] }",
            "add `step = 40`",
        ),
        (
            "n = { type = \"number\", range = [1, 9], bins = [\"1\", \"3+\"] }",
            "`2` of slot `n` is in no bin",
        ),
        (
            "n = { type = \"number\", range = [1, 9], bins = [\"few\"] }",
            "`few` is no bin, expected as `1`, `2-4`, `5+`",
        ),
        (
            "n = { type = \"time\", range = [\"8\", \"20:00\"] }",
            "expected as [\"08:00\", \"20:00\"]",
        ),
        (
            "n = { type = \"text\", branch = true }",
            "slot `n` cannot have `branch`",
        ),
        (
            "n = { values = [\"none\", \"a\"], many = true }",
            "`none` is told where none of several values applies",
        ),
        (
            "n = { values = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\"], many = true }",
            "slot `n` has more than 7 values",
        ),
    ] {
        check(slots, &with(line), words);
    }
    let seventeen: String = (0..16)
        .map(|k| format!("s{k} = {{ values = [\"a\"] }}\n"))
        .collect();
    check(
        slots,
        &with(&seventeen),
        "18 names for a slot, at most 16 fit; leave some out",
    );
    check(
        slots,
        "[caller]\nregion = [\"unknown\"]\n[slots]\n",
        "`unknown` is a value of `region` by itself",
    );
    check(slots, "[counters]\nn = {}\n[slots]\n", "`n` counts nothing");
    check(
        slots,
        "[counters]\nn = { heard = [\"abuses\"] }\n[slots]\n",
        "unknown customer act `abuses`",
    );
    check(
        "when = { opt_out = [\"asked\"] }",
        "when = { opt_out = [\"asked\"], any = [{ opt_out = [\"none\"] }] }",
        "no alternative of `any` can hold together with the rest",
    );
}
