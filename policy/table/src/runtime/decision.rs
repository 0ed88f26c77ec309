//! The runtime: from level codes, or from names, to an action and the rule that chose it.

use crate::table::{
    DecideError, DecisionTable, Feature, Layout, MAX_FEATURES, TableError, shorten,
};

/// What a table says about one observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Index of the action to take.
    pub action: u8,
    /// Index of the rule that fired; `None` when none did and the default action is taken.
    pub rule: Option<u32>,
}

impl DecisionTable {
    /// The decision for an observation given as one level code per feature, in layout order.
    ///
    /// Never fails and never allocates. An observation of another length, or with a code that a
    /// tested feature does not have, matches no rule and gets the default action.
    #[must_use]
    #[inline]
    pub fn decide(&self, codes: &[u8]) -> Decision {
        let rule = self.index.first_match(codes);
        let action = rule.map_or(self.default_action(), |rule_idx| {
            self.index.action(rule_idx)
        });
        Decision { action, rule }
    }

    /// The decision for an observation given as `(feature, level)` names, in any order.
    ///
    /// Features that no rule tests may be left out, since they cannot change the answer. Allocates
    /// only to build an error.
    ///
    /// # Errors [`DecideError`] naming unknown, repeated and missing features and unknown levels,
    /// with what is allowed.
    pub fn decide_named(&self, named: &[(&str, &str)]) -> Result<Decision, DecideError> {
        let features = self.layout().features();
        let mut codes = [0; MAX_FEATURES];
        let mut given = 0u128;
        // Callers mostly give names in layout order, so the search starts where the last one ended.
        let mut next_idx = 0;
        for &(name, level) in named {
            let feature_idx = (next_idx..features.len())
                .chain(0..next_idx)
                .find(|&idx| features[idx].name == name)
                .ok_or_else(|| DecideError::UnknownFeature {
                    found: shorten(name),
                    allowed: self.layout().feature_names(),
                })?;
            let feature = &features[feature_idx];
            if given >> feature_idx & 1 == 1 {
                return Err(DecideError::Repeated {
                    feature: feature.name.clone(),
                });
            }
            given |= 1 << feature_idx;
            codes[feature_idx] = feature
                .code(level)
                .ok_or_else(|| DecideError::UnknownLevel {
                    feature: feature.name.clone(),
                    found: shorten(level),
                    allowed: feature.levels.join(", "),
                })?;
            next_idx = feature_idx + 1;
        }
        let mut missing = self
            .tested_features()
            .filter(|&idx| given >> idx & 1 == 0)
            .peekable();
        if missing.peek().is_some() {
            let names: Vec<&str> = missing.map(|idx| features[idx].name.as_str()).collect();
            return Err(DecideError::Missing {
                features: names.join(", "),
            });
        }
        Ok(self.decide(&codes[..features.len()]))
    }

    /// Refuses to serve anything but the scenario and layout that the table was built for.
    ///
    /// # Errors
    /// [`TableError::Scenario`] or [`TableError::Layout`], naming both sides.
    pub fn check_built_for(&self, scenario: &str, layout: &Layout) -> Result<(), TableError> {
        if self.scenario() != scenario {
            return Err(TableError::Scenario {
                found: self.scenario().to_owned(),
                expected: shorten(scenario),
            });
        }
        self.layout().check_same(layout)
    }

    /// The features that at least one rule tests, by index, ascending.
    pub fn tested_features(&self) -> impl Iterator<Item = usize> {
        self.index.tested_features()
    }

    /// [`DecisionTable::tested_features`], with their names and levels.
    pub(crate) fn tested(&self) -> impl Iterator<Item = (usize, &Feature)> {
        self.tested_features()
            .map(|idx| (idx, &self.layout().features()[idx]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{observations, random_table};
    use crate::{Cell, Provenance, Rule};

    #[test]
    fn the_runtime_agrees_with_a_scan_of_the_rules_everywhere() {
        for (seed, n_rules) in [(1, 1), (2, 7), (3, 70), (4, 400)] {
            let table = random_table(seed, n_rules, 5);
            for codes in observations(table.layout()) {
                let decision = table.decide(&codes);
                let scan = table
                    .rules()
                    .iter()
                    .position(|rule| rule.when.contains(&codes));
                assert_eq!(decision.rule, scan.map(|idx| idx as u32));
                assert_eq!(
                    decision.action,
                    scan.map_or(table.default_action(), |idx| table.rules()[idx].action)
                );
            }
        }
    }

    #[test]
    fn names_and_codes_lead_to_the_same_decision_in_any_order() {
        let table = random_table(5, 20, 4);
        for codes in observations(table.layout()) {
            let mut named: Vec<(&str, &str)> = table
                .layout()
                .features()
                .iter()
                .zip(&codes)
                .map(|(feature, &code)| {
                    (
                        feature.name.as_str(),
                        feature.levels[usize::from(code)].as_str(),
                    )
                })
                .collect();
            assert_eq!(table.decide_named(&named).unwrap(), table.decide(&codes));
            named.reverse();
            assert_eq!(table.decide_named(&named).unwrap(), table.decide(&codes));
        }
    }

    #[test]
    fn another_scenario_or_layout_is_refused_and_both_are_named() {
        let table = random_table(6, 20, 4);
        assert_eq!(table.check_built_for("random", table.layout()), Ok(()));
        let error = table
            .check_built_for("renewal", table.layout())
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the table is for scenario 'random', expected 'renewal'")
        );
        let other = random_table(7, 20, 4);
        let error = table
            .check_built_for("random", other.layout())
            .unwrap_err()
            .to_string();
        let (found, expected) = (table.layout().hash(), other.layout().hash());
        assert!(error.contains(found) && error.contains(expected), "{error}");
    }

    #[test]
    fn an_observation_that_is_none_gets_the_default_action() {
        let table = random_table(6, 20, 4);
        let default = Decision {
            action: table.default_action(),
            rule: None,
        };
        for codes in [&[][..], &[0; 3], &[0; 5], &[255; 4], &[16; 4]] {
            assert_eq!(table.decide(codes), default, "{codes:?}");
        }
    }

    #[test]
    fn the_first_of_several_rules_decides_and_none_means_default() {
        let layout = random_table(7, 1, 2).layout().clone();
        let rule = |id: &str, action| Rule::new(id, layout.any(), action);
        let table = DecisionTable::new(
            "mock",
            layout.clone(),
            vec![rule("a", 2), rule("b", 1)],
            0,
            Provenance::new(),
        )
        .unwrap();
        assert_eq!(
            table.decide(&[0, 0]),
            Decision {
                action: 2,
                rule: Some(0)
            }
        );
        let empty = DecisionTable::new("mock", layout, vec![], 3, Provenance::new()).unwrap();
        assert_eq!(
            empty.decide(&[0, 0]),
            Decision {
                action: 3,
                rule: None
            }
        );
    }

    #[test]
    fn wrong_names_are_answered_with_the_right_ones() {
        let layout = Layout::new(
            vec![
                Feature::new("identity", &["unknown", "claimed"]),
                Feature::new("mood", &["good", "bad"]),
            ],
            vec!["ask".into(), "close".into()],
        )
        .unwrap();
        let rules = [0, 1].map(|level| {
            Rule::new(
                format!("r{level}"),
                Cell::new(vec![1 << level, 0b11]),
                level as u8,
            )
        });
        let table =
            DecisionTable::new("mock", layout, rules.to_vec(), 0, Provenance::new()).unwrap();
        let error = |named: &[(&str, &str)]| table.decide_named(named).unwrap_err().to_string();
        assert_eq!(
            error(&[("mood", "good")]),
            "missing features: identity; give a level for each"
        );
        assert_eq!(
            error(&[("identity", "sure")]),
            "feature 'identity' has no level 'sure', expected one of unknown, claimed"
        );
        assert_eq!(
            error(&[("id", "claimed")]),
            "unknown feature 'id', expected one of identity, mood"
        );
        assert!(error(&[("mood", "bad"), ("mood", "bad")]).contains("given twice"));
        assert_eq!(
            table
                .decide_named(&[("identity", "claimed")])
                .unwrap()
                .action,
            1
        );
    }
}
