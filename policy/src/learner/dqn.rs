//! Deep Q-learning (Mnih et al., 2015) with action masks, double (van Hasselt et al., 2016) and
//! dueling (Wang et al., 2016) networks, n-step targets, prioritized replay (Schaul et al., 2016),
//! and demonstrations in the buffer (Hester et al., 2018, DQfD).
//!
//! One update is one iteration: play some steps of many calls with random actions mixed in, put
//! them into the buffer, take gradient steps on what is drawn from it. As in PPO every iteration
//! starts fresh calls from a seed mixed from (seed, iteration), so that an iteration is a function
//! of (weights, target weights, moments, buffer, iteration, seed), which a checkpoint holds.

use std::collections::BTreeMap;
use std::sync::Arc;

use offhook_env::belief::layout::Layout;
use offhook_env::call::vector_env::VectorEnv;
use offhook_env::policy::Policy;
use offhook_env::rng::{Rng, Stream, derive, derive_seed};

pub use super::dqn_config::DqnConfig;
pub use super::q_network::QMetrics;
use super::q_network::{MinibatchRow, QNetwork};
use super::schedule::{describe, epsilon_greedy};
use super::settings::{Needs, OnlineSettings, OnlineStart, Settings};
use super::{Learner, Update, config_json};
use crate::checkpoint::{Checkpoint, Network, Progress};
use crate::data::experience::Experience;
use crate::data::replay::Replay;
use crate::data::trajectories::Trajectories;
use crate::data::transitions::Transitions;
use crate::error::LearnError;
use crate::network::fused::FusedPolicy;
use crate::network::weights::Weights;
use crate::ranges::Ranges;

/// The name that checkpoints carry.
const LEARNER: &str = "dqn";
/// The target network, in checkpoints.
const TARGET: &str = "target";

/// A DQN run between two iterations.
pub struct Dqn {
    config: DqnConfig,
    seed: u64,
    env: Box<dyn VectorEnv>,
    layout: Layout,
    network: QNetwork,
    replay: Replay,
    iteration: u64,
    experience: Experience,
}

impl Dqn {
    /// A run that starts from `weights`, those of an imitation for example: its logits, scaled down,
    /// are read as advantages, so that its best actions are the best ones to begin with.
    ///
    /// `demonstrations` stay in the buffer for ever.
    ///
    /// # Errors
    /// A setting out of range, demonstrations that do not fit the layout, or an environment with
    /// another number of calls.
    ///
    /// # Panics
    /// If `weights` were made for another layout.
    pub fn new(
        env: Box<dyn VectorEnv>,
        weights: &Weights,
        demonstrations: Option<&Trajectories>,
        config: DqnConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        config.check(env.n_calls())?;
        let layout = env.layout().clone();
        let demonstrations = match demonstrations {
            Some(calls) => {
                calls.check(&layout)?;
                let (gamma, scale) = (config.gamma, config.reward_scale);
                Transitions::from_trajectories(calls, gamma, config.n_step, scale)
            }
            None => Transitions::default(),
        };
        let capacity = config.replay_capacity;
        let mut start = weights.clone();
        start.scale_policy(config.advantage_scale);
        Ok(Self {
            network: QNetwork::new(&start, &layout, config.q_network()),
            experience: Experience::new(&*env, config.n_steps),
            replay: Replay::new(capacity, demonstrations, config.priorities()),
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
    /// A checkpoint of another layout, learner, configuration or seed; both are named. One whose
    /// parts do not fit together.
    pub fn resume(
        env: Box<dyn VectorEnv>,
        checkpoint: &Checkpoint,
        config: DqnConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        checkpoint.check_layout(env.layout())?;
        let progress = checkpoint.progress_of(LEARNER, &config_json(&config)?, seed)?;
        let target = checkpoint.same_shape(TARGET, progress.network(TARGET)?)?;
        let weights = &checkpoint.weights;
        let mut dqn = Self::new(env, weights, None, config, seed)?;
        let (config, layout) = (&dqn.config, &dqn.layout);
        let (capacity, priorities) = (config.replay_capacity, config.priorities());
        let settings = config.q_network();
        dqn.replay = Replay::restore(progress, layout, capacity, priorities)?;
        dqn.network = QNetwork::resume(weights, target, &progress.moments, layout, settings);
        dqn.iteration = progress.iteration;
        Ok(dqn)
    }

    /// The current policy, to be judged by its best action.
    pub fn policy(&self) -> FusedPolicy {
        self.network.policy()
    }

    /// Plays some calls with random actions mixed in and keeps what happened.
    fn play(&mut self) {
        let config = &self.config;
        let (policy, n_actions) = (self.network.policy(), self.layout.n_actions());
        let epsilon = config.epsilon_at(self.iteration);
        let seed = derive_seed(self.seed, Stream::Train, self.iteration);
        let scale = config.reward_scale;
        (self.experience).play(&mut *self.env, seed, scale, |observation, uniform| {
            let greedy = || policy.best(observation, n_actions);
            epsilon_greedy(epsilon, observation.mask, uniform, greedy)
        });
        for new in self.experience.transitions(config.gamma, config.n_step) {
            self.replay.push(new);
        }
    }

    /// Takes `n` gradient steps on rows of the buffer.
    fn learn(&mut self, n: u64, rng: &mut Rng, metrics: &mut QMetrics) -> Result<(), LearnError> {
        let config = &self.config;
        let rate = config.learning_rate_at(self.iteration);
        let beta = config.beta_at(self.iteration);
        let losses = config.losses_at(self.iteration);
        for _ in 0..n {
            let replay = &self.replay;
            let sample = replay.sample(config.minibatch_size, beta, rng);
            let drawn = sample.rows.iter().zip(&sample.weights);
            let drawn = drawn.map(|(&row, &weight)| MinibatchRow {
                transition: replay.get(row),
                next_allowed: replay.get(row).next_mask,
                weight,
                is_demonstration: row < replay.n_demonstrations(),
            });
            let measured = self.network.step(drawn, losses, rate);
            metrics.add(&measured, "iteration", self.iteration)?;
            for (&row, &error) in sample.rows.iter().zip(&measured.0.errors) {
                self.replay.set_error(row, error);
            }
        }
        Ok(())
    }
}

impl Learner for Dqn {
    fn update(&mut self) -> Result<Update, LearnError> {
        let mut rng = derive(self.seed, Stream::Shuffle, self.iteration);
        let mut metrics = QMetrics::default();
        if self.iteration == 0 && self.replay.n_demonstrations() > 0 {
            self.learn(self.config.pretrain_steps, &mut rng, &mut metrics)?;
        }
        self.play();
        if self.config.learns_at(self.iteration) {
            self.learn(self.config.n_gradient_steps, &mut rng, &mut metrics)?;
        }
        let mut all = describe(&self.experience.ended);
        all.extend([
            (
                "charts/learning_rate",
                self.config.learning_rate_at(self.iteration),
            ),
            ("charts/epsilon", self.config.epsilon_at(self.iteration)),
            ("charts/replay_rows", self.replay.len() as f64),
        ]);
        all.extend(metrics.named());
        self.iteration += 1;
        Ok(Update {
            steps: self.iteration * self.config.steps_per_iteration(),
            n_calls_ended: self.experience.ended.len() as u64,
            metrics: all,
        })
    }

    fn policy(&self) -> Arc<dyn Policy> {
        Arc::new(Dqn::policy(self))
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, LearnError> {
        let (mut numbers, mut bytes) = (BTreeMap::new(), BTreeMap::new());
        self.replay.save(&mut numbers, &mut bytes);
        let target = Network::frozen(self.network.target_weights().clone());
        let progress = Progress {
            learner: LEARNER.to_owned(),
            config: config_json(&self.config)?,
            seed: self.seed,
            iteration: self.iteration,
            moments: self.network.moments(),
            networks: [(TARGET.to_owned(), target)].into(),
            numbers,
            bytes,
        };
        Ok(Some(Checkpoint {
            layout: self.layout.clone(),
            weights: self.network.weights(),
            progress: Some(progress),
        }))
    }

    fn iteration(&self) -> u64 {
        self.iteration
    }

    fn n_iterations(&self) -> u64 {
        self.config.n_iterations()
    }
}

impl Settings for DqnConfig {
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

impl OnlineSettings for DqnConfig {
    fn needs(&self) -> Needs {
        Needs {
            n_calls: self.n_calls,
            sees_hidden: false,
            n_demonstrations: self.n_demonstrations,
        }
    }

    fn start(&self, start: OnlineStart) -> Result<Box<dyn Learner>, LearnError> {
        let (config, demonstrations) = (self.clone(), start.demonstrations.as_ref());
        let dqn = Dqn::new(
            start.env,
            &start.weights,
            demonstrations,
            config,
            start.seed,
        )?;
        Ok(Box::new(dqn))
    }

    fn resume(
        &self,
        env: Box<dyn VectorEnv>,
        checkpoint: &Checkpoint,
        seed: u64,
    ) -> Result<Box<dyn Learner>, LearnError> {
        Ok(Box::new(Dqn::resume(env, checkpoint, self.clone(), seed)?))
    }
}
