//! The learners, one file each.

pub mod action_values;
pub mod bcq;
pub mod constraint;
pub mod cql;
pub mod dagger;
pub mod dqn;
mod dqn_config;
pub mod imitation;
pub mod offline;
pub mod ppo;
mod ppo_config;
mod ppo_objective;
pub mod q_learning;
mod q_network;
pub mod sarsa;
mod schedule;
pub mod tabular;

use std::sync::Arc;

use offhook_env::policy::Policy;
use serde::Serialize;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::network::fused::FusedPolicy;

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

/// Why a learner refused to start or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// A setting is out of range.
    #[error("{key} is {found}, expected {expected}")]
    Config {
        /// The setting, such as `ppo.gamma`.
        key: String,
        /// Its value.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// The shape of the network is out of range; the text names the setting.
    #[error("{0}")]
    Network(String),
    /// Data to learn from does not fit.
    #[error("the data to learn from does not fit{}: {reason}", at_row(*row))]
    Dataset {
        /// Row number, counted from 0, if one is to blame.
        row: Option<usize>,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A figure became infinite or not a number; training cannot go on from here.
    #[error(
        "{metric} became {value} in {unit} {at}; lower the learning rate or scale the reward down"
    )]
    NotFinite {
        /// The figure, named as in the metrics.
        metric: &'static str,
        /// Its value.
        value: f32,
        /// What `at` counts: `iteration`, `epoch` or `update`.
        unit: &'static str,
        /// Where it happened, counted from 0.
        at: u64,
    },
    /// A checkpoint to resume from does not fit.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// The policy that a checkpoint stands for, to be judged by its best action.
///
/// # Errors
/// If a part that the learner's policy needs is missing.
pub fn policy_of(checkpoint: &Checkpoint) -> Result<Arc<dyn Policy>, CheckpointError> {
    match &checkpoint.progress {
        Some(progress) if progress.learner == bcq::LEARNER => {
            Ok(Arc::new(bcq::ConstrainedPolicy::of(checkpoint)?))
        }
        _ => {
            let (weights, layout) = (&checkpoint.weights, &checkpoint.layout);
            Ok(Arc::new(FusedPolicy::new(weights, layout)))
        }
    }
}

/// Settings as checkpoints hold them.
fn config_json(config: &impl Serialize) -> Result<serde_json::Value, CheckpointError> {
    serde_json::to_value(config).map_err(|e| CheckpointError::Header {
        reason: e.to_string(),
    })
}

fn at_row(row: Option<usize>) -> String {
    row.map(|row| format!(" in row {row}")).unwrap_or_default()
}

/// `Ok` if `holds`, else an error that names the setting.
pub(crate) fn require(
    holds: bool,
    key: impl Into<String>,
    found: impl ToString,
    expected: &'static str,
) -> Result<(), LearnError> {
    match holds {
        true => Ok(()),
        false => Err(LearnError::Config {
            key: key.into(),
            found: found.to_string(),
            expected,
        }),
    }
}
