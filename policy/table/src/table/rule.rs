//! What a table is made of: rules, an account of where they come from, and how much there may be of
//! either.

use std::collections::BTreeMap;

use crate::table::cell::Cell;

/// The version of the table's file formats that this crate writes and reads.
pub const SCHEMA: u32 = 1;
/// Most rules a table may have.
pub const MAX_RULES: usize = 4096;
/// Most bytes a table may take as JSON without blanks; files may have twice as many.
pub const MAX_CONTENT_BYTES: usize = 8 << 20;

/// Where a table comes from: config hash, seeds, data hash, metrics, by name.
pub type Provenance = BTreeMap<String, serde_json::Value>;

/// One row: in this cell, take this action.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Unique in its table; the audit trail of a decision.
    pub id: String,
    /// The observations that the rule is for.
    pub when: Cell,
    /// Index of the action taken.
    pub action: u8,
    /// How often the cell was visited when the rule was made, in system turns.
    pub support: u64,
    /// Share of those visits where the teacher chose the same action, in `[0, 1]`; `None` when not
    /// measured.
    pub fidelity: Option<f64>,
}

impl Rule {
    /// A rule that nobody has measured yet: support 0, fidelity unknown.
    #[must_use]
    pub fn new(id: impl Into<String>, when: Cell, action: u8) -> Self {
        Self {
            id: id.into(),
            when,
            action,
            support: 0,
            fidelity: None,
        }
    }
}
