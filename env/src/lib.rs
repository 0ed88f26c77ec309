//! The MDP of an outbound call: what can be said, what is believed, what it is worth.
//!
//! - [`scenario::Scenario`] is one kind of call, read from a file, checked and compiled.
//! - [`act`] lists what robot and customer do; [`action`] numbers what the robot may choose.
//! - [`tracker::BeliefState`] turns what was said and heard into an observation, in the laboratory,
//!   from logs, and on the phone.
//! - [`call::Call`] is one call, [`batch::CallBatch`] many of them behind [`vector_env::VectorEnv`],
//!   the interface that learners know.
//! - [`privileged`] adds the hidden customer to an observation, for teachers and critics in the laboratory.
//! - [`customer`] has the seams to user models and channels, [`policy`] the one to policies.
//! - [`log`] is the call log, played or real, [`dialog`] shows it to people.
//!
//! The crate does not know how customers behave or how policies learn.

pub mod act;
pub mod action;
pub mod layout;

pub mod diagnostic;
pub mod finding;
pub mod scenario;

mod effects;
mod features;
pub mod slot_belief;
pub mod tracker;

pub mod customer;
pub mod outcome;

pub mod policy;
pub mod rng;

pub mod batch;
pub mod call;
pub mod privileged;
pub mod vector_env;

pub mod dialog;
pub mod log;
