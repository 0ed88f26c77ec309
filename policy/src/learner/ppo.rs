//! Proximal policy optimization with action masks (Schulman et al., 2017, arXiv:1707.06347;
//! masks after Huang and Ontañón, 2022, arXiv:2006.14171).
//!
//! One [`Ppo::update`] is one iteration: play a rollout with the current policy, estimate
//! advantages, take a few epochs of minibatch steps on the clipped objective. Every iteration
//! starts fresh calls from a seed mixed from (seed, iteration), so an iteration is a function of
//! (weights, moments, iteration, seed): that is all a checkpoint needs for an exact resume.
//!
//! Two switches look at what no phone shows. With `privileged_critic` the values come from a second
//! network that sees the hidden customer, while the policy does not (asymmetric actor-critic, Pinto
//! et al., 2018, arXiv:1710.06542). With `constraints` the mean cost of a call is kept under a bound.

use std::collections::BTreeMap;
use std::sync::Arc;

use offhook_env::belief::layout::Layout;
use offhook_env::call::outcome::Outcome;
use offhook_env::call::vector_env::VectorEnv;
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive, derive_seed};

use super::constraint::Cost;
pub use super::ppo_config::{Metrics, PpoConfig};
use super::ppo_objective::{Batch, objective, policy_objective, value_objective};
use super::settings::{Needs, OnlineSettings, OnlineStart, Settings};
use super::{Learner, Update, config_json};
use crate::checkpoint::{Checkpoint, Network, Progress};
use crate::data::dataset::shuffle;
use crate::data::returns::advantages;
use crate::data::rollout::Rollout;
use crate::error::{LearnError, require};
use crate::network::fused::FusedPolicy;
use crate::network::inputs::Inputs;
use crate::network::optimizer::OptimizerConfig;
use crate::network::trainer::Trainer;
use crate::network::weights::Weights;
use crate::ranges::Ranges;

/// The name that checkpoints carry.
const LEARNER: &str = "ppo";
/// The network that the imitation term holds on to, in checkpoints.
const REFERENCE: &str = "reference";
/// The privileged critic, in checkpoints.
const CRITIC: &str = "critic";
/// The Lagrange multipliers, in checkpoints.
const MULTIPLIERS: &str = "multipliers";

/// A PPO run between two iterations.
pub struct Ppo {
    config: PpoConfig,
    seed: u64,
    env: Box<dyn VectorEnv>,
    /// What the policy sees, which may be less than the environment shows.
    layout: Layout,
    trainer: Trainer,
    /// Judges in the policy's place, with all that the environment shows.
    critic: Option<Trainer>,
    reference: Weights,
    /// One per constraint, in reward units per unit of cost.
    multipliers: Vec<f64>,
    iteration: u64,
    rollout: Rollout,
}

impl Ppo {
    /// A run that starts from `weights`, which are also what the imitation term holds on to.
    ///
    /// They are made for the layout of `env`, or for what is observed of it: then nothing hidden
    /// ever reaches the policy, and what `env` shows beyond serves the critic and the reference.
    ///
    /// # Errors
    /// A setting out of range, or an environment with another number of calls, or without hidden
    /// features for a privileged critic.
    ///
    /// # Panics
    /// If `weights` were made for another layout.
    pub fn new(
        env: Box<dyn VectorEnv>,
        weights: Weights,
        config: PpoConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        config.check(env.n_calls())?;
        let layout = weights.view(env.layout());
        let adam = adam_config(&config);
        require(
            !config.privileged_critic || layout.n_features() < env.layout().n_features(),
            "ppo.privileged_critic",
            config.privileged_critic,
            "false, since the policy sees all that the environment shows",
        )?;
        let critic = config
            .privileged_critic
            .then(|| Trainer::new(&weights.widened(env.layout()), config.engine, adam));
        Ok(Self {
            trainer: Trainer::new(&weights, config.engine, adam),
            critic,
            multipliers: vec![0.0; config.constraints.len()],
            rollout: Rollout::new(&*env, config.n_steps),
            reference: weights,
            iteration: 0,
            layout,
            env,
            seed,
            config,
        })
    }

    /// A run that goes on from a checkpoint and gives the same bytes as one never interrupted.
    ///
    /// # Errors
    /// A checkpoint of another layout, learner, configuration or seed; both are named.
    pub fn resume(
        env: Box<dyn VectorEnv>,
        checkpoint: &Checkpoint,
        config: PpoConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        let hidden = checkpoint.layout.n_features() > checkpoint.layout.n_observed();
        match hidden {
            true => checkpoint.check_layout(env.layout())?,
            false => checkpoint.check_layout(&env.layout().observed())?,
        }
        let progress = checkpoint.progress_of(LEARNER, &config_json(&config)?, seed)?;
        let mut ppo = Self::new(env, checkpoint.weights.clone(), config, seed)?;
        let (engine, adam) = (ppo.config.engine, adam_config(&ppo.config));
        ppo.reference = progress.network(REFERENCE)?.weights.clone();
        if ppo.critic.is_some() {
            let Network { weights, moments } = progress.network(CRITIC)?;
            ppo.critic = Some(Trainer::resume(weights, engine, adam, moments));
        }
        if !ppo.multipliers.is_empty() {
            ppo.multipliers = progress.numbers(MULTIPLIERS)?.to_vec();
        }
        ppo.trainer = Trainer::resume(&checkpoint.weights, engine, adam, &progress.moments);
        ppo.iteration = progress.iteration;
        Ok(ppo)
    }

    /// The same run with an imitation term that holds on to `teacher` instead of the start; one
    /// that was made for all that the environment shows may see what the policy does not
    /// (kickstarting, Schmitt et al., 2018, arXiv:1803.03835).
    ///
    /// # Panics
    /// If `teacher` was made for another layout.
    pub fn taught_by(mut self, teacher: Weights) -> Self {
        let _ = teacher.view(self.env.layout());
        self.reference = teacher;
        self
    }

    /// All that [`resume`](Self::resume) needs.
    ///
    /// # Errors
    /// If the configuration cannot be written as JSON, which no valid one does.
    pub fn checkpoint(&self) -> Result<Checkpoint, LearnError> {
        let mut networks = BTreeMap::from([(
            REFERENCE.to_owned(),
            Network::frozen(self.reference.clone()),
        )]);
        let mut numbers = BTreeMap::new();
        if let Some(critic) = &self.critic {
            let network = Network {
                weights: critic.weights(),
                moments: critic.moments(),
            };
            networks.insert(CRITIC.to_owned(), network);
        }
        if !self.multipliers.is_empty() {
            numbers.insert(MULTIPLIERS.to_owned(), self.multipliers.clone());
        }
        Ok(Checkpoint {
            layout: self.layout.clone(),
            weights: self.weights(),
            progress: Some(Progress {
                learner: LEARNER.to_owned(),
                config: config_json(&self.config)?,
                seed: self.seed,
                iteration: self.iteration,
                moments: self.trainer.moments(),
                networks,
                numbers,
                bytes: BTreeMap::new(),
            }),
        })
    }

    /// Copies the current weights out.
    pub fn weights(&self) -> Weights {
        self.trainer.weights()
    }

    /// The current policy, to be evaluated between two iterations.
    pub fn policy(&self) -> FusedPolicy {
        FusedPolicy::new(&self.weights(), &self.layout)
    }

    /// What the policy to hold on to would do at every observation of the rollout.
    fn reference_probs(&self) -> Vec<f32> {
        let rollout = &self.rollout;
        let policy = FusedPolicy::new(&self.reference, &self.reference.view(self.env.layout()));
        let codes = rollout.first_codes(policy.n_features());
        let mut probs = vec![0.0; rollout.len() * self.layout.n_actions()];
        let mut values = vec![0.0; rollout.len()];
        policy.forward_batch(&codes, &rollout.masks, &mut probs, &mut values);
        probs
    }

    /// Takes the multiplied costs from the rewards and moves the multipliers; what is reported of
    /// each constraint is the mean cost, if a call ended, and the multiplier that was in force.
    fn constrain(&mut self) -> Vec<(Cost, Option<f64>, f64)> {
        let config = &self.config;
        let (constraints, multipliers) = (&config.constraints, &mut self.multipliers);
        let scale = f64::from(config.reward_scale);
        self.rollout.charge(|call| {
            let priced = constraints.iter().zip(&*multipliers);
            let sum: f64 = priced.map(|(c, price)| price * c.figure.of(call)).sum();
            (scale * sum) as f32
        });
        let ended = &self.rollout.ended;
        let measured = constraints.iter().zip(multipliers).map(|(c, multiplier)| {
            let sum: f64 = ended.iter().map(|call| c.figure.of(call)).sum();
            let mean = (!ended.is_empty()).then(|| sum / ended.len() as f64);
            let in_force = *multiplier;
            *multiplier = mean.map_or(in_force, |mean| c.next_multiplier(in_force, mean));
            (c.figure, mean, in_force)
        });
        measured.collect()
    }

    /// One iteration: a rollout and the gradient steps on it.
    ///
    /// # Errors
    /// If a loss or a gradient is not finite; the network is then not to be used.
    pub fn update(&mut self) -> Result<Metrics, LearnError> {
        let policy = FusedPolicy::new(&self.trainer.weights(), &self.layout);
        let critic = self.critic.as_ref().map(Trainer::weights);
        let critic = critic.map(|weights| FusedPolicy::new(&weights, self.env.layout()));
        let seed = derive_seed(self.seed, Stream::Train, self.iteration);
        let scale = self.config.reward_scale;
        self.rollout
            .play_judged(&mut *self.env, &policy, critic.as_ref(), seed, scale);
        let constraints = self.constrain();
        let config = &self.config;
        let advantages = advantages(self.rollout.scored(), config.gamma, config.gae_lambda);
        let mut metrics = describe(&self.rollout, &advantages);
        metrics.constraints = constraints;
        metrics.iteration = self.iteration;
        metrics.steps = (self.iteration + 1) * config.steps_per_iteration();
        metrics.learning_rate = config.learning_rate_at(self.iteration);

        let imitation_coef = config.imitation_coef_at(self.iteration);
        metrics.imitation_coef = imitation_coef as f64;
        let reference = (imitation_coef > 0.0).then(|| (self.reference_probs(), imitation_coef));
        let batch = Batch {
            rollout: &self.rollout,
            advantages: &advantages,
            reference,
        };
        let codes = self.rollout.first_codes(self.layout.n_features());
        let inputs = Inputs::upload(&codes, &self.layout);
        let shown =
            (self.critic.as_ref()).map(|_| Inputs::upload(&self.rollout.codes, self.env.layout()));
        let mut order: Vec<u32> = (0..self.rollout.len() as u32).collect();
        let mut n_minibatches = 0;
        for epoch in 0..config.n_epochs {
            let episode = self.iteration * config.n_epochs + epoch;
            shuffle(&mut order, &mut derive(self.seed, Stream::Shuffle, episode));
            let mut kl = 0.0;
            for rows in order.chunks(config.minibatch_size) {
                let rate = metrics.learning_rate;
                let actor = &mut self.trainer;
                let (step, norm) = match (&mut self.critic, &shown) {
                    (Some(critic), Some(shown)) => {
                        let (mut step, norm) =
                            actor.step(&inputs, rows, rate, None, |outputs, gradient| {
                                policy_objective(&batch, rows, config, outputs, gradient)
                            });
                        let (loss, critic_norm) =
                            critic.step(shown, rows, rate, None, |outputs, gradient| {
                                value_objective(&batch, rows, config, outputs, gradient)
                            });
                        step.value_loss = loss;
                        (step, norm.hypot(critic_norm))
                    }
                    _ => actor.step(&inputs, rows, rate, None, |outputs, gradient| {
                        objective(&batch, rows, config, outputs, gradient)
                    }),
                };
                step.check(norm, self.iteration)?;
                kl += step.approx_kl * rows.len() as f64 / order.len() as f64;
                metrics.add(&step, norm, imitation_coef > 0.0);
                n_minibatches += 1;
            }
            metrics.n_epochs = epoch + 1;
            metrics.approx_kl = kl;
            if config.target_kl.is_some_and(|target| kl > target) {
                break;
            }
        }
        metrics.average(n_minibatches);
        self.iteration += 1;
        Ok(metrics)
    }
}

impl Learner for Ppo {
    fn update(&mut self) -> Result<Update, LearnError> {
        let metrics = Ppo::update(self)?;
        Ok(Update {
            steps: metrics.steps,
            n_calls_ended: metrics.n_calls_ended,
            metrics: metrics.named(),
        })
    }

    fn policy(&self) -> Arc<dyn Policy> {
        Arc::new(Ppo::policy(self))
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, LearnError> {
        Ppo::checkpoint(self).map(Some)
    }

    fn iteration(&self) -> u64 {
        self.iteration
    }

    fn n_iterations(&self) -> u64 {
        self.config.n_iterations()
    }
}

impl Settings for PpoConfig {
    fn name() -> &'static str {
        LEARNER
    }

    fn check(&self, ranges: &mut Ranges) {
        self.check_ranges(ranges);
    }

    fn gamma(&self) -> f32 {
        self.gamma
    }

    fn reward_scale(&self) -> f32 {
        self.reward_scale
    }

    fn bound(&mut self, n_iterations: u64) {
        let most = n_iterations * self.steps_per_iteration();
        self.total_steps = self.total_steps.min(most);
    }
}

impl OnlineSettings for PpoConfig {
    fn needs(&self) -> Needs {
        Needs {
            n_calls: self.n_calls,
            sees_hidden: self.privileged_critic,
            n_demonstrations: 0,
        }
    }

    fn takes_teacher(&self) -> bool {
        true
    }

    fn start(&self, start: OnlineStart) -> Result<Box<dyn Learner>, LearnError> {
        let ppo = Ppo::new(start.env, start.weights, self.clone(), start.seed)?;
        Ok(Box::new(match start.teacher {
            Some(teacher) => ppo.taught_by(teacher),
            None => ppo,
        }))
    }

    fn resume(
        &self,
        env: Box<dyn VectorEnv>,
        checkpoint: &Checkpoint,
        seed: u64,
    ) -> Result<Box<dyn Learner>, LearnError> {
        Ok(Box::new(Ppo::resume(env, checkpoint, self.clone(), seed)?))
    }
}

fn adam_config(config: &PpoConfig) -> OptimizerConfig {
    OptimizerConfig {
        epsilon: config.adam_epsilon,
        weight_decay: 0.0,
        max_grad_norm: Some(config.max_grad_norm),
    }
}

/// Metrics that follow from the rollout alone.
fn describe(rollout: &Rollout, advantages: &[f32]) -> Metrics {
    let n = advantages.len() as f64;
    let variance = |xs: &mut dyn Iterator<Item = f64>| {
        let (sum, squares) = xs.fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
        squares / n - (sum / n) * (sum / n)
    };
    let unexplained = variance(&mut advantages.iter().map(|a| *a as f64));
    let returns = advantages
        .iter()
        .zip(&rollout.values)
        .map(|(a, v)| (a + v) as f64);
    let total = variance(&mut { returns });
    let ended = &rollout.ended;
    let mean = |f: &dyn Fn(&offhook_env::call::outcome::CallSummary) -> f64| {
        (!ended.is_empty()).then(|| ended.iter().map(f).sum::<f64>() / ended.len() as f64)
    };
    Metrics {
        episodic_return: mean(&|call| call.return_ as f64),
        episodic_length: mean(&|call| call.turns as f64),
        completion: mean(&|call| f64::from(u8::from(call.outcome == Outcome::Completed))),
        explained_variance: (total > 0.0).then(|| 1.0 - unexplained / total),
        n_calls_ended: ended.len() as u64,
        ..Metrics::default()
    }
}
