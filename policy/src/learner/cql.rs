//! Discrete conservative Q-learning from logs alone (Kumar et al., 2020, arXiv:2006.04779, CQL(H),
//! eq. 4), with action masks and double-Q targets.
//!
//! To the loss of the temporal difference it adds `α (ln Σ_a exp Q(o, a) - Q(o, a_logged))`, which
//! presses down the values of actions that the log does not show; their errors are what a
//! maximum would otherwise pick out.

use std::sync::Arc;

use offhook_env::belief::layout::Layout;
use offhook_env::policy::Policy;
use serde::{Deserialize, Serialize};

use super::offline::{Fit, OfflineConfig};
use super::settings::{OfflineSettings, OfflineStart, Settings};
use super::{Learner, Update, config_json};
use crate::checkpoint::Checkpoint;
use crate::data::trajectories::Trajectories;
use crate::error::LearnError;
use crate::learner::action_values::Losses;
use crate::network::weights::Weights;
use crate::ranges::Ranges;

/// The name that checkpoints carry.
const LEARNER: &str = "cql";

/// Settings of CQL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CqlConfig {
    /// Weight of the conservative term, `α`. Default 1 (Kumar et al., 2020, appendix F, for the
    /// larger logs); it weighs nats against squared scaled reward units, so that a smaller
    /// `reward_scale` asks for a smaller one too.
    pub cql_alpha: f32,
    /// How action values are fitted.
    pub fit: OfflineConfig,
}

impl Default for CqlConfig {
    fn default() -> Self {
        Self {
            cql_alpha: 1.0,
            fit: OfflineConfig::default(),
        }
    }
}

/// A CQL run between two iterations.
pub struct Cql {
    config: CqlConfig,
    fit: Fit,
}

impl Cql {
    /// A run on `calls` that starts from `weights`; a clone of the logging policy is where the
    /// conservative term is smallest.
    ///
    /// # Errors
    /// A setting out of range, or a log that does not fit the layout.
    ///
    /// # Panics
    /// If `weights` were made for another layout.
    pub fn new(
        calls: &Trajectories,
        layout: &Layout,
        weights: &Weights,
        config: CqlConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        Ranges::first(LEARNER, |ranges| config.check(ranges))?;
        let settings = (config.fit.clone(), LEARNER);
        let all = |rows: &crate::data::transitions::Transitions| rows.next_masks.clone();
        Ok(Self {
            fit: Fit::new(calls, layout, weights, all, settings, seed)?,
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
        config: CqlConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        checkpoint.check_layout(layout)?;
        let progress = checkpoint.progress_of(LEARNER, &config_json(&config)?, seed)?;
        let mut cql = Self::new(calls, layout, &checkpoint.weights, config, seed)?;
        cql.fit.resume(checkpoint, progress)?;
        Ok(cql)
    }
}

impl Learner for Cql {
    fn update(&mut self) -> Result<Update, LearnError> {
        self.fit.update(Losses {
            cql_alpha: self.config.cql_alpha,
            ..Losses::default()
        })
    }

    fn policy(&self) -> Arc<dyn Policy> {
        Arc::new(self.fit.network().policy())
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, LearnError> {
        let config = config_json(&self.config)?;
        Ok(Some(self.fit.checkpoint(LEARNER, config)))
    }

    fn iteration(&self) -> u64 {
        self.fit.iteration()
    }

    fn n_iterations(&self) -> u64 {
        self.fit.n_iterations()
    }
}

impl Settings for CqlConfig {
    fn name() -> &'static str {
        LEARNER
    }

    fn check(&self, ranges: &mut Ranges) {
        ranges.at_least_0([("cql_alpha", self.cql_alpha.into())]);
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
}

impl OfflineSettings for CqlConfig {
    fn start(&self, start: OfflineStart<'_>) -> Result<Box<dyn Learner>, LearnError> {
        let OfflineStart {
            log,
            layout,
            weights,
            seed,
        } = start;
        let learner = Cql::new(log, layout, weights, self.clone(), seed)?;
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
        let learner = Cql::resume(log, layout, checkpoint, self.clone(), seed)?;
        Ok(Box::new(learner))
    }
}
