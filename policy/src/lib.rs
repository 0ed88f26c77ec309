//! Learners for call policies: networks, imitation, reinforcement, evaluation, checkpoints.

#![allow(
    clippy::extra_unused_type_parameters,
    reason = "`with_simd` takes the instructions to compile for as a type, needed or not"
)]

pub mod weights;

mod packed;
mod simd;

pub mod action_values;
pub mod fused;
pub mod network;
pub mod objective;
pub mod optimizer;

pub mod engine;
pub mod trainer;

pub mod dataset;
pub mod evaluate;
pub mod experience;
pub mod replay;
pub mod returns;
pub mod rollout;
pub mod score;
pub mod trajectories;
pub mod transitions;

pub mod learner;

pub mod checkpoint;

pub mod distill;

pub mod planner;

pub mod ope;

#[cfg(test)]
mod testing;
