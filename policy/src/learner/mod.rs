//! The learners, one file each, and what whatever runs them knows: [`Learner`].
//!
//! Reading order for PPO: `ppo_config.rs`, `ppo.rs`, `ppo_objective.rs`, `constraint.rs`, and what it stands on,
//! `data/rollout.rs`, `data/returns.rs`, `network/trainer.rs`. For action values: `dqn.rs` or `offline.rs`, `q_network.rs`,
//! `action_values.rs`, `data/transitions.rs`. For tables of observations: `tabular.rs`, then `q_learning.rs`, `sarsa.rs`.
//!
//! To add a learner, write its file, in which its settings say of themselves what [`settings`] asks, and put it
//! into the list in [`config`]. No other code knows the learners by name.

// The list, and what is in it.
pub mod config;
pub mod settings;

// From demonstrations and experts.
pub mod dagger;
pub mod imitation;

// From calls that are played.
pub mod constraint;
pub mod ppo;
mod ppo_config;
mod ppo_objective;

pub mod dqn;
mod dqn_config;
mod schedule;

pub mod q_learning;
pub mod sarsa;
pub mod tabular;

// From a log alone.
pub mod bcq;
pub mod cql;
pub mod offline;

// What learners of action values share.
pub mod action_values;
mod q_network;

use std::sync::Arc;

use offhook_env::policy::Policy;
use serde::Serialize;

use crate::checkpoint::{Checkpoint, CheckpointError};
pub use crate::error::LearnError;

/// Something that learns, in simulation or from a log, one update after the other. What runs it,
/// draws its curve and saves it needs to know nothing else.
pub trait Learner {
    /// Plays some calls and learns from them, or looks at some of the log.
    ///
    /// # Errors
    /// If a figure is not finite; the policy is then not to be used.
    fn update(&mut self) -> Result<Update, LearnError>;

    /// The policy learned so far, to be judged by its best action.
    fn policy(&self) -> Arc<dyn Policy>;

    /// All that it takes to go on later, to the same bytes; `None` if the learner is so fast that
    /// an interrupted run starts over.
    ///
    /// # Errors
    /// If the settings cannot be written as JSON, which no valid ones do.
    fn checkpoint(&self) -> Result<Option<Checkpoint>, LearnError>;

    /// Updates done.
    fn iteration(&self) -> u64;

    /// Updates of the whole run.
    fn n_iterations(&self) -> u64;

    /// Whether the budget is spent.
    fn is_done(&self) -> bool {
        self.iteration() >= self.n_iterations()
    }
}

/// What one update of a [`Learner`] reports.
#[derive(Clone, Debug, PartialEq)]
pub struct Update {
    /// Environment steps learned from so far, this update included.
    pub steps: u64,
    /// Calls that ended while it played.
    pub n_calls_ended: u64,
    /// What was measured, with the names under which it is logged.
    pub metrics: Vec<(&'static str, f64)>,
}

/// Settings as checkpoints hold them.
fn config_json(config: &impl Serialize) -> Result<serde_json::Value, CheckpointError> {
    serde_json::to_value(config).map_err(|e| CheckpointError::Header {
        reason: e.to_string(),
    })
}
