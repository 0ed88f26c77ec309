//! The decision table: rules over cells of a layout, checked once when built and immutable after.

use crate::table::check::{check_action, check_provenance, check_rules, check_size};
use crate::table::document;
use crate::table::error::TableError;
use crate::table::index::Index;
use crate::table::layout::Layout;
use crate::table::name::check_name;
use crate::table::rule::{Provenance, Rule};
use crate::table::traffic::Traffic;

/// A policy as a list of rules over named features.
///
/// Where several rules apply the first decides, and where none applies the default action is taken;
/// in a table that [`verify`](crate::verify) passes, exactly one applies everywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct DecisionTable {
    scenario: String,
    layout: Layout,
    rules: Vec<Rule>,
    default_action: u8,
    traffic: Option<Traffic>,
    provenance: Provenance,
    checksum: String,
    pub(crate) index: Index,
}

impl DecisionTable {
    /// Checks every invariant and prepares the runtime.
    ///
    /// Rule ids are unique names; each cell has one non-empty mask per feature, within its levels;
    /// actions exist; fidelities lie in `[0, 1]`; there are at most [`MAX_RULES`](crate::MAX_RULES) rules and
    /// [`MAX_CONTENT_BYTES`](crate::MAX_CONTENT_BYTES) of content. Overlaps and gaps are *not* errors here:
    /// [`verify`](crate::verify) finds them.
    ///
    /// # Errors
    /// [`TableError::Invalid`] naming the place.
    pub fn new(
        scenario: impl Into<String>,
        layout: Layout,
        rules: Vec<Rule>,
        default_action: u8,
        provenance: Provenance,
    ) -> Result<Self, TableError> {
        let scenario = scenario.into();
        Self::unsealed(scenario, layout, rules, default_action, None, provenance)?.seal()
    }

    /// The same table with the traffic that its rules were made on.
    ///
    /// # Errors
    /// [`TableError::Invalid`] if it was counted for another layout, or makes the table too large.
    pub fn with_traffic(mut self, traffic: Traffic) -> Result<Self, TableError> {
        traffic.check(&self.layout)?;
        self.traffic = Some(traffic);
        self.seal()
    }

    /// The same table with another account of where it comes from.
    ///
    /// # Errors
    /// [`TableError::Invalid`] if it is nested too deeply, or makes the table too large.
    pub fn with_provenance(mut self, provenance: Provenance) -> Result<Self, TableError> {
        check_provenance(&provenance)?;
        self.provenance = provenance;
        self.seal()
    }

    /// The same table with other rules.
    ///
    /// # Errors
    /// As [`DecisionTable::new`].
    pub fn with_rules(&self, rules: Vec<Rule>) -> Result<Self, TableError> {
        let copy = self.clone();
        Self::unsealed(
            copy.scenario,
            copy.layout,
            rules,
            copy.default_action,
            copy.traffic,
            copy.provenance,
        )?
        .seal()
    }

    /// Sets the checksum of the content.
    pub(crate) fn seal(self) -> Result<Self, TableError> {
        check_size(document::n_condition_bytes(&self.layout, &self.rules))?;
        let (checksum, n_bytes) = document::seal(&self)?;
        check_size(n_bytes)?;
        Ok(self.sealed(checksum))
    }

    /// Sets the checksum where it is known already, of content whose size was checked.
    pub(crate) fn sealed(mut self, checksum: String) -> Self {
        self.checksum = checksum;
        self
    }

    /// A table whose checksum is still to be set, by [`DecisionTable::seal`] or
    /// [`DecisionTable::sealed`].
    pub(crate) fn unsealed(
        scenario: String,
        layout: Layout,
        rules: Vec<Rule>,
        default_action: u8,
        traffic: Option<Traffic>,
        provenance: Provenance,
    ) -> Result<Self, TableError> {
        check_name("scenario", &scenario, "")?;
        check_rules(&layout, &rules)?;
        check_action("default action", default_action, &layout)?;
        check_provenance(&provenance)?;
        if let Some(traffic) = &traffic {
            traffic.check(&layout)?;
        }
        let index = Index::new(&layout, &rules);
        let checksum = String::new();
        Ok(Self {
            scenario,
            layout,
            rules,
            default_action,
            traffic,
            provenance,
            checksum,
            index,
        })
    }

    /// The scenario that the policy was trained on.
    #[must_use]
    pub fn scenario(&self) -> &str {
        &self.scenario
    }

    /// Features and actions.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The rules, in order of precedence.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Index of the action taken where no rule applies.
    #[must_use]
    pub fn default_action(&self) -> u8 {
        self.default_action
    }

    /// What was observed when the rules were made, if that was kept.
    #[must_use]
    pub fn traffic(&self) -> Option<&Traffic> {
        self.traffic.as_ref()
    }

    /// Where the table comes from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// SHA-256 over the canonical content, 64 hex digits; equal checksums, equal tables.
    #[must_use]
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// The name of an action of this table.
    ///
    /// # Panics
    /// If the table has no such action; those in its decisions and rules exist.
    #[must_use]
    pub fn action_name(&self, action: u8) -> &str {
        &self.layout.actions()[usize::from(action)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::cell::Cell;
    use crate::table::layout::Feature;

    fn layout() -> Layout {
        let features = vec![
            Feature::new("identity", &["unknown", "claimed"]),
            Feature::new("turns", &["few", "many"]),
        ];
        Layout::new(features, vec!["ask".into(), "close".into()]).unwrap()
    }

    fn build(rules: Vec<Rule>, default_action: u8) -> Result<DecisionTable, TableError> {
        DecisionTable::new("mock", layout(), rules, default_action, Provenance::new())
    }

    #[test]
    fn broken_rules_are_refused_by_name() {
        let rule = |masks: &[u16], action| Rule::new("r1", Cell::new(masks.to_vec()), action);
        let check = |rule: Rule, place: &str, found: &str| {
            let error = build(vec![rule], 0).unwrap_err().to_string();
            assert!(error.starts_with(place) && error.contains(found), "{error}");
        };
        check(
            rule(&[0b11, 0], 0),
            "rule 'r1', feature 'turns'",
            "level mask 0b0",
        );
        check(
            rule(&[0b100, 1], 0),
            "rule 'r1', feature 'identity'",
            "0b100",
        );
        check(rule(&[1], 0), "rule 'r1'", "1 level masks");
        check(rule(&[1, 1], 2), "rule 'r1'", "action number 2");
        check(
            Rule {
                fidelity: Some(f64::NAN),
                ..rule(&[1, 1], 0)
            },
            "rule 'r1'",
            "fidelity NaN",
        );
        check(
            Rule {
                id: String::new(),
                ..rule(&[1, 1], 0)
            },
            "rule 1, id",
            "''",
        );
        assert!(build(vec![], 2).is_err());
    }

    #[test]
    fn two_rules_may_overlap_but_not_share_an_id() {
        let rule = |id: &str| Rule::new(id, layout().any(), 0);
        assert!(build(vec![rule("a"), rule("b")], 0).is_ok());
        assert!(
            build(vec![rule("a"), rule("a")], 0)
                .unwrap_err()
                .to_string()
                .contains("the same id twice")
        );
    }

    #[test]
    fn provenance_too_deep_to_read_back_is_refused() {
        let mut value = serde_json::Value::Null;
        for _ in 0..17 {
            value = serde_json::json!([value]);
        }
        let provenance = Provenance::from([("metrics".to_owned(), value)]);
        assert!(DecisionTable::new("mock", layout(), vec![], 0, provenance).is_err());
    }

    #[test]
    fn the_checksum_sees_every_part_of_the_content() {
        let rule = Rule::new("a", layout().any(), 0);
        let base = build(vec![rule.clone()], 0).unwrap();
        let others = [
            build(
                vec![Rule {
                    support: 1,
                    ..rule.clone()
                }],
                0,
            )
            .unwrap(),
            build(
                vec![Rule {
                    fidelity: Some(1.0),
                    ..rule.clone()
                }],
                0,
            )
            .unwrap(),
            build(
                vec![Rule {
                    action: 1,
                    ..rule.clone()
                }],
                0,
            )
            .unwrap(),
            build(vec![rule.clone()], 1).unwrap(),
            DecisionTable::new("other", layout(), vec![rule], 0, Provenance::new()).unwrap(),
        ];
        for other in others {
            assert_ne!(base.checksum(), other.checksum());
        }
    }
}
