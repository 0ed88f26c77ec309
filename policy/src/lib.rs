//! Learners for call policies: from logged calls and simulated ones to a network, and from a network to a table.
//!
//! In reading order:
//!
//! - [`network`]: the actor-critic, its weights, the engines that train it.
//! - [`data`]: what learners learn from, in memory.
//! - [`learner`]: one file per learner, the trait that whatever runs them knows, and the lists of them.
//! - [`evaluate`]: which calls are played and how, and many of them at once; [`planner`] tries actions out
//!   first, with the hidden customer in view or with those who may be on the line.
//! - [`distill`] puts a policy into a decision table; [`ope`] judges one by the calls of another.
//! - [`checkpoint`]: all that it takes to go on later, to the same bytes.
//! - [`error`]: why something refused to learn.
//!
//! What is absent: the crate knows calls only through `offhook-env`'s seams and never meets a user model; it
//! reads no clock, prints nothing, and only `checkpoint` knows a file format. Burn stands in [`network`] alone.

#![allow(
    clippy::extra_unused_type_parameters,
    reason = "`with_simd` takes the instructions to compile for as a type, needed or not"
)]

pub mod error;

pub mod network;

pub mod data;

pub mod learner;

pub mod evaluate;
pub mod planner;

pub mod distill;
pub mod ope;

pub mod checkpoint;

pub mod ranges;

#[cfg(test)]
mod testing;
