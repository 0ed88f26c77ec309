//! What the offline learners share: fitting action values to the transitions of a log.
//!
//! No call is played: one update is a number of gradient steps on transitions drawn uniformly.

use std::collections::BTreeMap;

use offhook_env::action::ActionMask;
use offhook_env::belief::layout::Layout;
use offhook_env::rng::{Stream, derive};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

use super::Update;
use super::q_network::{MinibatchRow, QConfig, QMetrics, QNetwork};
use super::schedule::linear;
use crate::checkpoint::{Checkpoint, Network, Progress};
use crate::data::trajectories::Trajectories;
use crate::data::transitions::Transitions;
use crate::error::LearnError;
use crate::learner::action_values::Losses;
use crate::network::engine::Engine;
use crate::network::optimizer::OptimizerConfig;
use crate::network::weights::Weights;
use crate::ranges::Ranges;

/// The target network, in checkpoints.
const TARGET: &str = "target";

/// Settings that the offline learners share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfflineConfig {
    /// Gradient steps, rounded up to whole iterations. Default 5,000.
    pub n_gradient_steps: u64,
    /// Gradient steps per iteration, between which figures are reported. Default 100.
    pub steps_per_iteration: u64,
    /// Rows per gradient step. Default 256.
    pub minibatch_size: usize,
    /// Step size of Adam. Default 5e-4, as for DQN.
    pub learning_rate: f64,
    /// Whether the step size falls linearly to 0 over the run. Default true.
    pub anneal_lr: bool,
    /// Discount per system turn, in `[0, 1]`. Default 0.99 (Kumar et al., 2020; Fujimoto et al.,
    /// 2019).
    pub gamma: f32,
    /// Steps to the observation that a target bootstraps from. Default 1: more would hold the
    /// learned policy to what the logging one did next.
    pub n_step: usize,
    /// Gradient steps between two updates of the target network. Default 1.
    pub target_network_frequency: u64,
    /// Share of the online network that such an update takes over (Polyak); 1 copies. Default
    /// 0.005 (Fujimoto et al., 2019).
    pub tau: f32,
    /// Longest gradient of the whole network. Default 10, as for DQN.
    pub max_grad_norm: f32,
    /// Added to the root of Adam's second moment. Default 1.5e-4, as for DQN.
    pub adam_epsilon: f32,
    /// What computes the gradient steps; a run may go on with another one. Default `fused`.
    pub engine: Engine,
    /// Rewards are multiplied by this before anything is learned from them. Default 1.
    pub reward_scale: f32,
    /// Factor of the logits that it starts from, when they are read as advantages in scaled reward
    /// units, as for DQN. Default 0.05.
    pub advantage_scale: f32,
}

impl Default for OfflineConfig {
    fn default() -> Self {
        Self {
            n_gradient_steps: 5_000,
            steps_per_iteration: 100,
            minibatch_size: 256,
            learning_rate: 5e-4,
            anneal_lr: true,
            gamma: 0.99,
            n_step: 1,
            target_network_frequency: 1,
            tau: 0.005,
            max_grad_norm: 10.0,
            adam_epsilon: 1.5e-4,
            engine: Engine::default(),
            reward_scale: 1.0,
            advantage_scale: 0.05,
        }
    }
}

impl OfflineConfig {
    /// Iterations of the whole run.
    pub fn n_iterations(&self) -> u64 {
        self.n_gradient_steps
            .div_ceil(self.steps_per_iteration.max(1))
    }

    /// Bounds the budget to `n_iterations`.
    pub(super) fn bound(&mut self, n_iterations: u64) {
        let most = n_iterations * self.steps_per_iteration;
        self.n_gradient_steps = self.n_gradient_steps.min(most);
    }

    fn learning_rate_at(&self, iteration: u64) -> f64 {
        let end = match self.anneal_lr {
            true => 0.0,
            false => self.learning_rate,
        };
        let done = iteration as f64 / self.n_iterations().max(1) as f64;
        linear(self.learning_rate, end, 1.0, done)
    }

    fn q_network(&self) -> QConfig {
        QConfig {
            engine: self.engine,
            adam: OptimizerConfig {
                epsilon: self.adam_epsilon,
                weight_decay: 0.0,
                max_grad_norm: Some(self.max_grad_norm),
            },
            target_network_frequency: self.target_network_frequency,
            tau: self.tau,
        }
    }

    /// Notes every setting that is out of range.
    pub(super) fn check_ranges(&self, ranges: &mut Ranges) {
        ranges.at_least_1([
            ("n_gradient_steps", self.n_gradient_steps),
            ("steps_per_iteration", self.steps_per_iteration),
            ("minibatch_size", self.minibatch_size as u64),
            ("n_step", self.n_step as u64),
            ("target_network_frequency", self.target_network_frequency),
        ]);
        ranges.positive([
            ("learning_rate", self.learning_rate),
            ("tau", self.tau.into()),
            ("max_grad_norm", self.max_grad_norm.into()),
            ("adam_epsilon", self.adam_epsilon.into()),
            ("reward_scale", self.reward_scale.into()),
            ("advantage_scale", self.advantage_scale.into()),
        ]);
        ranges.shares([("gamma", self.gamma.into()), ("tau", self.tau.into())]);
    }
}

/// Action values that are being fitted to a log.
pub(super) struct Fit {
    config: OfflineConfig,
    seed: u64,
    layout: Layout,
    rows: Transitions,
    /// What a target may choose among, per row.
    next_allowed: Vec<ActionMask>,
    network: QNetwork,
    iteration: u64,
}

impl Fit {
    /// Starts from `weights`; `next_allowed` says what a target may choose among, one mask per
    /// transition.
    pub(super) fn new(
        calls: &Trajectories,
        layout: &Layout,
        weights: &Weights,
        next_allowed: impl FnOnce(&Transitions) -> Vec<ActionMask>,
        (config, section): (OfflineConfig, &str),
        seed: u64,
    ) -> Result<Self, LearnError> {
        Ranges::first(&format!("{section}.fit"), |ranges| {
            config.check_ranges(ranges)
        })?;
        calls.check(layout)?;
        let (gamma, scale) = (config.gamma, config.reward_scale);
        let rows = Transitions::from_trajectories(calls, gamma, config.n_step, scale);
        if rows.is_empty() {
            return Err(LearnError::Dataset {
                row: None,
                reason: "every call was cut off after its first decision; give whole calls".into(),
            });
        }
        let mut start = weights.clone();
        start.scale_policy(config.advantage_scale);
        Ok(Self {
            next_allowed: next_allowed(&rows),
            network: QNetwork::new(&start, layout, config.q_network()),
            layout: layout.clone(),
            iteration: 0,
            rows,
            config,
            seed,
        })
    }

    /// Takes over where a checkpoint of the same learner, settings and seed stands.
    pub(super) fn resume(
        &mut self,
        checkpoint: &Checkpoint,
        progress: &Progress,
    ) -> Result<(), LearnError> {
        let target = checkpoint.same_shape(TARGET, progress.network(TARGET)?)?;
        let (weights, moments) = (&checkpoint.weights, &progress.moments);
        let config = self.config.q_network();
        self.network = QNetwork::resume(weights, target, moments, &self.layout, config);
        self.iteration = progress.iteration;
        Ok(())
    }

    pub(super) fn network(&self) -> &QNetwork {
        &self.network
    }

    pub(super) fn iteration(&self) -> u64 {
        self.iteration
    }

    pub(super) fn n_iterations(&self) -> u64 {
        self.config.n_iterations()
    }

    /// The gradient steps of one iteration.
    pub(super) fn update(&mut self, losses: Losses) -> Result<Update, LearnError> {
        let rate = self.config.learning_rate_at(self.iteration);
        let mut rng = derive(self.seed, Stream::Shuffle, self.iteration);
        let mut metrics = QMetrics::default();
        let (rows, next_allowed) = (&self.rows, &self.next_allowed);
        for _ in 0..self.config.steps_per_iteration {
            let drawn = (0..self.config.minibatch_size).map(|_| {
                let row = ((rng.next_u64() as u128 * rows.len() as u128) >> 64) as usize;
                MinibatchRow {
                    transition: rows.get(row),
                    next_allowed: next_allowed[row],
                    weight: 1.0,
                    is_demonstration: false,
                }
            });
            let measured = self.network.step(drawn, losses, rate);
            metrics.add(&measured, "iteration", self.iteration)?;
        }
        self.iteration += 1;
        let mut all = vec![("charts/learning_rate", rate)];
        all.extend(metrics.named());
        Ok(Update {
            steps: 0,
            n_calls_ended: 0,
            metrics: all,
        })
    }

    /// What [`resume`](Self::resume) needs, under the learner's name and settings.
    pub(super) fn checkpoint(&self, learner: &str, config: serde_json::Value) -> Checkpoint {
        let target = Network::frozen(self.network.target_weights().clone());
        let progress = Progress {
            learner: learner.to_owned(),
            config,
            seed: self.seed,
            iteration: self.iteration,
            moments: self.network.moments(),
            networks: [(TARGET.to_owned(), target)].into(),
            numbers: BTreeMap::new(),
            bytes: BTreeMap::new(),
        };
        Checkpoint {
            layout: self.layout.clone(),
            weights: self.network.weights(),
            progress: Some(progress),
        }
    }
}
