//! Tables grown on made-up teachers.

use std::collections::BTreeMap;

use offhook_env::action::ActionMask;
use offhook_env::belief::layout::Layout;
use offhook_env::policy::{Observation, Policy, RandomPolicy};
use offhook_table::{DecisionTable, Feature, verify};

use super::*;
use crate::data::dataset::Dataset;
use crate::distill::merge::merge;
use crate::distill::terms::Criterion;
use crate::testing::{layout, observations};

fn forbid(name: &str, when: &[(usize, u16)], forbidden: u64) -> Constraint {
    Constraint {
        name: name.into(),
        when: when.to_vec(),
        forbidden,
    }
}

/// Cost 0 for the action that `right` names and 1 for all others.
fn rows(codes: &[u8], layout: &Layout, right: impl Fn(&[u8]) -> usize) -> Rows {
    let row = |codes: &[u8]| {
        let best = right(codes);
        (0..layout.n_actions()).map(move |a| f32::from(u8::from(a != best)))
    };
    let each = codes.chunks_exact(layout.n_features());
    Rows {
        codes: codes.to_vec(),
        costs: each.clone().flat_map(row).collect(),
        calls: (0..each.len() as u32).collect(),
    }
}

fn terms<'a>(layout: &'a Layout, rules: &'a [Constraint], masks: &'a [Constraint]) -> Terms<'a> {
    Terms {
        layout,
        rules,
        masks,
        guards: Guards::Needed,
        criterion: Criterion::Cost,
        max_leaves: 25,
    }
}

#[test]
fn a_rule_of_two_features_is_found_exactly() {
    let layout = layout(&[4, 3, 5], 4);
    let (codes, _) = observations(&layout, 400, 1);
    let right = |codes: &[u8]| {
        if codes[2] & 1 == 1 {
            1
        } else {
            usize::from(codes[0] > 1) * 3
        }
    };
    let rows = rows(&codes, &layout, right);
    let terms = terms(&layout, &[], &[]);
    let tree = grow(&terms, &rows).expect("nothing is forbidden");
    let tree = merge(&terms, tree, &rows, 20);
    assert_eq!(tree.n_rules(), 3);
    for row in codes.chunks_exact(3) {
        let seen = Observation {
            codes: row,
            mask: ActionMask::all(4),
        };
        assert_eq!(tree.best(seen, 4) as usize, right(row), "{row:?}");
    }
}

#[test]
fn every_tree_is_a_proved_table_whatever_the_constraints() {
    let layout = layout(&[4, 3, 5, 2], 6);
    for seed in 0..30 {
        let (codes, _) = observations(&layout, 60, seed);
        let draw = |k: u64| offhook_env::rng::mix(seed * 100 + k);
        // Action 0 is always left, so that the constraints never contradict each other.
        let constraint = |k: u64| {
            let (a, b) = (draw(k) as usize % 4, draw(k + 20) as usize % 4);
            let levels = |f: usize, bits: u64| {
                let full = (1u16 << layout.features[f].levels.len()) - 1;
                (bits as u16 & full).max(1)
            };
            let mut when = vec![(a, levels(a, draw(k + 40)))];
            if b != a {
                when.push((b, levels(b, draw(k + 60))));
            }
            forbid(&format!("c{k}"), &when, draw(k + 80) & 0b11_1110)
        };
        let all: Vec<Constraint> = (0..8).map(constraint).collect();
        let (rules, masks) = all.split_at(3);
        let rows = rows(&codes, &layout, |c| usize::from(c[0] + c[2]) % 6);
        let mut terms = terms(&layout, rules, masks);
        if seed % 2 == 1 {
            terms.guards = Guards::Everywhere;
        }
        if seed % 3 == 1 {
            terms.criterion = Criterion::Gini;
        }
        let tree = grow(&terms, &rows).expect("action 0 is always left");
        let tree = merge(&terms, tree, &rows, 10 + seed as usize % 10);
        let visits = Dataset {
            masks: vec![ActionMask::all(6); 60],
            codes,
            ..Dataset::default()
        };
        let rules = tree.rules(&layout, &RandomPolicy, &visits);
        assert_eq!(rules.iter().map(|r| r.support).sum::<u64>(), 60);
        let features = layout.features.iter().map(|f| {
            let levels: Vec<&str> = f.levels.iter().map(String::as_str).collect();
            Feature::new(&f.name, &levels)
        });
        let names = offhook_table::Layout::new(features.collect(), layout.actions.clone())
            .expect("a layout");
        let table = DecisionTable::new("test", names, rules, 0, BTreeMap::new()).expect("a table");
        let report = verify(&table, &all).expect("the constraints fit");
        assert!(report.ok(), "seed {seed}: {report}");
    }
}

#[test]
fn constraints_that_leave_nothing_are_refused() {
    let layout = layout(&[2, 2], 2);
    let rules = [
        forbid("a", &[(0, 0b10)], 0b01),
        forbid("b", &[(1, 0b10)], 0b10),
    ];
    let found = grow(&terms(&layout, &rules, &[]), &rows(&[0, 0], &layout, |_| 0));
    assert!(found.is_none());
}

#[test]
fn an_action_that_two_conditions_forbid_is_set_free_where_it_pays() {
    let layout = layout(&[3, 3, 3], 3);
    let (codes, _) = observations(&layout, 300, 2);
    // Action 1 is right everywhere but in the corner, where it is forbidden twice.
    let masks = [
        forbid("a", &[(0, 0b001), (1, 0b001)], 0b010),
        forbid("b", &[(0, 0b001), (2, 0b001)], 0b010),
    ];
    let corner = |c: &[u8]| c[0] == 0 && (c[1] == 0 || c[2] == 0);
    let rows = rows(&codes, &layout, |c| if corner(c) { 2 } else { 1 });
    let terms = terms(&layout, &[], &masks);
    let tree = grow(&terms, &rows).expect("action 0 is always left");
    for row in codes.chunks_exact(3) {
        let seen = Observation {
            codes: row,
            mask: ActionMask::all(3),
        };
        assert_eq!(
            tree.best(seen, 3),
            if corner(row) { 2 } else { 1 },
            "{row:?}"
        );
    }
}

#[test]
fn what_is_merged_to_a_budget_costs_least() {
    let layout = layout(&[4], 4);
    // Each level wants an action of its own; the last two are rare.
    let code = |k: u8| if k < 96 { k / 2 % 2 } else { 2 + k / 2 % 2 };
    let codes: Vec<u8> = (0..100).map(code).collect();
    let rows = rows(&codes, &layout, |c| usize::from(c[0]));
    let terms = terms(&layout, &[], &[]);
    let tree = grow(&terms, &rows).expect("nothing is forbidden");
    assert_eq!(tree.n_rules(), 4);
    let tree = merge(&terms, tree, &rows, 3);
    assert_eq!(tree.n_rules(), 3);
    let act = |code| {
        let (codes, mask) = (&[code][..], ActionMask::all(4));
        tree.best(Observation { codes, mask }, 4)
    };
    assert_eq!((act(0), act(1)), (0, 1));
    // Any one of the rare two is given up.
    assert!((act(2) == 2) != (act(3) == 3));
}

#[test]
fn costs_that_are_noise_grow_no_tree() {
    let layout = layout(&[4, 4, 4, 4], 4);
    let (codes, _) = observations(&layout, 500, 3);
    let mut rows = rows(&codes, &layout, |_| 0);
    for (k, cost) in rows.costs.iter_mut().enumerate() {
        *cost = (offhook_env::rng::mix(k as u64) % 1000) as f32 / 1000.0;
    }
    let tree = grow(&terms(&layout, &[], &[]), &rows).expect("nothing is forbidden");
    assert!(tree.n_rules() < 15, "{}", tree.n_rules());
}
