//! The layout: named features with named levels, and named actions; what codes and masks refer to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::table::cell::{Cell, levels_in};
use crate::table::error::{TableError, shorten};
use crate::table::name::{check_count, check_name, check_names, hex};

/// Most features a layout may have.
pub const MAX_FEATURES: usize = 96;
/// Most levels a feature may have, so that a set of levels is one `u16`.
pub const MAX_LEVELS: usize = 16;
/// Most actions a layout may have, so that a set of actions is one `u64`.
pub const MAX_ACTIONS: usize = 64;

/// The columns of a table's CSV beside its features, which no feature may be called: four before
/// them and one after.
pub(crate) const RESERVED: [&str; 5] = ["rule", "action", "support", "fidelity", "table"];

/// One thing that a policy sees, with the values it can take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Unique in its layout, such as `identity`.
    pub name: String,
    /// 1 to [`MAX_LEVELS`] unique names; a level's code is its place in this list.
    pub levels: Vec<String>,
}

impl Feature {
    /// A feature from literals.
    #[must_use]
    pub fn new(name: &str, levels: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            levels: levels.iter().map(|&level| level.to_owned()).collect(),
        }
    }

    /// The mask with every level of this feature.
    #[must_use]
    pub fn full_mask(&self) -> u16 {
        match self.levels.len() {
            MAX_LEVELS.. => u16::MAX,
            n_levels => (1 << n_levels) - 1,
        }
    }

    /// The code of a level, if the feature has it.
    #[must_use]
    pub fn code(&self, level: &str) -> Option<u8> {
        self.levels
            .iter()
            .position(|name| name == level)
            .map(|code| code as u8)
    }
}

/// The features and actions that a table speaks of, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    features: Vec<Feature>,
    actions: Vec<String>,
    tracker: Option<String>,
    hash: String,
    /// Indices of the features, ordered by name.
    by_name: Vec<u8>,
}

impl Layout {
    /// Checks names and sizes.
    ///
    /// Names are unique within their list, have 1 to [`MAX_NAME_CHARS`](crate::MAX_NAME_CHARS)
    /// characters and neither control characters, `"`, `|`, `\`, U+FFFE, U+FFFF nor blanks at
    /// either end, since not every format could hold those; none begins as a formula does, with `=`, `+`,
    /// `-` or `@`. Features and levels have no `,`,
    /// features no `=`, so that `a=x,b=y` and `x|y` can be read back; a level is not `-`, which
    /// stands for "any".
    ///
    /// # Errors
    /// [`TableError::Invalid`] naming the place.
    pub fn new(features: Vec<Feature>, actions: Vec<String>) -> Result<Self, TableError> {
        check_count("features", features.len(), MAX_FEATURES)?;
        check_count("actions", actions.len(), MAX_ACTIONS)?;
        check_names(
            "feature",
            features.iter().map(|feature| &feature.name),
            ",=",
        )?;
        check_names("action", actions.iter(), "")?;
        for feature in &features {
            let place = format!("feature '{}'", feature.name);
            if RESERVED.contains(&feature.name.as_str()) {
                return Err(TableError::invalid(
                    place,
                    "the name of a CSV column",
                    "any other name",
                ));
            }
            check_count(
                &format!("{place}, levels"),
                feature.levels.len(),
                MAX_LEVELS,
            )?;
            check_names(&format!("{place}, level"), feature.levels.iter(), ",")?;
            if feature.code("-").is_some() {
                return Err(TableError::invalid(
                    place,
                    "level '-', which means any",
                    "another name",
                ));
            }
        }
        let hash = hash_of(&(&features, &actions));
        let mut by_name: Vec<u8> = (0..features.len() as u8).collect();
        by_name.sort_unstable_by_key(|&idx| &features[usize::from(idx)].name);
        Ok(Self {
            features,
            actions,
            tracker: None,
            hash,
            by_name,
        })
    }

    /// The same layout, whose codes come from the tracker of that name; `None` for the focus tracker.
    ///
    /// # Errors
    /// [`TableError::Invalid`] if it cannot be a name.
    pub fn with_tracker(mut self, tracker: Option<String>) -> Result<Self, TableError> {
        if let Some(tracker) = &tracker {
            check_name("tracker", tracker, "")?;
            self.hash = hash_of(&(&self.features, &self.actions, tracker));
        }
        self.tracker = tracker;
        Ok(self)
    }

    /// What tells apart the tables of the tracker that the codes come from; `None` for the focus tracker.
    #[must_use]
    pub fn tracker(&self) -> Option<&str> {
        self.tracker.as_deref()
    }

    /// The features; an observation has one code for each, in this order.
    #[must_use]
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The actions, by index.
    #[must_use]
    pub fn actions(&self) -> &[String] {
        &self.actions
    }

    /// 16 hex digits of the SHA-256 over features, actions and tracker: equal hashes, equal meaning of
    /// codes.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The place of a feature, if the layout has it.
    #[must_use]
    pub fn feature_idx(&self, name: &str) -> Option<usize> {
        self.features
            .iter()
            .position(|feature| feature.name == name)
    }

    /// The index of an action, if the layout has it.
    #[must_use]
    pub fn action_idx(&self, name: &str) -> Option<u8> {
        self.actions
            .iter()
            .position(|action| action == name)
            .map(|idx| idx as u8)
    }

    /// The cell of all observations.
    #[must_use]
    pub fn any(&self) -> Cell {
        Cell::new(self.features.iter().map(Feature::full_mask).collect())
    }

    /// The cell of the observations that meet every condition `(feature, levels allowed)`; a
    /// feature not named may take any level.
    ///
    /// # Errors [`TableError::Invalid`] for a feature or level that the layout lacks, for one named
    /// twice, and for no level.
    pub fn cell<L: AsRef<str>>(&self, conditions: &[(&str, &[L])]) -> Result<Cell, TableError> {
        let mut masks = vec![0; self.features.len()];
        for &(name, levels) in conditions {
            let place = || format!("condition on '{}'", shorten(name));
            let feature_idx = self.feature_idx(name).ok_or_else(|| {
                TableError::invalid(
                    place(),
                    "an unknown feature",
                    format!("one of {}", self.feature_names()),
                )
            })?;
            if masks[feature_idx] != 0 {
                return Err(TableError::invalid(
                    place(),
                    "a second condition",
                    "one per feature",
                ));
            }
            let feature = &self.features[feature_idx];
            for level in levels.iter().map(AsRef::as_ref) {
                let code = feature.code(level).ok_or_else(|| {
                    let allowed = format!("one of {}", feature.levels.join(", "));
                    TableError::invalid(place(), format!("level '{}'", shorten(level)), allowed)
                })?;
                if masks[feature_idx] >> code & 1 == 1 {
                    return Err(TableError::invalid(
                        place(),
                        format!("level '{level}' twice"),
                        "each level once",
                    ));
                }
                masks[feature_idx] |= 1 << code;
            }
            if masks[feature_idx] == 0 {
                return Err(TableError::invalid(
                    place(),
                    "no level",
                    "at least one, or no condition on the feature",
                ));
            }
        }
        let any = self.any();
        Ok(Cell::new(
            masks
                .iter()
                .zip(any.masks())
                .map(|(&mask, &full)| if mask == 0 { full } else { mask })
                .collect(),
        ))
    }

    /// The features that a cell restricts, with the levels it allows, by name.
    #[must_use]
    pub fn conditions(&self, cell: &Cell) -> BTreeMap<String, Vec<String>> {
        self.restricted_by_name(cell)
            .map(|(feature, mask)| {
                (
                    feature.name.clone(),
                    levels_in(mask)
                        .map(|level| feature.levels[level].clone())
                        .collect(),
                )
            })
            .collect()
    }

    /// A cell in words, in layout order: `when identity is claimed or doubted and confidence is not
    /// low`, or `always`.
    #[must_use]
    pub fn words(&self, cell: &Cell) -> String {
        joined_words(
            self.condition_words(cell)
                .into_iter()
                .map(|(_, words)| words),
        )
    }

    /// The conditions of a cell in words, with the index of their features.
    pub(crate) fn condition_words(&self, cell: &Cell) -> Vec<(usize, String)> {
        let features = self.features.iter().zip(cell.masks()).enumerate();
        let restricted = features.filter(|(_, (f, mask))| **mask & f.full_mask() != f.full_mask());
        restricted
            .map(|(idx, (feature, &mask))| (idx, level_words(feature, mask & feature.full_mask())))
            .collect()
    }

    /// Refuses a layout that is not this one.
    ///
    /// # Errors [`TableError::Layout`] with both hashes and the first difference in words; `self`
    /// is what was found.
    pub fn check_same(&self, expected: &Layout) -> Result<(), TableError> {
        if self == expected {
            return Ok(());
        }
        let (found, wanted) = (&self.features, &expected.features);
        let feature_idx =
            (0..found.len().max(wanted.len())).find(|&idx| found.get(idx) != wanted.get(idx));
        let difference = match feature_idx {
            Some(idx) => {
                let (a, b) = (
                    feature_words(found.get(idx)),
                    feature_words(wanted.get(idx)),
                );
                format!("feature {} is {a} in the table and {b} here", idx + 1)
            }
            None if self.actions == expected.actions => {
                let [a, b] = [self, expected].map(|layout| layout.tracker().unwrap_or("focus"));
                format!(
                    "its codes come from the tracker {a}, here from {b}; name the run or release that the table is of"
                )
            }
            None => {
                let (found, wanted) = (&self.actions, &expected.actions);
                let differs = |idx: &usize| found.get(*idx) != wanted.get(*idx);
                let most = found.len().max(wanted.len());
                let idx = (0..most).find(differs).unwrap_or(0);
                let quoted = |action: Option<&String>| action.map(|name| format!("'{name}'"));
                let [a, b] =
                    [found, wanted].map(|list| quoted(list.get(idx)).unwrap_or("absent".into()));
                format!("action {} is {a} in the table and {b} here", idx + 1)
            }
        };
        Err(TableError::Layout {
            found: self.hash.clone(),
            expected: expected.hash.clone(),
            difference,
        })
    }

    /// All feature names, for messages.
    pub(crate) fn feature_names(&self) -> String {
        let names: Vec<&str> = self.features.iter().map(|f| f.name.as_str()).collect();
        names.join(", ")
    }

    /// The features that `cell` restricts, with their masks, ordered by name as in every file.
    pub(crate) fn restricted_by_name<'a>(
        &'a self,
        cell: &'a Cell,
    ) -> impl Iterator<Item = (&'a Feature, u16)> {
        self.by_name.iter().filter_map(|&idx| {
            let feature = &self.features[usize::from(idx)];
            let mask = cell.masks()[usize::from(idx)] & feature.full_mask();
            (mask != feature.full_mask()).then_some((feature, mask))
        })
    }
}

/// 16 hexadecimal digits of the SHA-256 of what makes a layout.
fn hash_of(content: &impl Serialize) -> String {
    let content = serde_json::to_vec(content).expect("names serialize to JSON");
    hex(&Sha256::digest(content))[..16].to_owned()
}

/// `when A and B`, or `always`.
pub(crate) fn joined_words(conditions: impl Iterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.collect();
    if conditions.is_empty() {
        "always".to_owned()
    } else {
        format!("when {}", conditions.join(" and "))
    }
}

/// One condition in words; few exceptions among many levels are shorter to read than the rest.
fn level_words(feature: &Feature, mask: u16) -> String {
    let names = |mask: u16| -> Vec<&str> {
        levels_in(mask)
            .map(|level| feature.levels[level].as_str())
            .collect()
    };
    let excluded = feature.full_mask() & !mask;
    match (excluded.count_ones(), mask.count_ones()) {
        (1, 3..) => format!("{} is not {}", feature.name, names(excluded)[0]),
        (few @ 2.., many) if few + 2 < many => {
            format!(
                "{} is neither {}",
                feature.name,
                names(excluded).join(" nor ")
            )
        }
        _ => format!("{} is {}", feature.name, names(mask).join(" or ")),
    }
}

fn feature_words(feature: Option<&Feature>) -> String {
    feature.map_or("absent".to_owned(), |feature| {
        format!("'{}' ({})", feature.name, feature.levels.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> Layout {
        let features = vec![
            Feature::new("identity", &["unknown", "claimed", "doubted", "confirmed"]),
            Feature::new("confidence", &["low", "high"]),
        ];
        Layout::new(features, vec!["confirm_identity".into(), "close".into()]).unwrap()
    }

    #[test]
    fn a_cell_reads_as_words_in_layout_order() {
        let layout = layout();
        let cell = layout
            .cell(&[
                ("confidence", &["low"][..]),
                ("identity", &["doubted", "claimed"]),
            ])
            .unwrap();
        assert_eq!(
            layout.words(&cell),
            "when identity is claimed or doubted and confidence is low"
        );
        let most = layout
            .cell(&[("identity", &["unknown", "claimed", "confirmed"])])
            .unwrap();
        assert_eq!(layout.words(&most), "when identity is not doubted");
        assert_eq!(layout.words(&layout.any()), "always");
    }

    #[test]
    fn an_unknown_level_is_answered_with_those_allowed() {
        let error = layout().cell(&[("confidence", &["medium"])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "condition on 'confidence': found level 'medium', expected one of low, high"
        );
        let error = layout().cell(&[("mood", &["good"])]).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("expected one of identity, confidence"),
            "{error}"
        );
    }

    #[test]
    fn the_hash_depends_on_every_name_and_on_nothing_else() {
        assert_eq!(layout().hash(), layout().hash());
        let other = Layout::new(
            layout().features().to_vec(),
            vec!["close".into(), "confirm_identity".into()],
        )
        .unwrap();
        assert_ne!(layout().hash(), other.hash());
        let error = layout().check_same(&other).unwrap_err().to_string();
        assert!(
            error.contains("action 1 is 'confirm_identity' in the table and 'close' here"),
            "{error}"
        );
    }
}
