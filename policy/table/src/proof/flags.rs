//! What a proof flags without failing: rules that never fire and rules hardly ever visited.

use crate::proof::gap::is_covered;
use crate::proof::proof_report::ThinRule;
use crate::table::{Cell, DecisionTable};

/// Rules with fewer than `min_support` visits.
pub(crate) fn thin(table: &DecisionTable, min_support: u64) -> Vec<ThinRule> {
    let thin = table
        .rules()
        .iter()
        .filter(|rule| rule.support < min_support);
    thin.map(|rule| ThinRule {
        rule: rule.id.clone(),
        support: rule.support,
    })
    .collect()
}

/// The ids of rules whose cells earlier rules cover between them.
pub(crate) fn unreachable(table: &DecisionTable) -> Vec<String> {
    let rules = table.rules();
    let unreachable = (0..rules.len()).filter(|&idx| {
        let when = &rules[idx].when;
        let earlier = rules[..idx].iter().map(|rule| &rule.when);
        let earlier: Vec<&Cell> = earlier.filter(|cell| cell.overlaps(when)).collect();
        !earlier.is_empty() && is_covered(when, &earlier)
    });
    unreachable.map(|idx| rules[idx].id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use crate::testing::random_table;
    use crate::{Cell, Constraint, DecisionTable, Provenance, Rule, verify};

    fn rebuild(table: &DecisionTable, rules: Vec<Rule>) -> DecisionTable {
        let layout = table.layout().clone();
        DecisionTable::new("broken", layout, rules, 0, Provenance::new()).unwrap()
    }

    #[test]
    fn rules_that_others_cover_and_rules_hardly_visited_are_flagged() {
        let base = random_table(1, 1, 3);
        let any = base.layout().any();
        let rule = |id: &str, when: Cell, support| Rule {
            support,
            ..Rule::new(id, when, 0)
        };
        let full = any.masks()[0];
        let rules = vec![
            rule("low", any.with(0, 1), 29),
            rule("high", any.with(0, full & !1), 30),
            rule("never", any.with(1, 1), 31),
        ];
        let report = verify(&rebuild(&base, rules.clone()), &[]).unwrap();
        assert_eq!(report.unreachable, ["never"]);
        assert_eq!(report.thin.len(), 1);
        assert_eq!(
            (report.thin[0].rule.as_str(), report.thin[0].support),
            ("low", 29)
        );
        let reachable = verify(&rebuild(&base, rules[..2].to_vec()), &[]).unwrap();
        assert!(reachable.ok() && reachable.unreachable.is_empty());
    }

    #[test]
    fn a_default_action_that_is_forbidden_somewhere_is_flagged_for_unknown_values() {
        let table = random_table(1, 10, 3);
        let constraint = Constraint {
            name: "not_yet".into(),
            when: vec![(1, 1)],
            forbidden: 1 << table.default_action(),
        };
        let report = verify(&table, &[constraint]).unwrap();
        assert_eq!(report.unknown_values.len(), 1);
        assert_eq!(
            report.unknown_values[0].region.cell,
            table.layout().any().with(1, 1)
        );
    }
}
