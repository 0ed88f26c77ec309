//! What changes once a table is at work: the table (`diff.rs`), or the calls that come (`drift.rs`).

mod diff;
mod drift;

pub use diff::{CallerShare, Change, Comparison, Diff, Segment};
pub use drift::{Drift, DriftReport, MIN_CALLS, PSI_MOVED, PSI_SHIFTED, Share, Verdict, drift};
