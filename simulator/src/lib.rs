//! Goal-conditioned customers and the noisy channel between them and the robot.
//!
//! - [`population::Population`] says who is called; it is read from a scenario's `[population]`.
//! - [`user`] has the user models: an [`user::AgendaCustomers`] draws from a population and answers.
//! - [`channel`] has the lines: a [`channel::ConfusionChannel`] is read from a channel file.
//! - [`variation`] draws noisier lines and other customers around both, for training that is to hold elsewhere.
//! - [`world`] puts a scenario, its customers and its line together; [`bundled`] has those that are part of the
//!   program.
//! - [`fit`] makes channel files from labelled calls, and says how often the line errs.

pub mod population;
#[cfg(feature = "schema")]
pub mod schema;

pub mod user;
pub mod variation;

pub mod channel;

pub mod fit;

pub mod bundled;
pub mod world;

mod dice;
#[cfg(test)]
mod testing;
