//! Goal-conditioned customers and the noisy channel between them and the robot.
//!
//! In reading order:
//!
//! - [`bundled`] finds the scenarios and channels that are part of the program, or a file by its path; [`world`]
//!   puts a scenario, its customers and its line together.
//! - [`population::Population`] says who is called, and is read from a scenario's `[population]`.
//! - [`user`] has the user models: [`user::UserModel`] is any of them, [`user::AgendaCustomers`] the one that all
//!   others draw their persons from.
//! - [`channel`] has the lines: a [`channel::ConfusionChannel`] is read from a channel file.
//! - [`belief`] supposes who is on the line: a particle filter over agenda customers.
//! - [`variation`] draws noisier lines and other customers around both, for training that is to hold elsewhere.
//! - [`tracking`] says by which tracker calls are followed.
//! - [`textbook`] has the exact optimum of the one bundled scenario whose optimum is known.
//! - [`fit`] makes channel files from labelled calls, and says how often the line errs.
//!
//! What is absent: policies, and whatever learns them; a customer sees neither the policy nor what it understood.
//! Nothing here prints, reads a clock, or draws from a generator that was not handed to it, and only [`bundled`]
//! reads files. `simulator/README.md` says which numbers were measured and which are assumed.

pub mod bundled;
pub mod world;

pub mod population;
#[cfg(feature = "schema")]
pub mod schema;

pub mod user;

pub mod channel;

pub mod belief;

pub mod tracking;
pub mod variation;

pub mod textbook;

pub mod fit;

mod dice;
#[cfg(test)]
mod testing;
