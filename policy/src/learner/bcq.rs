//! Discrete batch-constrained Q-learning from logs alone (Fujimoto et al., 2019, arXiv:1910.01708),
//! with action masks.
//!
//! Only actions that the logging policy takes often enough are ever chosen, in targets and on the
//! phone: those with `π_b(a | o) / max π_b(· | o) > τ` under a clone of that policy (eq. 4). What
//! the log cannot tell is not asked.

use std::sync::Arc;

use offhook_env::action::{ActionId, ActionMask, MAX_ACTIONS};
use offhook_env::belief::layout::Layout;
use offhook_env::policy::{Observation, Policy};
use serde::{Deserialize, Serialize};

use super::offline::{Fit, OfflineConfig};
use super::settings::{OfflineSettings, OfflineStart, Settings};
use super::{Learner, Update, config_json};
use crate::checkpoint::{Checkpoint, CheckpointError, Network};
use crate::data::trajectories::Trajectories;
use crate::data::transitions::Transitions;
use crate::error::LearnError;
use crate::learner::action_values::Losses;
use crate::network::fused::FusedPolicy;
use crate::network::weights::Weights;
use crate::ranges::Ranges;

/// The name that checkpoints carry.
const LEARNER: &str = "bcq";
/// The clone of the logging policy, in checkpoints.
const BEHAVIOR: &str = "behavior";
/// The threshold, in checkpoints.
const THRESHOLD: &str = "threshold";

/// Settings of BCQ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BcqConfig {
    /// Share of the probability of the likeliest action that another must have to be considered,
    /// `τ`, in `[0, 1]`; 0 considers all, 1 repeats the log. Default 0.3 (Fujimoto et al., 2019).
    pub threshold: f32,
    /// How action values are fitted.
    pub fit: OfflineConfig,
}

impl Default for BcqConfig {
    fn default() -> Self {
        Self {
            threshold: 0.3,
            fit: OfflineConfig::default(),
        }
    }
}

/// Takes the action of the highest value among those that a behavior policy takes often enough.
#[derive(Clone, Debug)]
pub struct ConstrainedPolicy {
    values: FusedPolicy,
    behavior: FusedPolicy,
    threshold: f32,
}

impl ConstrainedPolicy {
    /// The actions that are considered: some of the allowed ones, at least one.
    pub fn considered(&self, observation: Observation<'_>) -> ActionMask {
        considered(&self.behavior, self.threshold, observation)
    }

    /// The policy that a checkpoint of [`Bcq`] stands for.
    fn of(checkpoint: &Checkpoint) -> Result<Self, CheckpointError> {
        let progress = checkpoint.progress.as_ref();
        let progress = progress.ok_or(CheckpointError::NoProgress)?;
        let behavior = checkpoint.same_shape(BEHAVIOR, progress.network(BEHAVIOR)?)?;
        let threshold = match progress.numbers(THRESHOLD)? {
            [threshold] => *threshold as f32,
            other => {
                let reason = format!("numbers '{THRESHOLD}' are {other:?}, expected one");
                return Err(CheckpointError::Header { reason });
            }
        };
        Ok(Self {
            values: FusedPolicy::new(&checkpoint.weights, &checkpoint.layout),
            behavior: FusedPolicy::new(behavior, &checkpoint.layout),
            threshold,
        })
    }
}

impl Policy for ConstrainedPolicy {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        let mask = self.considered(observation);
        let codes = observation.codes;
        self.values.probabilities(Observation { codes, mask }, out);
    }

    fn best(&self, observation: Observation<'_>, n_actions: usize) -> ActionId {
        let mask = self.considered(observation);
        let codes = observation.codes;
        self.values.best(Observation { codes, mask }, n_actions)
    }
}

/// The likeliest allowed action, and those above the threshold beside it.
fn considered(behavior: &FusedPolicy, threshold: f32, observation: Observation<'_>) -> ActionMask {
    let mut probs = [0.0; MAX_ACTIONS];
    let probs = &mut probs[..behavior.n_actions()];
    behavior.probabilities(observation, probs);
    let top = probs.iter().copied().fold(0.0, f32::max);
    let often = |a: &ActionId| probs[*a as usize] > threshold * top || probs[*a as usize] == top;
    observation.mask.iter().filter(often).collect()
}

/// A BCQ run between two iterations.
pub struct Bcq {
    config: BcqConfig,
    fit: Fit,
    layout: Layout,
    behavior: Weights,
}

impl Bcq {
    /// A run on `calls`; `behavior` is a clone of the logging policy, from which the action values
    /// start as well.
    ///
    /// # Errors
    /// A setting out of range, or a log that does not fit the layout.
    ///
    /// # Panics
    /// If `behavior` was made for another layout.
    pub fn new(
        calls: &Trajectories,
        layout: &Layout,
        behavior: &Weights,
        config: BcqConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        Ranges::first(LEARNER, |ranges| config.check(ranges))?;
        let threshold = config.threshold;
        let clone = FusedPolicy::new(behavior, layout);
        let next_considered = |rows: &Transitions| {
            let next = rows.next_codes.chunks_exact(layout.n_features());
            next.zip(&rows.next_masks)
                .map(|(codes, &mask)| considered(&clone, threshold, Observation { codes, mask }))
                .collect()
        };
        let settings = (config.fit.clone(), LEARNER);
        Ok(Self {
            fit: Fit::new(calls, layout, behavior, next_considered, settings, seed)?,
            behavior: behavior.clone(),
            layout: layout.clone(),
            config,
        })
    }

    /// A run that goes on from a checkpoint, with the same log, and gives the same bytes as one
    /// never interrupted.
    ///
    /// # Errors
    /// As [`new`](Self::new), and a checkpoint of another layout, learner, configuration or seed.
    pub fn resume(
        calls: &Trajectories,
        layout: &Layout,
        checkpoint: &Checkpoint,
        config: BcqConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        checkpoint.check_layout(layout)?;
        let progress = checkpoint.progress_of(LEARNER, &config_json(&config)?, seed)?;
        let behavior = checkpoint.same_shape(BEHAVIOR, progress.network(BEHAVIOR)?)?;
        let mut bcq = Self::new(calls, layout, behavior, config, seed)?;
        bcq.fit.resume(checkpoint, progress)?;
        Ok(bcq)
    }

    /// The current policy.
    pub fn policy(&self) -> ConstrainedPolicy {
        ConstrainedPolicy {
            values: self.fit.network().policy(),
            behavior: FusedPolicy::new(&self.behavior, &self.layout),
            threshold: self.config.threshold,
        }
    }
}

impl Learner for Bcq {
    fn update(&mut self) -> Result<Update, LearnError> {
        self.fit.update(Losses::default())
    }

    fn policy(&self) -> Arc<dyn Policy> {
        Arc::new(Bcq::policy(self))
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, LearnError> {
        let config = config_json(&self.config)?;
        let mut checkpoint = self.fit.checkpoint(LEARNER, config);
        if let Some(progress) = &mut checkpoint.progress {
            let behavior = Network::frozen(self.behavior.clone());
            progress.networks.insert(BEHAVIOR.to_owned(), behavior);
            let threshold = vec![f64::from(self.config.threshold)];
            progress.numbers.insert(THRESHOLD.to_owned(), threshold);
        }
        Ok(Some(checkpoint))
    }

    fn iteration(&self) -> u64 {
        self.fit.iteration()
    }

    fn n_iterations(&self) -> u64 {
        self.fit.n_iterations()
    }
}

impl Settings for BcqConfig {
    fn name() -> &'static str {
        LEARNER
    }

    fn check(&self, ranges: &mut Ranges) {
        ranges.shares([("threshold", self.threshold.into())]);
        ranges.within("fit", |ranges| self.fit.check_ranges(ranges));
    }

    fn gamma(&self) -> f32 {
        self.fit.gamma
    }

    fn reward_scale(&self) -> f32 {
        self.fit.reward_scale
    }

    fn bound(&mut self, n_iterations: u64) {
        self.fit.bound(n_iterations);
    }

    fn policy_of(checkpoint: &Checkpoint) -> Result<Arc<dyn Policy>, CheckpointError> {
        Ok(Arc::new(ConstrainedPolicy::of(checkpoint)?))
    }
}

impl OfflineSettings for BcqConfig {
    fn start(&self, start: OfflineStart<'_>) -> Result<Box<dyn Learner>, LearnError> {
        let OfflineStart {
            log,
            layout,
            weights,
            seed,
        } = start;
        let learner = Bcq::new(log, layout, weights, self.clone(), seed)?;
        Ok(Box::new(learner))
    }

    fn resume(
        &self,
        start: OfflineStart<'_>,
        checkpoint: &Checkpoint,
    ) -> Result<Box<dyn Learner>, LearnError> {
        let OfflineStart {
            log, layout, seed, ..
        } = start;
        let learner = Bcq::resume(log, layout, checkpoint, self.clone(), seed)?;
        Ok(Box::new(learner))
    }
}
