//! Tables grown on made-up teachers.

use std::collections::BTreeMap;

use offhook_env::policy::{Observation, Policy, RandomPolicy};
use offhook_table::{DecisionTable, Feature, verify};

use super::*;
use crate::dataset::Dataset;
use crate::testing::{layout, observations};

fn forbid(name: &str, when: &[(usize, u16)], forbidden: u64) -> Constraint {
    Constraint {
        name: name.into(),
        when: when.to_vec(),
        forbidden,
    }
}

/// Regret 0 for the action that `right` names and 1 for all others.
fn regrets(codes: &[u8], layout: &Layout, right: impl Fn(&[u8]) -> usize) -> Vec<f32> {
    let row = |codes: &[u8]| {
        let best = right(codes);
        (0..layout.n_actions()).map(move |a| f32::from(u8::from(a != best)))
    };
    codes
        .chunks_exact(layout.n_features())
        .flat_map(row)
        .collect()
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
    let growth = Growth {
        layout: &layout,
        rules: &[],
        masks: &[],
        max_rules: 20,
    };
    let tree = growth
        .grow(&codes, &regrets(&codes, &layout, right))
        .expect("nothing is forbidden");
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
        let growth = Growth {
            layout: &layout,
            rules,
            masks,
            max_rules: 25,
        };
        let tree = growth
            .grow(
                &codes,
                &regrets(&codes, &layout, |c| usize::from(c[0] + c[2]) % 6),
            )
            .expect("action 0 is always left");
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
    let growth = Growth {
        layout: &layout,
        rules: &rules,
        masks: &[],
        max_rules: 9,
    };
    assert!(growth.grow(&[0, 0], &[0.0, 0.0]).is_none());
}
