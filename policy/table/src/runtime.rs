//! The runtime: from level codes, or from names, to an action and the rule that chose it.
//!
//! For every (feature, level) there is a set of the rules that allow it, as bits; a decision
//! intersects the sets of the levels observed and takes the lowest bit left. Nothing is allocated
//! and nothing branches on the data.

use crate::error::{DecideError, TableError, shorten};
use crate::layout::{Feature, Layout, MAX_FEATURES};
use crate::table::{DecisionTable, Rule};

/// What a table says about one observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Index of the action to take.
    pub action: u8,
    /// Index of the rule that fired; `None` when none did and the default action is taken.
    pub rule: Option<u32>,
}

/// A set of 256 rules; wide enough that a usual table needs one, and a compiler turns it into
/// vector registers.
type Block = [u64; 4];
const BLOCK_BITS: usize = 256;

/// One feature that some rule tests.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    feature_idx: u8,
    n_levels: u8,
    /// First of its `n_levels + 1` rows; the last row is empty and serves codes that no level has.
    first_row: u32,
}

/// The rules as bit sets per (feature, level).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Index {
    columns: Vec<Column>,
    /// `n_blocks` blocks for each row.
    rows: Vec<Block>,
    /// All rules.
    all: Vec<Block>,
    actions: Vec<u8>,
    n_features: usize,
}

impl Index {
    pub(crate) fn new(layout: &Layout, rules: &[Rule]) -> Self {
        let n_blocks = rules.len().div_ceil(BLOCK_BITS);
        let mut index = Self {
            columns: Vec::new(),
            rows: Vec::new(),
            all: vec![[0; 4]; n_blocks],
            actions: rules.iter().map(|rule| rule.action).collect(),
            n_features: layout.features().len(),
        };
        for rule_idx in 0..rules.len() {
            set_bit(&mut index.all, rule_idx);
        }
        for (feature_idx, feature) in layout.features().iter().enumerate() {
            if rules
                .iter()
                .all(|rule| rule.when.masks()[feature_idx] == feature.full_mask())
            {
                continue;
            }
            let n_levels = feature.levels.len();
            let first_row = index.rows.len() / n_blocks;
            index.columns.push(Column {
                feature_idx: feature_idx as u8,
                n_levels: n_levels as u8,
                first_row: first_row as u32,
            });
            for level in 0..n_levels {
                let mut row = vec![[0; 4]; n_blocks];
                for (rule_idx, rule) in rules.iter().enumerate() {
                    if rule.when.masks()[feature_idx] >> level & 1 == 1 {
                        set_bit(&mut row, rule_idx);
                    }
                }
                index.rows.append(&mut row);
            }
            index.rows.resize(index.rows.len() + n_blocks, [0; 4]);
        }
        index
    }

    /// The first rule that holds `codes`.
    #[inline]
    fn first_match(&self, codes: &[u8]) -> Option<u32> {
        if codes.len() != self.n_features {
            return None;
        }
        let n_blocks = self.all.len();
        for (block_idx, all) in self.all.iter().enumerate() {
            let mut hits = *all;
            for column in &self.columns {
                let level = codes[usize::from(column.feature_idx)].min(column.n_levels);
                let row = column.first_row as usize + usize::from(level);
                let allowed = &self.rows[row * n_blocks + block_idx];
                // Written out, since a closure may end in another codegen unit and cost a call per
                // word.
                hits[0] &= allowed[0];
                hits[1] &= allowed[1];
                hits[2] &= allowed[2];
                hits[3] &= allowed[3];
            }
            if hits != [0; 4] {
                let bit = lowest_bit(&hits);
                return Some((block_idx * BLOCK_BITS + bit) as u32);
            }
        }
        None
    }
}

/// The lowest bit of a block that is not empty. The word is found by counting, not by branching:
/// which rule fires is as good as random, so a processor would guess wrongly at every other
/// decision.
fn lowest_bit(hits: &Block) -> usize {
    let low_empty = hits[0] | hits[1] == 0;
    let word_idx = 2 * usize::from(low_empty) + usize::from(hits[2 * usize::from(low_empty)] == 0);
    word_idx * 64 + hits[word_idx].trailing_zeros() as usize
}

fn set_bit(blocks: &mut [Block], rule_idx: usize) {
    let bit = rule_idx % BLOCK_BITS;
    blocks[rule_idx / BLOCK_BITS][bit / 64] |= 1 << (bit % 64);
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
            self.index.actions[rule_idx as usize]
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
        let mut given = 0u64;
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
        self.index
            .columns
            .iter()
            .map(|column| usize::from(column.feature_idx))
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
    use crate::{Cell, Provenance};

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
