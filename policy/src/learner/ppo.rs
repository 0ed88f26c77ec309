//! Proximal policy optimization with action masks (Schulman et al., 2017, arXiv:1707.06347;
//! masks after Huang and Ontañón, 2022, arXiv:2006.14171).
//!
//! One [`Ppo::update`] is one iteration: play a rollout with the current policy, estimate
//! advantages, take a few epochs of minibatch steps on the clipped objective. Every iteration
//! starts fresh calls from a seed mixed from (seed, iteration), so an iteration is a function of
//! (weights, moments, iteration, seed): that is all a checkpoint needs for an exact resume.

use std::collections::BTreeMap;
use std::sync::Arc;

use offhook_env::layout::Layout;
use offhook_env::outcome::Outcome;
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive, derive_seed};
use offhook_env::vector_env::VectorEnv;

use super::ppo_config::StepMetrics;
pub use super::ppo_config::{Metrics, PpoConfig};
use super::{LearnError, Learner, Update, config_json};
use crate::checkpoint::{Checkpoint, Network, Progress};
use crate::dataset::shuffle;
use crate::fused::FusedPolicy;
use crate::objective::Softmax;
use crate::optimizer::OptimizerConfig;
use crate::returns::advantages;
use crate::rollout::Rollout;
use crate::trainer::{Inputs, Trainer};
use crate::weights::Weights;

/// The name that checkpoints carry.
const LEARNER: &str = "ppo";
/// The network it started from, in checkpoints.
const REFERENCE: &str = "reference";

/// A PPO run between two iterations.
pub struct Ppo {
    config: PpoConfig,
    seed: u64,
    env: Box<dyn VectorEnv>,
    layout: Layout,
    trainer: Trainer,
    reference: Weights,
    iteration: u64,
    rollout: Rollout,
}

impl Ppo {
    /// A run that starts from `weights`, which are also what the imitation term holds on to.
    ///
    /// # Errors
    /// A setting out of range, or an environment with another number of calls.
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
        let layout = env.layout().clone();
        Ok(Self {
            trainer: Trainer::new(&weights, adam_config(&config)),
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
        checkpoint.check_layout(env.layout())?;
        let progress = checkpoint.progress_of(LEARNER, &config_json(&config)?, seed)?;
        let reference = &progress.network(REFERENCE)?.weights;
        let mut ppo = Self::new(env, reference.clone(), config, seed)?;
        let adam = adam_config(&ppo.config);
        ppo.trainer = Trainer::resume(&checkpoint.weights, adam, &progress.moments);
        ppo.iteration = progress.iteration;
        Ok(ppo)
    }

    /// All that [`resume`](Self::resume) needs.
    ///
    /// # Errors
    /// If the configuration cannot be written as JSON, which no valid one does.
    pub fn checkpoint(&self) -> Result<Checkpoint, LearnError> {
        Ok(Checkpoint {
            layout: self.layout.clone(),
            weights: self.weights(),
            progress: Some(Progress {
                learner: LEARNER.to_owned(),
                config: config_json(&self.config)?,
                seed: self.seed,
                iteration: self.iteration,
                moments: self.trainer.moments(),
                networks: [(
                    REFERENCE.to_owned(),
                    Network::frozen(self.reference.clone()),
                )]
                .into(),
                numbers: BTreeMap::new(),
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

    /// What the policy it started from would do at every observation of the rollout.
    fn reference_probs(&self) -> Vec<f32> {
        let rollout = &self.rollout;
        let policy = FusedPolicy::new(&self.reference, &self.layout);
        let mut probs = vec![0.0; rollout.len() * self.layout.n_actions()];
        let mut values = vec![0.0; rollout.len()];
        policy.forward_batch(&rollout.codes, &rollout.masks, &mut probs, &mut values);
        probs
    }

    /// One iteration: a rollout and the gradient steps on it.
    ///
    /// # Errors
    /// If a loss or a gradient is not finite; the network is then not to be used.
    pub fn update(&mut self) -> Result<Metrics, LearnError> {
        let config = &self.config;
        let policy = FusedPolicy::new(&self.trainer.weights(), &self.layout);
        let seed = derive_seed(self.seed, Stream::Train, self.iteration);
        self.rollout
            .play(&mut *self.env, &policy, seed, config.reward_scale);
        let advantages = advantages(self.rollout.scored(), config.gamma, config.gae_lambda);
        let mut metrics = describe(&self.rollout, &advantages);
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
        let inputs = Inputs::upload(&self.rollout.codes, &self.layout);
        let mut order: Vec<u32> = (0..self.rollout.len() as u32).collect();
        let mut n_minibatches = 0;
        for epoch in 0..config.n_epochs {
            let episode = self.iteration * config.n_epochs + epoch;
            shuffle(&mut order, &mut derive(self.seed, Stream::Shuffle, episode));
            let mut kl = 0.0;
            for rows in order.chunks(config.minibatch_size) {
                let objective = |outputs: &[f32], gradient: &mut [f32]| {
                    objective(&batch, rows, config, outputs, gradient)
                };
                let rate = metrics.learning_rate;
                let (step, norm) = self.trainer.step(&inputs, rows, rate, None, objective);
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

fn adam_config(config: &PpoConfig) -> OptimizerConfig {
    OptimizerConfig {
        engine: config.engine,
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
    let mean = |f: &dyn Fn(&offhook_env::outcome::CallSummary) -> f64| {
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

/// What the objective needs to know about a rollout besides the observations.
struct Batch<'a> {
    rollout: &'a Rollout,
    advantages: &'a [f32],
    /// Probabilities of the policy to stay close to, a row of `n_actions` per transition, and
    /// the weight of that wish.
    reference: Option<(Vec<f32>, f32)>,
}

/// Loss and gradient of a minibatch, mean over rows:
/// `L = L_clip + vf_coef L_value - ent_coef H + imitation_coef KL(reference || π)`
/// (Schulman et al., 2017, eq. 9; the last term is kickstarting, Schmitt et al., 2018,
/// arXiv:1803.03835, eq. 3 up to a constant).
///
/// With `p` the probabilities and `z` the logits: `d ln p_a / dz_k = [k = a] - p_k`,
/// `dH / dz_k = -p_k (ln p_k + H)`, `dKL / dz_k = p_k - reference_k`.
fn objective(
    batch: &Batch<'_>,
    rows: &[u32],
    config: &PpoConfig,
    outputs: &[f32],
    gradient: &mut [f32],
) -> StepMetrics {
    let width = outputs.len() / rows.len();
    let n_actions = width - 1;
    let share = 1.0 / rows.len() as f32;
    let (mean, deviation) = match config.norm_adv {
        true => mean_and_deviation(rows.iter().map(|row| batch.advantages[*row as usize])),
        false => (0.0, 1.0),
    };
    let clip = config.clip_coef;
    let mut sums = StepMetrics::default();
    let outs = outputs
        .chunks_exact(width)
        .zip(gradient.chunks_exact_mut(width));
    for (&row, (out, gradient)) in rows.iter().zip(outs) {
        let row = row as usize;
        let (mask, action) = (
            batch.rollout.masks[row],
            batch.rollout.actions[row] as usize,
        );
        let softmax = Softmax::new(&out[..n_actions], mask);

        let log_ratio = softmax.log_probs[action] - batch.rollout.log_probs[row];
        let ratio = log_ratio.exp();
        let advantage = (batch.advantages[row] - mean) / deviation;
        let surrogate = ratio * advantage;
        let clipped = ratio.clamp(1.0 - clip, 1.0 + clip) * advantage;
        // Where the clipped term is the smaller one, it is constant in the ratio.
        let push = if surrogate <= clipped {
            -surrogate
        } else {
            0.0
        };
        let entropy = softmax.entropy(mask);
        for a in mask.iter().map(usize::from) {
            let (p, log_p) = (softmax.probs[a], softmax.log_probs[a]);
            let own = if a == action { 1.0 } else { 0.0 };
            let slope = push * (own - p) + config.ent_coef * p * (log_p + entropy);
            gradient[a] = slope * share;
        }
        if let Some((reference, coef)) = &batch.reference {
            for a in mask.iter().map(usize::from) {
                let wanted = reference[row * n_actions + a];
                gradient[a] += coef * share * (softmax.probs[a] - wanted);
                if wanted > 0.0 {
                    sums.imitation_kl += (wanted * (wanted.ln() - softmax.log_probs[a])) as f64;
                }
            }
        }

        let old_value = batch.rollout.values[row];
        let target = batch.advantages[row] + old_value;
        let (error, slope) = value_error(out[n_actions], old_value, target, config);
        gradient[n_actions] = config.vf_coef * share * slope;

        let log_ratio = log_ratio as f64;
        sums.policy_loss -= surrogate.min(clipped) as f64;
        sums.value_loss += 0.5 * (error * error) as f64;
        sums.entropy += entropy as f64;
        sums.old_approx_kl -= log_ratio;
        // The k3 estimator of Schulman, "Approximating KL divergence", 2020.
        sums.approx_kl += log_ratio.exp() - 1.0 - log_ratio;
        sums.clip_fraction += f64::from(u8::from((ratio - 1.0).abs() > clip));
    }
    sums.scaled(1.0 / rows.len() as f64)
}

/// The error of a value that counts, and the slope of half its square.
fn value_error(value: f32, old: f32, target: f32, config: &PpoConfig) -> (f32, f32) {
    let error = value - target;
    if !config.clip_vloss {
        return (error, error);
    }
    let clip = config.clip_coef;
    let clipped = old + (value - old).clamp(-clip, clip) - target;
    let inside = (value - old).abs() <= clip;
    match clipped.abs() > error.abs() {
        true => (clipped, if inside { clipped } else { 0.0 }),
        false => (error, error),
    }
}

/// Mean and standard deviation, the latter never 0.
fn mean_and_deviation(xs: impl Iterator<Item = f32> + Clone) -> (f32, f32) {
    let n = xs.clone().count() as f64;
    let mean = xs.clone().map(f64::from).sum::<f64>() / n;
    let variance = xs.map(|x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
    (mean as f32, variance.sqrt() as f32 + 1e-8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objective::check_gradient;
    use crate::testing::rollout;

    /// Rows with ratios inside and outside the clip range, and values moved by more and less than
    /// it, all away from the kinks.
    const OUTPUTS: [f32; 12] = [
        0.3, -0.2, 0.5, 0.1, 1.0, 7.0, -1.0, 2.0, -0.5, 0.4, 0.0, 0.35,
    ];

    fn check(config: &PpoConfig, reference: Option<(Vec<f32>, f32)>) -> StepMetrics {
        let rollout = rollout(&[
            (0b111, 1, -0.9, 0.0),
            (0b101, 2, -2.5, 0.5),
            (0b110, 1, -0.6, 0.3),
        ]);
        let batch = Batch {
            rollout: &rollout,
            advantages: &[1.0, 0.7, -2.0],
            reference,
        };
        let run = |outputs: &[f32], gradient: &mut [f32]| {
            objective(&batch, &[0, 1, 2], config, outputs, gradient)
        };
        let mut gradient = [0.0; 12];
        let metrics = run(&OUTPUTS, &mut gradient);
        check_gradient(&OUTPUTS, &gradient, |x| {
            let m = run(x, &mut [0.0; 12]);
            let coef = batch.reference.as_ref().map_or(0.0, |r| r.1 as f64);
            m.policy_loss + config.vf_coef as f64 * m.value_loss
                - config.ent_coef as f64 * m.entropy
                + coef * m.imitation_kl
        });
        metrics
    }

    #[test]
    fn the_objective_has_the_gradient_of_finite_differences() {
        let reference = vec![0.2, 0.3, 0.5, 0.9, 0.0, 0.1, 0.0, 1.0, 0.0];
        for norm_adv in [false, true] {
            for clip_vloss in [false, true] {
                let config = PpoConfig {
                    norm_adv,
                    clip_vloss,
                    ent_coef: 0.3,
                    ..Default::default()
                };
                check(&config, None);
                check(&config, Some((reference.clone(), 0.7)));
            }
        }
    }

    #[test]
    fn losses_agree_with_a_computation_by_hand() {
        let config = PpoConfig {
            norm_adv: false,
            ..Default::default()
        };
        let found = check(&config, None);
        let softmax = |z: &[f64], k: usize| z[k].exp() / z.iter().map(|z| z.exp()).sum::<f64>();
        let (p0, p1) = (softmax(&[0.3, -0.2, 0.5], 1), softmax(&[1.0, -1.0], 1));
        let p2 = softmax(&[0.4, 0.0], 0);
        let ratios = [
            p0 / (-0.9f64).exp(),
            p1 / (-2.5f64).exp(),
            p2 / (-0.6f64).exp(),
        ];
        let clipped = ratios.map(|r| r.clamp(0.8, 1.2));
        let gain = [ratios[0].min(clipped[0]), 0.7 * ratios[1].min(clipped[1])];
        let loss = -(gain[0] + gain[1] - 2.0 * ratios[2].max(clipped[2])) / 3.0;
        assert!(
            (found.policy_loss - loss).abs() < 1e-5,
            "{} {loss}",
            found.policy_loss
        );
        let value_loss = 0.5 * (0.9f64.powi(2) + 0.8f64.powi(2) + 2.05f64.powi(2)) / 3.0;
        assert!(
            (found.value_loss - value_loss).abs() < 1e-5,
            "{} {value_loss}",
            found.value_loss
        );
    }
}
