//! The index, how often it is wrong, and what it says of too few calls.

use super::binned::{Bin, TOGETHER};
use super::*;
use crate::testing::{SplitMix, random_codes, random_table};

/// Calls of 1 to 24 turns, in each of which one feature of three changes; what a customer is like does not.
fn played(
    table: &DecisionTable,
    seed: u64,
    n_calls: u64,
    bend: impl Fn(&mut Vec<u8>),
) -> Vec<Monitor> {
    let mut rng = SplitMix(seed);
    let mut play = || {
        let mut monitor = Monitor::new(table);
        let mut codes = random_codes(table.layout(), &mut rng);
        for _ in 0..1 + rng.below(24) {
            let other = random_codes(table.layout(), &mut rng);
            for idx in (0..codes.len()).step_by(3) {
                codes[idx] = codes[idx].min(other[idx]);
            }
            bend(&mut codes);
            monitor.record(&codes, table.decide(&codes));
        }
        monitor
    };
    (0..n_calls).map(|_| play()).collect()
}

fn merged(table: &DecisionTable, calls: &[Monitor]) -> Monitor {
    let mut all = Monitor::new(table);
    for call in calls {
        all.merge(call).unwrap();
    }
    all
}

#[test]
fn the_index_of_a_known_example_is_right() {
    // 20/30/50 % against 30/30/40 %: 0.1 ln(1.5) + 0.1 ln(1.25) = 0.06286.
    let counts = [("a", [2e4, 3e4]), ("b", [3e4, 3e4]), ("c", [5e4, 4e4])];
    let mut binned = Binned::new(vec!["a", "b", "c"], Counted::Rules);
    binned.n = [1e5, 1e5];
    binned.bins = counts.map(|(name, counts)| Bin { name, counts }).into();
    let drift = binned.drift("x", Some(0.01));
    assert!((drift.psi.unwrap() - 0.062_86).abs() < 1e-4, "{drift:?}");
    assert_eq!(drift.verdict, Verdict::Stable);
    let names: Vec<&str> = drift.shares.iter().map(|share| &*share.name).collect();
    assert_eq!(names, ["a", "c", "b"]);
}

#[test]
fn a_level_that_is_worth_too_few_calls_stands_with_others() {
    let table = random_table(5, 150, 8);
    let expected = merged(&table, &played(&table, 1, 2_000, |_| {}));
    let report = drift(&table, &expected, &played(&table, 2, 40, |_| {})).unwrap();
    for drift in [&report.rules].into_iter().chain(&report.features) {
        for share in &drift.shares {
            let worth = 40.0 * f64::midpoint(share.expected, share.found);
            assert!(worth >= MIN_CALLS, "{share:?}");
        }
        let sum: f64 = drift.shares.iter().map(|share| share.found).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{drift:?}");
    }
    assert!(
        report
            .rules
            .shares
            .iter()
            .any(|share| share.name == TOGETHER)
    );
}

#[test]
fn the_same_population_raises_few_alarms_however_few_its_calls() {
    let table = random_table(5, 150, 12);
    let expected = merged(&table, &played(&table, 1, 2_000, |_| {}));
    for (n_calls, n_logs) in [(20, 200), (100, 100), (1_000, 20)] {
        let alarm = |seed: &u64| {
            let found = played(&table, 100 + seed, n_calls, |_| {});
            !drift(&table, &expected, &found).unwrap().ok()
        };
        let share = (0..n_logs).filter(alarm).count() as f64 / n_logs as f64;
        // 5 % and two standard errors at 200 logs.
        assert!(share <= 0.08, "{n_calls} calls: {share}");
    }
}

#[test]
fn a_feature_that_moved_is_named_first_and_the_rules_that_test_it_move_with_it() {
    let table = random_table(5, 150, 8);
    let expected = merged(&table, &played(&table, 1, 2_000, |_| {}));
    let found = played(&table, 2, 300, |codes| codes[3] = 0);
    let report = drift(&table, &expected, &found).unwrap();
    assert_eq!(report.features[0].name, "feature_3");
    assert_eq!(report.features[0].verdict, Verdict::Shifted);
    assert_eq!(report.features[1].verdict, Verdict::Stable);
    assert_ne!(report.rules.verdict, Verdict::Stable);
    assert!(!report.ok());
    assert!(
        report.to_string().contains("feature_3: shifted"),
        "{report}"
    );
}

#[test]
fn a_handful_of_calls_cannot_tell() {
    let table = random_table(5, 150, 8);
    let expected = merged(&table, &played(&table, 1, 2_000, |_| {}));
    let found = played(&table, 2, 5, |codes| codes[3] = 0);
    let report = drift(&table, &expected, &found).unwrap();
    assert_eq!(report.rules.verdict, Verdict::TooFew, "{report}");
    assert!(report.ok() && report.n_groups == 5);
    let words = "of 8 the calls are too few to tell";
    assert!(report.to_string().contains(words), "{report}");
}

#[test]
fn a_table_without_traffic_is_compared_by_its_rules_alone() {
    let table = random_table(5, 20, 3);
    let found = played(&table, 1, 10, |codes| codes[1] = 99);
    let report = drift(&table, &Monitor::expected(&table), &found).unwrap();
    assert!(
        report
            .features
            .iter()
            .all(|drift| drift.verdict == Verdict::Unknown)
    );
    assert_eq!(report.out_of_domain[0].0, "feature_1");
    assert_eq!(report.default_share, 1.0);
    assert!(report.to_string().contains("3 are unknown"), "{report}");
    let other = random_table(6, 20, 3);
    assert!(drift(&other, &Monitor::expected(&table), &found).is_err());
}
