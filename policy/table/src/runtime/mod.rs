//! The table at work.
//!
//! | file | holds |
//! |---|---|
//! | `decision.rs` | from level codes, or from names, to an action |
//! | `monitor.rs` | counters of what was decided and seen |
//!
//! A decision from codes never fails, and neither it nor counting it allocates.

mod decision;
mod monitor;

pub use decision::Decision;
pub use monitor::Monitor;
