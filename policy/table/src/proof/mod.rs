//! The proof of a table, and the proof that the prover can be trusted.
//!
//! | file | holds |
//! |---|---|
//! | `verify.rs` | overlaps, gaps and forbidden actions, over all cells at once |
//! | `gap.rs` | the boxes that no rule covers |
//! | `flags.rs` | what is no failure but worth a look |
//! | `proof_report.rs` | what was found, for machines and for operators |
//! | `self_test.rs` | tables broken on purpose, to see whether `verify` names what is affected |
//! | `scan.rs` | what it is held against: one state after another, one rule after another |
//! | `split_mix.rs` | how it is chosen where a table is broken |
//!
//! A proof is about cells, never about a sample of states: what is proved holds for every observation.

mod flags;
mod gap;
mod proof_report;
mod scan;
mod self_test;
mod split_mix;
mod verify;

pub use proof_report::{
    MAX_LISTED, Overlap, Proof, ProofReport, REPORT_SCHEMA, Region, ThinRule, Violation,
};
pub use self_test::{Fault, FaultResult, SelfTest, self_test};
pub use split_mix::SplitMix;
pub use verify::{Constraint, MIN_SUPPORT, verify, verify_with};

pub(crate) use gap::find_gaps;
