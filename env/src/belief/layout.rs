//! The observation layout: named features with named levels, and the names of the actions.

use serde::{Deserialize, Serialize};

/// Most features an observation may have.
pub const MAX_FEATURES: usize = 96;
/// Most hidden features that a privileged layout may have behind those of an observation.
pub const MAX_HIDDEN_FEATURES: usize = 96;
/// What the names of features begin with that no policy on the phone sees.
pub const HIDDEN: &str = "hidden_";
/// Most levels a feature may have, so that a set of levels is one `u16`.
pub const MAX_LEVELS: usize = 16;

/// One code of an observation: a name and what its values mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// Name, unique in its layout, such as `identity` or `slot.payment`.
    pub name: String,
    /// Names of the levels; code `c` means `levels[c]`. At most [`MAX_LEVELS`].
    pub levels: Vec<String>,
}

/// Names of features and actions; networks, tables and logs of one scenario share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Name of the scenario that made it.
    pub scenario: String,
    /// The features in the order of the codes. At most [`MAX_FEATURES`], and behind them at most
    /// [`MAX_HIDDEN_FEATURES`] that only a privileged learner sees.
    pub features: Vec<Feature>,
    /// The names of the actions in the order of their numbers.
    pub actions: Vec<String>,
    /// What tells apart the tables of a calibrated tracker, which decide what codes mean; `None` for the focus tracker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracker: Option<String>,
}

impl Layout {
    /// Number of features, the length of an observation's codes.
    pub fn n_features(&self) -> usize {
        self.features.len()
    }

    /// Number of actions.
    pub fn n_actions(&self) -> usize {
        self.actions.len()
    }

    /// Number of features that a policy on the phone sees: those before the first hidden one.
    pub fn n_observed(&self) -> usize {
        let hidden = |f: &Feature| f.name.starts_with(HIDDEN);
        let first = self.features.iter().position(hidden);
        first.unwrap_or(self.n_features())
    }

    /// The layout without its hidden features.
    pub fn observed(&self) -> Self {
        Self {
            features: self.features[..self.n_observed()].to_vec(),
            ..self.clone()
        }
    }

    /// Position of a feature by name.
    pub fn feature(&self, name: &str) -> Option<usize> {
        self.features.iter().position(|f| f.name == name)
    }

    /// Number of an action by name.
    pub fn action(&self, name: &str) -> Option<crate::action::ActionId> {
        self.actions
            .iter()
            .position(|a| a == name)
            .map(|a| a as crate::action::ActionId)
    }

    /// First one-hot column of every feature, and the total number of columns at the end:
    /// code `c` of feature `f` sits in column `offsets[f] + c`.
    pub fn one_hot_offsets(&self) -> Vec<u32> {
        let mut offsets = vec![0];
        for feature in &self.features {
            offsets.push(offsets[offsets.len() - 1] + feature.levels.len() as u32);
        }
        offsets
    }
}
