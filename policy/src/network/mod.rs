//! The actor-critic: its weights, the engines that train it, and the one that plays it.
//!
//! [`weights::Weights`] are plain numbers. [`trainer::Trainer`] is what learners see; an [`engine`] computes the
//! gradient steps, with Burn ([`actor_critic`], [`optimizer`]) or written out for this one network.
//! [`fused::FusedPolicy`] plays without Burn.

pub mod weights;

mod packed;
mod simd;

pub mod actor_critic;
pub mod fused;
pub mod inputs;
pub mod objective;
pub mod optimizer;

pub mod engine;
pub mod trainer;
