//! Decisions to imitate: observations with the action somebody took, split by call or caller.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::layout::Layout;
use offhook_env::rng::{Rng, Stream, derive};
use rand::Rng as _;

use crate::error::LearnError;

/// Decisions, one row each, from logged or simulated calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// Observations, `n_rows x n_features`.
    pub codes: Vec<u8>,
    /// Allowed actions.
    pub masks: Vec<ActionMask>,
    /// The action to imitate, one of the allowed ones.
    pub actions: Vec<ActionId>,
    /// Probabilities to imitate in place of the action alone, `n_rows x n_actions`; 0 where masked.
    pub targets: Option<Vec<f32>>,
    /// Number of the call or caller; a split never divides a group.
    pub groups: Vec<u32>,
    /// How much the row counts, at least 0; 1 for all unless rare acts are to weigh more.
    pub weights: Vec<f32>,
    /// Discounted return from here to the end of the call, for a value head to start from.
    pub returns: Option<Vec<f32>>,
}

/// Row numbers of the two sides of a split.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// Rows to learn from.
    pub train: Vec<u32>,
    /// Rows to judge by; empty if no share was asked for.
    pub validation: Vec<u32>,
}

impl Dataset {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether there is nothing to learn from.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Puts the rows of `other` behind its own; both have returns and targets, or neither has.
    pub fn append(&mut self, other: Self) {
        self.codes.extend(other.codes);
        self.masks.extend(other.masks);
        self.actions.extend(other.actions);
        self.groups.extend(other.groups);
        self.weights.extend(other.weights);
        let pairs = [
            (&mut self.targets, other.targets),
            (&mut self.returns, other.returns),
        ];
        for (own, others) in pairs {
            if let Some(others) = others {
                own.get_or_insert_default().extend(others);
            }
        }
    }

    /// Checks lengths, codes, actions and weights against a layout.
    ///
    /// # Errors
    /// Names the first row that does not fit.
    pub fn check(&self, layout: &Layout) -> Result<(), LearnError> {
        let n = self.len();
        let n_returns = self.returns.as_ref().map_or(n, Vec::len);
        let n_targets = self
            .targets
            .as_ref()
            .map_or(n, |targets| targets.len() / layout.n_actions().max(1));
        let lengths = [
            self.masks.len(),
            self.groups.len(),
            self.weights.len(),
            n_returns,
            n_targets,
        ];
        let refuse = |row: Option<usize>, reason: String| Err(LearnError::Dataset { row, reason });
        if n == 0 {
            return refuse(
                None,
                "there is no decision in it; give at least two calls".to_owned(),
            );
        }
        if lengths.iter().any(|&len| len != n) || self.codes.len() != n * layout.n_features() {
            return refuse(
                None,
                format!("its columns differ in length from its {n} actions"),
            );
        }
        for (row, codes) in self.codes.chunks_exact(layout.n_features()).enumerate() {
            for (&code, feature) in codes.iter().zip(&layout.features) {
                let n_levels = feature.levels.len();
                if code as usize >= n_levels {
                    let name = &feature.name;
                    return refuse(
                        Some(row),
                        format!("feature '{name}' has code {code}, expected below {n_levels}"),
                    );
                }
            }
            let (action, mask) = (self.actions[row], self.masks[row]);
            if action as usize >= layout.n_actions() || !mask.allows(action) {
                let name = layout
                    .actions
                    .get(action as usize)
                    .map_or("?", String::as_str);
                return refuse(
                    Some(row),
                    format!("action {action} ('{name}') is not allowed there"),
                );
            }
            let numbers = [
                self.weights[row],
                self.returns.as_ref().map_or(0.0, |r| r[row]),
            ];
            if !numbers.iter().all(|x| x.is_finite()) || self.weights[row] < 0.0 {
                return refuse(Some(row), format!("weight and return are {numbers:?}"));
            }
        }
        Ok(())
    }

    /// Divides the rows by group: `validation_share` of the groups, rounded up, are held out.
    ///
    /// # Errors
    /// If a side would be empty although a share was asked for.
    pub fn split(&self, validation_share: f64, seed: u64) -> Result<Split, LearnError> {
        let mut groups = self.groups.clone();
        groups.sort_unstable();
        groups.dedup();
        let n_groups = groups.len();
        let n_held_out = (n_groups as f64 * validation_share).ceil() as usize;
        if n_held_out >= n_groups {
            let reason = format!(
                "{n_groups} call(s) or caller(s) cannot be split, {validation_share} of them held \
                 out; give more, or set validation_share to 0"
            );
            return Err(LearnError::Dataset { row: None, reason });
        }
        shuffle(&mut groups, &mut derive(seed, Stream::Shuffle, u64::MAX));
        let mut held_out = groups[..n_held_out].to_vec();
        held_out.sort_unstable();
        let (validation, train) = (0..self.len() as u32)
            .partition(|row| held_out.binary_search(&self.groups[*row as usize]).is_ok());
        Ok(Split { train, validation })
    }
}

/// Puts `items` in random order (Fisher and Yates).
pub fn shuffle<T>(items: &mut [T], rng: &mut Rng) {
    for i in (1..items.len()).rev() {
        // The high half of a product with a 64-bit draw; its bias is below 2^-32 for our sizes.
        let j = (rng.next_u64() as u128 * (i as u128 + 1)) >> 64;
        items.swap(i, j as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::layout;

    fn dataset(groups: &[u32]) -> Dataset {
        let n = groups.len();
        Dataset {
            codes: vec![1; n],
            masks: vec![ActionMask(0b10); n],
            actions: vec![1; n],
            groups: groups.to_vec(),
            weights: vec![1.0; n],
            ..Default::default()
        }
    }

    #[test]
    fn a_split_never_divides_a_group() {
        let data = dataset(&[0, 1, 2, 3, 0, 1, 2, 3, 9, 9]);
        let split = data.split(0.4, 1).unwrap();
        let side = |rows: &[u32]| {
            let mut groups: Vec<u32> = rows.iter().map(|r| data.groups[*r as usize]).collect();
            groups.sort_unstable();
            groups.dedup();
            groups
        };
        let (train, validation) = (side(&split.train), side(&split.validation));
        assert_eq!((train.len(), validation.len()), (3, 2));
        assert!(train.iter().all(|g| !validation.contains(g)));
        assert_eq!(split.train.len() + split.validation.len(), 10);
        assert_eq!(data.split(0.4, 1).unwrap(), split);
    }

    #[test]
    fn one_call_cannot_be_split() {
        let error = dataset(&[5, 5]).split(0.1, 1).unwrap_err().to_string();
        assert!(
            error.contains("1 call(s) or caller(s) cannot be split"),
            "{error}"
        );
        assert!(
            dataset(&[5, 5])
                .split(0.0, 1)
                .unwrap()
                .validation
                .is_empty()
        );
    }

    #[test]
    fn a_masked_action_or_a_foreign_code_is_refused_by_row() {
        let layout = layout(&[2], 2);
        let mut data = dataset(&[0, 1, 2]);
        data.check(&layout).unwrap();
        data.masks[1] = ActionMask(0b01);
        let error = data.check(&layout).unwrap_err().to_string();
        assert!(
            error.contains("row 1") && error.contains("'action 1'"),
            "{error}"
        );
        data.codes[0] = 7;
        let error = data.check(&layout).unwrap_err().to_string();
        assert!(
            error.contains("row 0") && error.contains("code 7, expected below 2"),
            "{error}"
        );
        assert!(Dataset::default().check(&layout).is_err());
    }
}
