//! What a diff says, against hand-made tables and an enumeration of all observations.

use super::*;
use crate::testing::{observations, random_table};
use crate::{Feature, Provenance, Rule};

fn small() -> (DecisionTable, DecisionTable) {
    let features = vec![
        Feature::new("identity", &["unknown", "claimed", "confirmed"]),
        Feature::new("confidence", &["low", "high"]),
    ];
    let actions = ["confirm_identity", "verify_identity", "close"].map(str::to_owned);
    let layout = Layout::new(features, actions.to_vec()).unwrap();
    let rule = |id: &str, masks: [u16; 2], action, support| Rule {
        support,
        ..Rule::new(id, Cell::new(masks.to_vec()), action)
    };
    let a = vec![
        rule("r1", [0b011, 0b11], 0, 60),
        rule("r2", [0b100, 0b11], 2, 40),
    ];
    let b = vec![
        rule("r1", [0b001, 0b11], 0, 30),
        rule("r2", [0b010, 0b01], 1, 10),
        rule("r3", [0b010, 0b10], 0, 20),
        rule("r4", [0b100, 0b11], 2, 40),
    ];
    let table =
        |rules| DecisionTable::new("mock", layout.clone(), rules, 2, Provenance::new()).unwrap();
    (table(a), table(b))
}

#[test]
fn a_change_reads_as_a_sentence_with_its_share() {
    let (a, b) = small();
    let diff = Comparison::new(&a, &b).unwrap().finish();
    let expected = "2 and 4 rules; another action in 10.0 % of turns (estimated from the \
             rules' support; a call log says it exactly)
when identity is claimed and confidence is low: confirm_identity → verify_identity, 10.0 % of turns
";
    assert_eq!(diff.to_string(), expected);
}

#[test]
fn a_long_condition_is_told_by_what_leaves_the_fewest_turns() {
    let features: Vec<Feature> = ["a", "b", "c", "d", "e", "f"]
        .map(|name| Feature::new(name, &["x", "y", "z"]))
        .to_vec();
    let layout = Layout::new(features, vec!["ask".into()]).unwrap();
    let cell = Cell::new(vec![1, 1, 1, 3, 1, 1]);
    let mut traffic = Traffic::new(&layout);
    for codes in [[1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0], [0, 2, 2, 2, 2, 0]] {
        traffic.record(&codes);
    }
    let rare = "when a is x and b is x and c is x and d is x or y and 2 more conditions";
    assert_eq!(summary(&layout, &cell, Some(&traffic)), rare);
    let narrow = "when a is x and b is x and c is x and e is x and 2 more conditions";
    assert_eq!(summary(&layout, &cell, None), narrow);
}

#[test]
fn recorded_turns_are_counted_by_caller() {
    let (a, b) = small();
    let mut comparison = Comparison::new(&a, &b).unwrap();
    let caller = |age: &str| BTreeMap::from([("age".to_owned(), age.to_owned())]);
    for (codes, age) in [
        ([1, 0], "old"),
        ([1, 1], "old"),
        ([2, 0], "young"),
        ([0, 0], "young"),
    ] {
        for _ in 0..50 {
            comparison.record(&codes, &caller(age));
        }
    }
    let diff = comparison.finish();
    assert_eq!((diff.n_turns, diff.changed_share), (Some(200), Some(0.25)));
    assert_eq!(diff.changes.len(), 1);
    assert_eq!(diff.changes[0].share, Some(0.25));
    let shares: Vec<f64> = diff.changes[0].callers.iter().map(|c| c.share).collect();
    assert_eq!(shares, [0.5, 0.0]);
    assert!(
        diff.to_string()
            .contains("verify_identity, 25.0 % of turns; most where age is old, 50.0 %\n"),
        "{diff}"
    );
    let shares: Vec<(&str, f64)> = diff
        .segments
        .iter()
        .map(|s| (s.value.as_str(), s.changed_share))
        .collect();
    assert_eq!(shares, [("old", 0.5), ("young", 0.0)]);
}

#[test]
fn changes_are_exactly_where_the_tables_decide_differently() {
    for seed in 0..6 {
        let base = random_table(seed, 40, 4);
        let mut rules = base.rules().to_vec();
        // A gap, an overlap and other actions: precedence and default count as well.
        rules.remove(0);
        rules[3].when = base.layout().any();
        for rule in rules.iter_mut().step_by(5) {
            rule.action = (rule.action + 1) % 14;
        }
        let other = base.with_rules(rules).unwrap();
        for (a, b) in [(&base, &other), (&other, &base)] {
            let mut comparison = Comparison::new(a, b).unwrap();
            let states = observations(base.layout());
            let mut n_changed = 0;
            for codes in &states {
                comparison.record(codes, &BTreeMap::new());
                n_changed += u64::from(a.decide(codes).action != b.decide(codes).action);
            }
            let diff = comparison.finish();
            let n_all = states.len() as f64;
            assert_eq!(diff.changed_share, Some(n_changed as f64 / n_all));
            let told: f64 = diff.changes.iter().filter_map(|change| change.share).sum();
            assert!((told - n_changed as f64 / n_all).abs() < 1e-9);
        }
    }
}

#[test]
fn equal_tables_do_not_differ_and_other_layouts_are_refused() {
    let (a, b) = small();
    let same = Comparison::new(&a, &a).unwrap().finish();
    assert!(same.changes.is_empty() && same.to_string().ends_with("the same action everywhere"));
    let other = random_table(1, 5, 2);
    assert!(matches!(
        Comparison::new(&b, &other),
        Err(TableError::Layout { .. })
    ));
}
