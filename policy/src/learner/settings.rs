//! What a learner says of itself, so that whoever runs it need not know which it is.
//!
//! The settings of each learner implement [`Settings`] and either [`OnlineSettings`] (it plays calls) or
//! [`OfflineSettings`] (it has a log), in the learner's own file.

use std::sync::Arc;

use offhook_env::belief::layout::Layout;
use offhook_env::call::vector_env::VectorEnv;
use offhook_env::policy::Policy;

use super::Learner;
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::data::trajectories::Trajectories;
use crate::error::LearnError;
use crate::network::fused::FusedPolicy;
use crate::network::weights::Weights;
use crate::ranges::Ranges;

/// What every learner says of itself.
pub trait Settings {
    /// Its name: the section of an experiment's config with its settings, and the learner of its
    /// checkpoints.
    fn name() -> &'static str
    where
        Self: Sized;

    /// Discount per system turn, in `[0, 1]`.
    fn gamma(&self) -> f32;

    /// What rewards are multiplied by before anything is learned from them, above 0. Default 1.
    fn reward_scale(&self) -> f32 {
        1.0
    }

    /// Notes every setting that is out of range.
    fn check(&self, ranges: &mut Ranges);

    /// Bounds the budget to `n_iterations`, for a quick run.
    fn bound(&mut self, n_iterations: u64);

    /// The policy that one of its checkpoints stands for, to be judged by its best action. Default:
    /// the checkpoint's network.
    ///
    /// # Errors
    /// If a part that the policy needs is missing.
    fn policy_of(checkpoint: &Checkpoint) -> Result<Arc<dyn Policy>, CheckpointError>
    where
        Self: Sized,
    {
        let (weights, layout) = (&checkpoint.weights, &checkpoint.layout);
        Ok(Arc::new(FusedPolicy::new(weights, layout)))
    }
}

/// What a learner that plays calls says besides.
pub trait OnlineSettings: Settings {
    /// What it wants to start with.
    fn needs(&self) -> Needs;

    /// Whether it can hold on to a teacher. Default false.
    fn takes_teacher(&self) -> bool {
        false
    }

    /// A run from the start.
    ///
    /// # Errors
    /// A setting out of range, or something to start from that does not fit.
    fn start(&self, start: OnlineStart) -> Result<Box<dyn Learner>, LearnError>;

    /// A run that goes on from a checkpoint and gives the same bytes as one never interrupted; a
    /// learner without checkpoints starts over.
    ///
    /// # Errors
    /// A checkpoint of another layout, learner, configuration or seed.
    fn resume(
        &self,
        env: Box<dyn VectorEnv>,
        checkpoint: &Checkpoint,
        seed: u64,
    ) -> Result<Box<dyn Learner>, LearnError>;
}

/// What a learner from a log says besides.
pub trait OfflineSettings: Settings {
    /// A run from the start.
    ///
    /// # Errors
    /// A setting out of range, or a log that does not fit the layout.
    fn start(&self, start: OfflineStart<'_>) -> Result<Box<dyn Learner>, LearnError>;

    /// A run that goes on from a checkpoint, with the same log, and gives the same bytes as one never
    /// interrupted; the weights of `start` are not looked at.
    ///
    /// # Errors
    /// As [`start`](Self::start), and a checkpoint of another layout, learner, configuration or seed.
    fn resume(
        &self,
        start: OfflineStart<'_>,
        checkpoint: &Checkpoint,
    ) -> Result<Box<dyn Learner>, LearnError>;
}

/// What a learner that plays calls wants to start with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Calls that its environment plays side by side.
    pub n_calls: usize,
    /// Whether something of it looks at the hidden customer, so that the environment must show it.
    pub sees_hidden: bool,
    /// Calls of the hand-written flow that it wants to be shown.
    pub n_demonstrations: u64,
}

/// What a learner that plays calls starts from.
pub struct OnlineStart {
    /// Calls, as many side by side as it [`Needs`]; they show the hidden customer if it needs that or
    /// there is a teacher.
    pub env: Box<dyn VectorEnv>,
    /// Weights for what is observed of the environment's layout, of a clone for example.
    pub weights: Weights,
    /// Who to hold on to, if the learner [takes a teacher](OnlineSettings::takes_teacher); for all that
    /// the environment shows.
    pub teacher: Option<Weights>,
    /// The calls of the hand-written flow that it [`Needs`].
    pub demonstrations: Option<Trajectories>,
    /// Seed of the run.
    pub seed: u64,
}

/// What a learner from a log starts from.
pub struct OfflineStart<'a> {
    /// The log, with rewards.
    pub log: &'a Trajectories,
    /// Features and actions of its decisions.
    pub layout: &'a Layout,
    /// Weights for that layout, of a clone of the policy that wrote the log.
    pub weights: &'a Weights,
    /// Seed of the run.
    pub seed: u64,
}
