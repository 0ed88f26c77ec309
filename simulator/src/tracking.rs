//! Which tracker a scenario's calls are followed by.

use offhook_env::belief::calibration::Group;
use serde::{Deserialize, Serialize};

/// How the robot comes to believe what it believes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrackerConfig {
    /// What is believed of slots.
    pub slots: SlotTracker,
    /// With a calibrated tracker: the beliefs that policies see as features of their own.
    pub features: Vec<Group>,
}

/// How values are believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotTracker {
    /// The recognizer is taken at its word: the focus tracker of the second Dialog State Tracking Challenge.
    Focus,
    /// Bayes' rule by tables that are counted in simulated calls.
    #[default]
    Calibrated,
}

impl Default for TrackerConfig {
    fn default() -> Self {
        Self {
            slots: SlotTracker::Calibrated,
            features: Group::ALL.to_vec(),
        }
    }
}

impl From<SlotTracker> for TrackerConfig {
    fn from(slots: SlotTracker) -> Self {
        match slots {
            SlotTracker::Focus => Self::FOCUS,
            SlotTracker::Calibrated => Self::default(),
        }
    }
}

impl TrackerConfig {
    /// The recognizer is taken at its word, and nothing else is believed.
    pub const FOCUS: Self = Self {
        slots: SlotTracker::Focus,
        features: Vec::new(),
    };
}
