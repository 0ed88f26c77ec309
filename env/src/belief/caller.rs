//! What is known of a customer before the call: features on file, and answers of an earlier call.

use crate::act::NONE;
use crate::names::MAX_SLOTS;

/// Most features of a caller.
pub const MAX_CALLER: usize = 8;
/// The first level of each of them.
pub const UNKNOWN: &str = "unknown";

/// One feature of a caller, such as a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerFeature {
    /// Its name; a policy sees it as `caller.NAME`.
    pub name: String,
    /// The values it may have, behind [`UNKNOWN`].
    pub values: Vec<String>,
}

/// What is on file of one customer when the call begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerRecord {
    /// Level of each caller feature: 0 where it is unknown, else the place of its value counted from 1.
    pub features: [u8; MAX_CALLER],
    /// Value of each slot as an earlier call recorded it, or [`NONE`].
    pub slots: [u8; MAX_SLOTS],
}

impl CallerRecord {
    /// Nothing is known.
    pub const EMPTY: Self = Self {
        features: [0; MAX_CALLER],
        slots: [NONE; MAX_SLOTS],
    };
}
