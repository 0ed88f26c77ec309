//! Decision tables for call policies: a small type, its proof, its file formats and its runtime.
//!
//! The rooms in reading order; each uses only those above it:
//!
//! - `table`: [`Layout`] names the features a policy sees (each with its levels) and the actions it
//!   may take. [`Cell`] is a box of observations, one set of levels per feature; a [`Rule`] gives a
//!   cell an action. [`DecisionTable`] holds rules, default action and provenance.
//! - `proof`: [`verify`] proves that exactly one rule fires everywhere and that no [`Constraint`] is
//!   broken; its [`ProofReport`] says where not, in feature names. [`self_test`] breaks a table in
//!   known ways and checks that `verify` names exactly the affected states.
//! - `runtime`: [`DecisionTable::decide`] answers, [`Monitor`] counts what a table does at work.
//! - `change`: [`drift`] holds what was counted against what was expected, and [`Comparison`] says
//!   what a new table would change.
//! - [`format`](mod@format): files are written ([`Format`]) and read
//!   ([`DecisionTable::from_bytes`]): JSON, a compact binary, CSV, DMN; JDM and JSON Logic are
//!   written only. The module `sign` (feature `sign`) signs them.
//! - `words`: [`DecisionTable::page`] and [`DecisionTable::html`] are the table for people,
//!   [`DecisionTable::explain`] a rule.
//! - `agent` (feature `agent`) puts the tracker in front of a table, to hold whole calls; a `release` is both in
//!   one file, with all that speaks for them.
//!
//! # Invariants
//!
//! Production runs this crate, so what it does without is as much a part of it as what it has:
//!
//! - **No learner, no simulator, no Burn.** It depends on `csv`, `serde`, `serde_json`, `sha2` and
//!   `thiserror`; the scenario and the tracker come with the feature `agent` alone, and what signs
//!   with `sign`.
//! - **No input, no output, no clock, no thread, no global state.** Bytes in, bytes out.
//! - **No chance.** Everything is a function of its arguments, and equal tables give equal bytes.
//!   Only the keys that `sign` makes are drawn from the operating system; [`self_test`] is given its
//!   seed.
//! - **No `unsafe`.** C needs it and has it in a crate of its own, beside this one.
//! - **No table that was not checked.** One is checked when it is built and never changes after. Any
//!   bytes are safe to load: they are the table that was written, or refused.
//!
//! # In production
//!
//! ```
//! use offhook_table::{DecisionTable, Layout, Monitor, TableError};
//!
//! fn answer(file: &[u8], scenario: &str, layout: &Layout, calls: &[Vec<u8>]) -> Result<Monitor, TableError> {
//!     let table = DecisionTable::from_bytes(file)?; // any format, every bit checked
//!     table.check_built_for(scenario, layout)?; // or refused, with both sides named
//!     let mut monitor = Monitor::new(&table); // what `offhook table drift` reads
//!     for codes in calls {
//!         let decision = table.decide(codes); // allocates nothing
//!         println!("{}", table.action_name(decision.action));
//!         monitor.record(codes, decision);
//!     }
//!     Ok(monitor)
//! }
//! # let table = offhook_table::testing::random_table(1, 9, 3);
//! # let monitor = answer(&table.to_dpt(), "random", table.layout(), &[vec![0; 3]]).unwrap();
//! # assert_eq!(monitor.rules().iter().sum::<u64>(), 1);
//! ```
//!
//! # From a table made by hand to a file
//!
//! ```
//! use std::collections::BTreeMap;
//! use offhook_table::{Constraint, DecisionTable, Feature, Layout, Rule, verify};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let layout = Layout::new(
//!     vec![
//!         Feature::new("identity", &["unknown", "claimed", "confirmed"]),
//!         Feature::new("confidence", &["low", "high"]),
//!     ],
//!     vec!["confirm_identity".into(), "inform(payment)".into()],
//! )?;
//! let rules = vec![
//!     Rule::new("ask", layout.cell(&[("identity", &["unknown", "claimed"])])?, 0),
//!     Rule::new("tell", layout.cell(&[("identity", &["confirmed"])])?, 1),
//! ];
//! let table = DecisionTable::new("fraud_alert", layout, rules, 0, BTreeMap::new())?;
//!
//! // The runtime answers from codes (level numbers, no allocation) or from names. A feature that no
//! // rule tests, such as `confidence` here, may be left out by name.
//! assert_eq!(table.decide(&[2, 1]), table.decide_named(&[("identity", "confirmed")])?);
//! assert_eq!(table.explain(&table.rules()[1]), "when identity is confirmed: inform(payment)");
//!
//! // "No payment detail before identity is confirmed": action 1 is forbidden on levels 0 and 1.
//! let rule_of_conduct = Constraint {
//!     name: "details_after_identity".into(),
//!     when: vec![(0, 0b011)],
//!     forbidden: 1 << 1,
//! };
//! assert!(verify(&table, &[rule_of_conduct])?.ok());
//!
//! // Files are lossless and refuse to load once they were changed by hand.
//! let text = table.to_json();
//! assert_eq!(DecisionTable::from_json(text.as_bytes())?, table);
//! assert!(DecisionTable::from_json(text.replace("\"tell\"", "\"told\"").as_bytes()).is_err());
//!
//! // The same table, whatever the format; production wants the small one.
//! let small = table.to_dpt();
//! assert!(small.len() < 300);
//! assert_eq!(DecisionTable::from_bytes(&small)?, DecisionTable::from_bytes(table.to_dmn().as_bytes())?);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "agent")]
pub mod agent;
mod change;
pub mod format;
mod proof;
#[cfg(feature = "agent")]
pub mod release;
mod runtime;
#[cfg(feature = "sign")]
pub mod sign;
mod table;
#[doc(hidden)]
pub mod testing;
mod words;

pub use change::{
    CallerShare, Change, Comparison, Diff, Drift, DriftReport, MIN_CALLS, PSI_MOVED, PSI_SHIFTED,
    Segment, Share, Verdict, drift,
};
pub use format::Format;
pub use proof::{
    Constraint, Fault, FaultResult, MAX_LISTED, MIN_SUPPORT, Overlap, Proof, ProofReport,
    REPORT_SCHEMA, Region, SelfTest, ThinRule, Violation, self_test, verify, verify_with,
};
pub use runtime::{Decision, Monitor};
pub use table::{
    Cell, DecideError, DecisionTable, Feature, Layout, MAX_ACTIONS, MAX_CONTENT_BYTES,
    MAX_FEATURES, MAX_LEVELS, MAX_NAME_CHARS, MAX_RULES, Provenance, Rule, SCHEMA, TableError,
    Traffic, levels_in,
};
