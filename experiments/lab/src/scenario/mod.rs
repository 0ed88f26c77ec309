//! Work on scenarios: whether one is sound, how its calls go, and making a new one.
//!
//! - [`check`] finds every fault of a file, [`reward_lint`] rewards that pay for the wrong thing.
//! - [`features`] is what a policy sees, in words.
//! - [`flow`] is what many calls have in common.
//! - [`form`] is the short form of a new kind of call, [`starter`] the files that it makes.

pub mod check;
pub mod features;
pub mod flow;
pub mod form;
pub mod reward_lint;
mod slot_text;
pub mod starter;

use offhook_env::scenario::Scenario;
use offhook_simulator::bundled::{self, SCENARIOS};

use crate::error::Failure;

/// The bundled scenarios, in the order in which they are listed.
///
/// # Errors
/// Never, since a test reads them all.
pub fn bundled() -> Result<Vec<Scenario>, Failure> {
    let parse = |file: &bundled::File| Ok(Scenario::parse(&bundled::scenario(file.name, None)?)?);
    SCENARIOS.files.iter().map(parse).collect()
}
