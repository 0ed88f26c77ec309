//! Settings of PPO under their paper names, and the figures that every iteration reports.

use serde::{Deserialize, Serialize};

use super::constraint::{Constraint, Cost};
use crate::error::{LearnError, require};
use crate::network::engine::Engine;
use crate::ranges::Ranges;

/// Settings of PPO. Sources: Schulman et al., 2017, table 3 (Atari) where not said otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PpoConfig {
    /// Environment steps (system turns) to learn from, rounded up to whole iterations.
    /// Default 500,000.
    pub total_steps: u64,
    /// Calls side by side. Default 128: enough to keep the rollout in vector code.
    pub n_calls: usize,
    /// Steps of every call per iteration, the horizon `T`. Default 64.
    pub n_steps: usize,
    /// Step size of Adam. Default 1e-3: four times the paper's, since our minibatches are larger.
    pub learning_rate: f64,
    /// Whether the step size falls linearly to 0 over the run. Default true.
    pub anneal_lr: bool,
    /// Discount per system turn, in `[0, 1]`. Default 0.99.
    pub gamma: f32,
    /// Weight of longer advantage estimates, in `[0, 1]`. Default 0.95.
    pub gae_lambda: f32,
    /// Passes over every rollout, `K`. Default 4.
    pub n_epochs: u64,
    /// Rows per gradient step. Default 512.
    pub minibatch_size: usize,
    /// How far the probability ratio may move from 1 before its gradient stops, `ε`. Default 0.2.
    pub clip_coef: f32,
    /// Whether advantages are normalized per minibatch. Default true (Huang et al., 2022).
    pub norm_adv: bool,
    /// Whether values are clipped like ratios, by `clip_coef` in scaled reward units. Default
    /// false: it does not help in general (Andrychowicz et al., 2021, arXiv:2006.05990).
    pub clip_vloss: bool,
    /// Weight of the entropy bonus, `c_2`. Default 0.01.
    pub ent_coef: f32,
    /// Weight of the value loss, `c_1`. Default 0.5 (Huang et al., 2022).
    pub vf_coef: f32,
    /// Longest gradient of the whole network. Default 0.5 (Huang et al., 2022).
    pub max_grad_norm: f32,
    /// An epoch that moved the policy further than this (mean KL, nats) is the last of its
    /// iteration. Default 0.03; absent switches the stop off.
    pub target_kl: Option<f64>,
    /// What computes the gradient steps; a run may go on with another one. Default `fused`.
    pub engine: Engine,
    /// Added to the root of Adam's second moment. Default 1e-5 (Huang et al., 2022).
    pub adam_epsilon: f32,
    /// Rewards are multiplied by this before anything is learned from them, so that values are
    /// of order 1. Default 1.
    pub reward_scale: f32,
    /// Weight of `KL(start || π)` at the first iteration: stay close to the policy one starts from
    /// (Schmitt et al., 2018). Default 0.
    pub imitation_coef: f32,
    /// Share of the run over which that weight falls linearly to 0, in `(0, 1]`. Default 0.5.
    pub imitation_fade: f64,
    /// Whether values come from a network of their own that sees the hidden customer; it never
    /// leaves the simulator (Pinto et al., 2018). Default false.
    pub privileged_critic: bool,
    /// Bounds on what a call may cost on average. Default none.
    pub constraints: Vec<Constraint>,
}

impl Default for PpoConfig {
    fn default() -> Self {
        Self {
            total_steps: 500_000,
            n_calls: 128,
            n_steps: 64,
            learning_rate: 1e-3,
            anneal_lr: true,
            gamma: 0.99,
            gae_lambda: 0.95,
            n_epochs: 4,
            minibatch_size: 512,
            clip_coef: 0.2,
            norm_adv: true,
            clip_vloss: false,
            ent_coef: 0.01,
            vf_coef: 0.5,
            max_grad_norm: 0.5,
            target_kl: Some(0.03),
            engine: Engine::default(),
            adam_epsilon: 1e-5,
            reward_scale: 1.0,
            imitation_coef: 0.0,
            imitation_fade: 0.5,
            privileged_critic: false,
            constraints: Vec::new(),
        }
    }
}

impl PpoConfig {
    /// Environment steps of one iteration.
    pub fn steps_per_iteration(&self) -> u64 {
        (self.n_calls * self.n_steps) as u64
    }

    /// Iterations of the whole run.
    pub fn n_iterations(&self) -> u64 {
        self.total_steps.div_ceil(self.steps_per_iteration().max(1))
    }

    /// Share of the run that is left at the start of an iteration, in `(0, 1]`.
    fn left(&self, iteration: u64) -> f64 {
        (1.0 - iteration as f64 / self.n_iterations().max(1) as f64).max(0.0)
    }

    /// Step size in an iteration.
    pub fn learning_rate_at(&self, iteration: u64) -> f64 {
        self.learning_rate
            * if self.anneal_lr {
                self.left(iteration)
            } else {
                1.0
            }
    }

    /// Weight of the imitation term in an iteration.
    pub fn imitation_coef_at(&self, iteration: u64) -> f32 {
        let done = 1.0 - self.left(iteration);
        self.imitation_coef * (1.0 - done / self.imitation_fade).max(0.0) as f32
    }

    /// Checks every range, and that the environment plays as many calls as the config says.
    pub(super) fn check(&self, env_calls: usize) -> Result<(), LearnError> {
        Ranges::first("ppo", |ranges| self.check_ranges(ranges))?;
        let same = "the number of calls of the environment";
        require(self.n_calls == env_calls, "ppo.n_calls", self.n_calls, same)
    }

    /// Notes every setting that is out of range.
    pub fn check_ranges(&self, ranges: &mut Ranges) {
        ranges.rollout(self.n_calls, self.n_steps);
        ranges.at_least_1([
            ("total_steps", self.total_steps),
            ("n_epochs", self.n_epochs),
            ("minibatch_size", self.minibatch_size as u64),
        ]);
        ranges.positive([
            ("learning_rate", self.learning_rate),
            ("clip_coef", self.clip_coef.into()),
            ("max_grad_norm", self.max_grad_norm.into()),
            ("target_kl", self.target_kl.unwrap_or(1.0)),
            ("adam_epsilon", self.adam_epsilon.into()),
            ("reward_scale", self.reward_scale.into()),
            ("imitation_fade", self.imitation_fade),
        ]);
        ranges.at_least_0([
            ("ent_coef", self.ent_coef.into()),
            ("vf_coef", self.vf_coef.into()),
            ("imitation_coef", self.imitation_coef.into()),
        ]);
        ranges.shares([
            ("gamma", self.gamma.into()),
            ("gae_lambda", self.gae_lambda.into()),
        ]);
        for constraint in &self.constraints {
            ranges.within("constraints", |ranges| constraint.check_ranges(ranges));
        }
    }
}

/// Figures of one iteration; names in [`named`](Self::named) are those of CleanRL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics {
    /// Iteration, counted from 0.
    pub iteration: u64,
    /// Environment steps learned from so far, this iteration included.
    pub steps: u64,
    /// Step size of this iteration.
    pub learning_rate: f64,
    /// Mean undiscounted return of the calls that ended in the rollout, in reward units.
    pub episodic_return: Option<f64>,
    /// Mean system turns of those calls.
    pub episodic_length: Option<f64>,
    /// Share of those calls that reached their purpose.
    pub completion: Option<f64>,
    /// Number of those calls.
    pub n_calls_ended: u64,
    /// Clipped surrogate loss, mean over minibatches.
    pub policy_loss: f64,
    /// Half the squared error of the value, mean over minibatches, in scaled reward units squared.
    pub value_loss: f64,
    /// Entropy of the policy over the allowed actions, mean over minibatches, in nats.
    pub entropy: f64,
    /// `KL(start || π)`, mean over minibatches, in nats; only while the imitation term counts.
    pub imitation_kl: Option<f64>,
    /// Weight of the imitation term.
    pub imitation_coef: f64,
    /// Mean of `-ln ratio` over minibatches: an unbiased, noisy estimate of `KL(old || new)`.
    pub old_approx_kl: f64,
    /// Mean of `ratio - 1 - ln ratio` over the last epoch, the better estimate; the KL stop
    /// compares it with `target_kl`.
    pub approx_kl: f64,
    /// Share of rows whose ratio was outside the clip range.
    pub clip_fraction: f64,
    /// 1 minus the unexplained share of the returns' variance; below 0 the value head is worse
    /// than a constant.
    pub explained_variance: Option<f64>,
    /// Norm of the whole gradient before it was bounded, mean over minibatches.
    pub grad_norm: f64,
    /// Epochs taken before the KL stop or the limit.
    pub n_epochs: u64,
    /// Of every constraint the mean cost of the calls that ended, and the multiplier that their
    /// rewards were lowered by, in reward units.
    pub constraints: Vec<(Cost, Option<f64>, f64)>,
}

impl Metrics {
    /// The measured figures with the names under which they are logged.
    pub fn named(&self) -> Vec<(&'static str, f64)> {
        let all = [
            ("charts/learning_rate", Some(self.learning_rate)),
            ("charts/episodic_return", self.episodic_return),
            ("charts/episodic_length", self.episodic_length),
            ("charts/completion", self.completion),
            ("losses/policy_loss", Some(self.policy_loss)),
            ("losses/value_loss", Some(self.value_loss)),
            ("losses/entropy", Some(self.entropy)),
            ("losses/imitation_kl", self.imitation_kl),
            ("losses/imitation_coef", Some(self.imitation_coef)),
            ("losses/old_approx_kl", Some(self.old_approx_kl)),
            ("losses/approx_kl", Some(self.approx_kl)),
            ("losses/clipfrac", Some(self.clip_fraction)),
            ("losses/explained_variance", self.explained_variance),
            ("losses/grad_norm", Some(self.grad_norm)),
            ("losses/n_epochs", Some(self.n_epochs as f64)),
        ];
        let constraints = self.constraints.iter();
        let constraints = constraints.flat_map(|(cost, mean, multiplier)| {
            let [mean_name, multiplier_name] = cost.metrics();
            [(mean_name, *mean), (multiplier_name, Some(*multiplier))]
        });
        all.into_iter()
            .chain(constraints)
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// Adds what one minibatch measured; `imitates` tells whether the imitation term counted.
    pub(super) fn add(&mut self, step: &StepMetrics, norm: f32, imitates: bool) {
        self.policy_loss += step.policy_loss;
        self.value_loss += step.value_loss;
        self.entropy += step.entropy;
        self.old_approx_kl += step.old_approx_kl;
        self.clip_fraction += step.clip_fraction;
        self.grad_norm += norm as f64;
        if imitates {
            *self.imitation_kl.get_or_insert(0.0) += step.imitation_kl;
        }
    }

    /// Turns sums over minibatches into means.
    pub(super) fn average(&mut self, n_minibatches: u64) {
        let n = n_minibatches as f64;
        let sums = [
            &mut self.policy_loss,
            &mut self.value_loss,
            &mut self.entropy,
            &mut self.old_approx_kl,
            &mut self.clip_fraction,
            &mut self.grad_norm,
        ];
        sums.into_iter()
            .chain(self.imitation_kl.as_mut())
            .for_each(|sum| *sum /= n);
    }
}

/// Figures of one minibatch, means over its rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct StepMetrics {
    pub policy_loss: f64,
    pub value_loss: f64,
    pub entropy: f64,
    pub imitation_kl: f64,
    pub old_approx_kl: f64,
    pub approx_kl: f64,
    pub clip_fraction: f64,
}

impl StepMetrics {
    /// Every figure times `factor`.
    pub(super) fn scaled(self, factor: f64) -> Self {
        Self {
            policy_loss: self.policy_loss * factor,
            value_loss: self.value_loss * factor,
            entropy: self.entropy * factor,
            imitation_kl: self.imitation_kl * factor,
            old_approx_kl: self.old_approx_kl * factor,
            approx_kl: self.approx_kl * factor,
            clip_fraction: self.clip_fraction * factor,
        }
    }

    /// Refuses losses, or a gradient of norm `norm`, that are not finite.
    pub(super) fn check(&self, norm: f32, at: u64) -> Result<(), LearnError> {
        let all = [
            ("losses/policy_loss", self.policy_loss as f32),
            ("losses/value_loss", self.value_loss as f32),
            ("losses/entropy", self.entropy as f32),
            ("losses/imitation_kl", self.imitation_kl as f32),
            ("losses/grad_norm", norm),
        ];
        match all.into_iter().find(|(_, value)| !value.is_finite()) {
            Some((metric, value)) => Err(LearnError::NotFinite {
                metric,
                value,
                unit: "iteration",
                at,
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_imitation_term_fades_before_the_run_ends() {
        let config = PpoConfig {
            total_steps: 10 * 128 * 64,
            imitation_coef: 0.8,
            imitation_fade: 0.5,
            ..Default::default()
        };
        assert_eq!(config.n_iterations(), 10);
        assert_eq!(config.imitation_coef_at(0), 0.8);
        assert!((config.imitation_coef_at(2) - 0.48).abs() < 1e-6);
        assert_eq!(config.imitation_coef_at(5), 0.0);
        assert!((config.learning_rate_at(5) - 5e-4).abs() < 1e-12);
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let config = PpoConfig {
            gamma: 1.2,
            ..Default::default()
        };
        let error = config.check(128).unwrap_err().to_string();
        assert_eq!(error, "ppo.gamma is 1.2, expected in [0, 1]");
        assert!(PpoConfig::default().check(64).is_err());
        PpoConfig::default().check(128).unwrap();
    }
}
