//! What the robot knows of a call: named features with named levels, and the tracker that keeps them.
//!
//! - [`layout`] names features, levels and actions; networks, tables and logs of a scenario share it.
//! - [`tracker::BeliefState`] turns what was said and heard into codes; the same one serves the laboratory, the
//!   log importer and the phone.
//! - [`meaning`] says of each feature what it means and what moves it.
//! - [`caller`] is what is on file of a customer before the call.
//! - [`calibration`] says how likely everything is, given what was heard.
//! - [`count`] counts what that is learned from.
//! - [`slot_belief`] keeps what was heard of each slot's value, and how surely.

pub(crate) mod bounds;
pub mod calibration;
pub mod caller;
pub mod count;
pub(crate) mod effects;
pub(crate) mod features;
pub mod layout;
pub mod meaning;
pub mod slot_belief;
pub mod tracker;
