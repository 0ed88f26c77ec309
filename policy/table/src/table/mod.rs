//! The table itself: what it speaks of, what it must fulfil, and what its checksum seals.
//!
//! | file | holds |
//! |---|---|
//! | `name.rs`, `error.rs` | what a name may look like; why something is refused |
//! | `cell.rs` | a box of observations: one set of levels per feature |
//! | `layout.rs` | named features with named levels, and named actions |
//! | `rule.rs` | a cell with its action, where rules come from, how many there may be |
//! | `traffic.rs` | what was observed when the rules were made |
//! | `check.rs` | what a table must fulfil before it is one |
//! | `index.rs` | the rules as bit sets, for decisions |
//! | `document.rs` | the table by names, as files hold it and the checksum seals it |
//! | `decision_table.rs` | all of it together |
//!
//! A table is checked once, when it is built, and immutable after: every other room may rely on it.

mod cell;
mod check;
mod decision_table;
pub(crate) mod document;
mod error;
mod index;
mod layout;
mod name;
mod rule;
mod traffic;

pub use cell::{Cell, levels_in};
pub use decision_table::DecisionTable;
pub use error::{DecideError, TableError};
pub use layout::{Feature, Layout, MAX_ACTIONS, MAX_FEATURES, MAX_LEVELS};
pub use name::MAX_NAME_CHARS;
pub use rule::{MAX_CONTENT_BYTES, MAX_RULES, Provenance, Rule, SCHEMA};
pub use traffic::Traffic;

pub(crate) use cell::Volume;
pub(crate) use error::shorten;
pub(crate) use layout::{RESERVED, joined_words};
pub(crate) use name::hex;
