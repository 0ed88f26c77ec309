//! Which of what a calibrated tracker believes is shown to policies.

use serde::{Deserialize, Serialize};

/// A group of belief features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// How likely each slot's likeliest value is, in finer levels.
    Slots,
    /// Whether the right person, or a machine, is on the line.
    Person,
    /// Whether each question is open.
    Questions,
    /// Whether each offer was truly taken.
    Offers,
    /// How much of the patience is used up.
    Patience,
    /// Whether each concern stands in the way.
    Concerns,
    /// Whether there is no time, another call is agreed, a human or no call at all is wanted.
    Wishes,
}

impl Group {
    /// Every group, in the order of promise.
    pub const ALL: [Self; 7] = [
        Self::Slots,
        Self::Person,
        Self::Questions,
        Self::Offers,
        Self::Patience,
        Self::Concerns,
        Self::Wishes,
    ];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slots => "slots",
            Self::Person => "person",
            Self::Questions => "questions",
            Self::Offers => "offers",
            Self::Patience => "patience",
            Self::Concerns => "concerns",
            Self::Wishes => "wishes",
        }
    }
}
