//! The proof of a table: no overlap, no gap, and no forbidden action in any cell.

use crate::proof::flags::{thin, unreachable};
use crate::proof::gap::find_gaps;
use crate::proof::proof_report::{
    MAX_LISTED, Overlap, Proof, ProofReport, REPORT_SCHEMA, Region, Violation,
};
use crate::table::{Cell, DecisionTable, TableError, Volume, shorten};

/// Visits below which a rule is thin, unless said otherwise: with 30 the standard error of its
/// fidelity is still up to 9 points.
pub const MIN_SUPPORT: u64 = 30;

/// Actions that must not be taken in some box of observations: an action mask or a rule of conduct.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// What the rule is called, such as `opt_out_is_final`.
    pub name: String,
    /// Conditions as (feature index, mask of levels), all of which must hold; none means always.
    pub when: Vec<(usize, u16)>,
    /// The forbidden actions, bit `a` for action `a`.
    pub forbidden: u64,
}

/// Proves that exactly one rule applies to each observation and that no rule takes a forbidden
/// action, or says where not.
///
/// Takes well under a millisecond for a sound table of some hundred rules, and about a second at
/// worst: the search for gaps among *overlapping* rules is stopped by a fixed amount of work and
/// then reported as not exhaustive.
///
/// # Errors [`TableError::Invalid`] for a constraint that speaks of features, levels or actions
/// that the table does not have.
pub fn verify(
    table: &DecisionTable,
    constraints: &[Constraint],
) -> Result<ProofReport, TableError> {
    verify_with(table, constraints, MIN_SUPPORT)
}

/// [`verify`], with the number of visits below which a rule is flagged as thin.
///
/// # Errors
/// As [`verify`].
pub fn verify_with(
    table: &DecisionTable,
    constraints: &[Constraint],
    min_support: u64,
) -> Result<ProofReport, TableError> {
    let layout = table.layout();
    let (n_overlaps, overlaps) = find_overlaps(table);
    let cells: Vec<&Cell> = table.rules().iter().map(|rule| &rule.when).collect();
    let disjoint = n_overlaps == 0;
    let gaps = find_gaps(&layout.any(), &cells, disjoint, MAX_LISTED);
    let share_of_all = |sum: Volume| sum.as_f64() / layout.any().volume().as_f64();
    let sum = |cells: &mut dyn Iterator<Item = &Cell>| {
        cells.fold(Volume::ZERO, |sum, cell| sum.plus(cell.volume()))
    };
    let uncovered_share = match (gaps.exhaustive, disjoint) {
        (true, _) => Some(share_of_all(sum(&mut gaps.cells.iter()))),
        (false, true) => Some(1.0 - share_of_all(sum(&mut cells.iter().copied()))),
        (false, false) => None,
    };
    let mut violations = Vec::new();
    let mut proofs = Vec::with_capacity(constraints.len());
    let mut unknown_values = Vec::new();
    for constraint in constraints {
        let forbidden_cell = constraint_cell(table, constraint)?;
        if constraint.forbidden >> table.default_action() & 1 == 1 && !forbidden_cell.is_empty() {
            unknown_values.push(Violation {
                constraint: constraint.name.clone(),
                rule: None,
                action: table.action_name(table.default_action()).to_owned(),
                region: Region::new(layout, forbidden_cell.clone()),
            });
        }
        let taken = table
            .rules()
            .iter()
            .map(|rule| (Some(&rule.id), rule.action, &rule.when));
        let default = gaps
            .cells
            .iter()
            .map(|gap| (None, table.default_action(), gap));
        let mut n_violations = 0;
        for (rule, action, cell) in taken.chain(default) {
            if constraint.forbidden >> action & 1 == 0 || !cell.overlaps(&forbidden_cell) {
                continue;
            }
            n_violations += 1;
            if violations.len() == MAX_LISTED {
                continue;
            }
            if let Some(region) = cell.intersect(&forbidden_cell) {
                violations.push(Violation {
                    constraint: constraint.name.clone(),
                    rule: rule.cloned(),
                    action: table.action_name(action).to_owned(),
                    region: Region::new(layout, region),
                });
            }
        }
        proofs.push(Proof {
            constraint: constraint.name.clone(),
            n_violations,
        });
    }
    let n_violations = proofs.iter().map(|proof| proof.n_violations).sum();
    Ok(ProofReport {
        schema: REPORT_SCHEMA,
        proved: disjoint && gaps.cells.is_empty() && gaps.exhaustive && n_violations == 0,
        scenario: table.scenario().to_owned(),
        layout: layout.hash().to_owned(),
        checksum: table.checksum().to_owned(),
        n_rules: table.rules().len(),
        constraints: proofs,
        n_overlaps,
        overlaps,
        gaps: gaps
            .cells
            .into_iter()
            .map(|gap| Region::new(layout, gap))
            .collect(),
        gaps_exhaustive: gaps.exhaustive,
        uncovered_share,
        default_action: table.action_name(table.default_action()).to_owned(),
        private_default: false,
        n_violations,
        violations,
        unreachable: unreachable(table),
        min_support,
        thin: thin(table, min_support),
        unknown_values,
    })
}

/// All pairs of rules that overlap, counted, and the first [`MAX_LISTED`] of them named.
fn find_overlaps(table: &DecisionTable) -> (u64, Vec<Overlap>) {
    let mut n_overlaps = 0;
    let mut overlaps = Vec::new();
    for (idx, a) in table.rules().iter().enumerate() {
        for b in table.rules()[idx + 1..]
            .iter()
            .filter(|b| a.when.overlaps(&b.when))
        {
            n_overlaps += 1;
            if overlaps.len() == MAX_LISTED {
                continue;
            }
            if let Some(region) = a.when.intersect(&b.when) {
                overlaps.push(Overlap {
                    rules: [a, b].map(|rule| rule.id.clone()),
                    actions: [a, b].map(|rule| table.action_name(rule.action).to_owned()),
                    region: Region::new(table.layout(), region),
                });
            }
        }
    }
    (n_overlaps, overlaps)
}

/// Where a constraint forbids; an empty cell when its conditions exclude each other.
fn constraint_cell(table: &DecisionTable, constraint: &Constraint) -> Result<Cell, TableError> {
    let layout = table.layout();
    let place = || format!("constraint '{}'", shorten(&constraint.name));
    let n_actions = layout.actions().len();
    if n_actions < 64 && constraint.forbidden >> n_actions != 0 {
        let found = format!("forbidden actions {:#b}", constraint.forbidden);
        return Err(TableError::invalid(
            place(),
            found,
            format!("only the {n_actions} actions of the table"),
        ));
    }
    let mut cell = layout.any();
    for &(feature_idx, mask) in &constraint.when {
        let Some(feature) = layout.features().get(feature_idx) else {
            let expected = format!("below {}", layout.features().len());
            return Err(TableError::invalid(
                place(),
                format!("feature number {feature_idx}"),
                expected,
            ));
        };
        if mask & !feature.full_mask() != 0 {
            let expected = format!(
                "no level beyond the {} of '{}'",
                feature.levels.len(),
                feature.name
            );
            return Err(TableError::invalid(
                place(),
                format!("level mask {mask:#b}"),
                expected,
            ));
        }
        cell = cell.with(feature_idx, cell.masks()[feature_idx] & mask);
    }
    Ok(cell)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::testing::{SplitMix, cases, observations, random_table};
    use crate::{Provenance, Rule};

    fn rebuild(table: &DecisionTable, rules: Vec<Rule>) -> DecisionTable {
        let layout = table.layout().clone();
        DecisionTable::new(
            "broken",
            layout,
            rules,
            table.default_action(),
            Provenance::new(),
        )
        .unwrap()
    }

    fn random_cell(table: &DecisionTable, rng: &mut SplitMix) -> Cell {
        let mask = |&full: &u16| match full & rng.next_u64() as u16 {
            0 => full,
            mask => mask,
        };
        Cell::new(table.layout().any().masks().iter().map(mask).collect())
    }

    fn random_constraint(table: &DecisionTable, rng: &mut SplitMix) -> Constraint {
        let cell = random_cell(table, rng);
        let when = cell
            .masks()
            .iter()
            .copied()
            .enumerate()
            .filter(|_| rng.below(2) == 0)
            .collect();
        Constraint {
            name: format!("c{}", rng.below(1000)),
            when,
            forbidden: rng.next_u64() & ((1 << 14) - 1),
        }
    }

    /// Compares a report with the enumeration of all observations: states with no rule, with
    /// several, and with an action that is forbidden.
    fn agrees_with_enumeration(table: &DecisionTable, constraints: &[Constraint]) -> ProofReport {
        let report = verify(table, constraints).unwrap();
        assert!(report.gaps_exhaustive);
        let holds = |cell: &Cell, codes: &[u8]| cell.contains(codes);
        let (mut n_uncovered, mut n_states) = (0, 0);
        let mut pairs = BTreeSet::new();
        for codes in observations(table.layout()) {
            n_states += 1;
            let fired: Vec<&Rule> = table
                .rules()
                .iter()
                .filter(|rule| holds(&rule.when, &codes))
                .collect();
            let n_gaps = report
                .gaps
                .iter()
                .filter(|gap| holds(&gap.cell, &codes))
                .count();
            assert_eq!(n_gaps, usize::from(fired.is_empty()), "gaps at {codes:?}");
            n_uncovered += n_gaps;
            for (idx, a) in fired.iter().enumerate() {
                for b in &fired[idx + 1..] {
                    pairs.insert([a.id.clone(), b.id.clone()]);
                    let named = |overlap: &&Overlap| overlap.rules == [a.id.clone(), b.id.clone()];
                    assert!(holds(
                        &report.overlaps.iter().find(named).unwrap().region.cell,
                        &codes
                    ));
                }
            }
            for constraint in constraints {
                let applies = constraint
                    .when
                    .iter()
                    .all(|&(idx, mask)| mask >> codes[idx] & 1 == 1);
                let mut broken: BTreeSet<Option<String>> = BTreeSet::new();
                let forbidden = |action: u8| applies && constraint.forbidden >> action & 1 == 1;
                broken.extend(
                    fired
                        .iter()
                        .filter(|rule| forbidden(rule.action))
                        .map(|rule| Some(rule.id.clone())),
                );
                if fired.is_empty() && forbidden(table.default_action()) {
                    broken.insert(None);
                }
                let reported: BTreeSet<Option<String>> = report
                    .violations
                    .iter()
                    .filter(|v| v.constraint == constraint.name && holds(&v.region.cell, &codes))
                    .map(|violation| violation.rule.clone())
                    .collect();
                assert_eq!(reported, broken, "{} at {codes:?}", constraint.name);
            }
        }
        assert_eq!(
            report
                .overlaps
                .iter()
                .map(|overlap| overlap.rules.clone())
                .collect::<BTreeSet<_>>(),
            pairs
        );
        assert_eq!(report.n_overlaps, pairs.len() as u64);
        let share = f64::from(n_uncovered as u32) / f64::from(n_states);
        assert!((report.uncovered_share.unwrap() - share).abs() < 1e-12);
        report
    }

    proptest! {
        #![proptest_config(cases(48))]

        #[test]
        fn a_sound_table_is_proved(seed: u64, n_rules in 1..60usize, n_features in 1..5usize) {
            let table = random_table(seed, n_rules, n_features);
            prop_assert!(agrees_with_enumeration(&table, &[]).ok());
        }

        #[test]
        fn a_deleted_rule_is_exactly_the_gap_reported(
            seed: u64, n_rules in 2..60usize, n_features in 1..5usize
        ) {
            let table = random_table(seed, n_rules, n_features);
            let mut rules = table.rules().to_vec();
            let deleted = rules.remove(SplitMix(seed).below(rules.len()));
            let report = agrees_with_enumeration(&rebuild(&table, rules), &[]);
            prop_assert_eq!(report.n_overlaps, 0);
            prop_assert!(report.gaps.iter().all(|gap| deleted.when.covers(&gap.cell)));
            prop_assert!(!report.ok());
        }

        #[test]
        fn a_widened_cell_is_exactly_the_overlap_reported(
            seed: u64, n_rules in 2..60usize, n_features in 1..5usize
        ) {
            let table = random_table(seed, n_rules, n_features);
            let mut rules = table.rules().to_vec();
            let idx = SplitMix(seed).below(rules.len());
            let masks = rules[idx].when.masks().to_vec();
            let full = table.layout().any();
            let feature_idx = (0..masks.len()).find(|&f| masks[f] != full.masks()[f]).unwrap();
            rules[idx].when = rules[idx].when.with(feature_idx, full.masks()[feature_idx]);
            let report = agrees_with_enumeration(&rebuild(&table, rules.clone()), &[]);
            prop_assert!(report.gaps.is_empty() && report.n_overlaps > 0);
            prop_assert!(report.overlaps.iter().all(|overlap| overlap.rules.contains(&rules[idx].id)));
        }

        #[test]
        fn a_swapped_action_breaks_exactly_its_cell(
            seed: u64, n_rules in 1..60usize, n_features in 1..5usize
        ) {
            let table = random_table(seed, n_rules, n_features);
            let mut rules = table.rules().to_vec();
            for rule in &mut rules {
                rule.action %= 13;
            }
            let constraint = Constraint { name: "never_13".into(), when: vec![], forbidden: 1 << 13 };
            let constraints = std::slice::from_ref(&constraint);
            prop_assert!(agrees_with_enumeration(&rebuild(&table, rules.clone()), constraints).ok());
            let idx = SplitMix(seed).below(rules.len());
            rules[idx].action = 13;
            let report = agrees_with_enumeration(&rebuild(&table, rules.clone()), constraints);
            prop_assert_eq!(report.violations.len(), 1);
            prop_assert_eq!(report.violations[0].rule.as_ref(), Some(&rules[idx].id));
            prop_assert_eq!(&report.violations[0].region.cell, &rules[idx].when);
        }

        #[test]
        fn arbitrary_rules_and_constraints_agree_with_enumeration(
            seed: u64, n_rules in 0..12usize, n_features in 1..5usize
        ) {
            let base = random_table(seed, 1, n_features);
            let mut rng = SplitMix(seed);
            let rules = (0..n_rules).map(|idx| {
                let cell = random_cell(&base, &mut rng);
                Rule::new(format!("r{idx}"), cell, rng.below(14) as u8)
            });
            let table = rebuild(&base, rules.collect());
            let mut constraints: Vec<Constraint> =
                (0..4).map(|_| random_constraint(&base, &mut rng)).collect();
            constraints.dedup_by(|a, b| a.name == b.name);
            agrees_with_enumeration(&table, &constraints);
        }
    }

    #[test]
    fn a_constraint_about_another_layout_is_refused() {
        let table = random_table(1, 10, 3);
        let check = |when: Vec<(usize, u16)>, forbidden| {
            verify(
                &table,
                &[Constraint {
                    name: "c".into(),
                    when,
                    forbidden,
                }],
            )
        };
        assert!(check(vec![(0, 1)], 1).is_ok());
        assert!(
            check(vec![(3, 1)], 1)
                .unwrap_err()
                .to_string()
                .contains("feature number 3, expected below 3")
        );
        assert!(check(vec![(0, 1 << 15)], 1).is_err());
        assert!(check(vec![], 1 << 14).is_err());
    }

    #[test]
    fn conditions_that_exclude_each_other_forbid_nothing() {
        let table = random_table(1, 10, 3);
        let never = Constraint {
            name: "never".into(),
            when: vec![(0, 0b01), (0, 0b10)],
            forbidden: (1 << 14) - 1,
        };
        assert!(verify(&table, &[never]).unwrap().ok());
    }
}
