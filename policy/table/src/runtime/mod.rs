//! The table at work.
//!
//! | file | holds |
//! |---|---|
//! | `decision.rs` | from level codes, or from names, to an action |
//! | `monitor.rs` | counters of what was decided and seen |
//! | `agent.rs` | whole calls, with the tracker in front (feature `agent`) |
//!
//! A decision from codes never fails, and neither it nor counting it allocates.

#[cfg(feature = "agent")]
pub mod agent;
mod decision;
mod monitor;

pub use decision::Decision;
pub use monitor::Monitor;
