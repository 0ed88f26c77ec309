//! Settings of deep Q-learning under their paper names.

use serde::{Deserialize, Serialize};

use super::q_network::QConfig;
use super::schedule::linear;
use crate::data::replay::Priorities;
use crate::error::{LearnError, require};
use crate::learner::action_values::Losses;
use crate::network::engine::Engine;
use crate::network::optimizer::OptimizerConfig;
use crate::ranges::Ranges;

/// Most calls of the hand-written flow that are shown; they are all kept.
const MAX_DEMONSTRATIONS: u64 = 1_000_000;

/// Settings of DQN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DqnConfig {
    /// Environment steps (system turns) to learn from, rounded up to whole iterations. Default
    /// 500,000 (CleanRL's `dqn.py`).
    pub total_steps: u64,
    /// Calls side by side. Default 32.
    pub n_calls: usize,
    /// Steps of every call per iteration. Default 64: many times the length of a call, since every
    /// iteration starts fresh calls and breaks off those that run at its end.
    pub n_steps: usize,
    /// Gradient steps per iteration. Default 64, which with 256 rows each draws every transition
    /// eight times on average, as Mnih et al. (2015, extended data table 1) do with 32 rows every
    /// fourth step.
    pub n_gradient_steps: u64,
    /// Rows per gradient step. Default 256: eight times Mnih et al.'s, and as many fewer steps.
    pub minibatch_size: usize,
    /// Step size of Adam. Default 5e-4, twice CleanRL's, since our minibatches are larger.
    pub learning_rate: f64,
    /// Whether the step size falls linearly to 0 over the run. Default true, as in our PPO: what
    /// was learned is then not lost at the end.
    pub anneal_lr: bool,
    /// Discount per system turn, in `[0, 1]`. Default 0.99 (Mnih et al., 2015).
    pub gamma: f32,
    /// Steps to the observation that a target bootstraps from, `n`. Default 3 (Hessel et al., 2018,
    /// arXiv:1710.02298, table 1).
    pub n_step: usize,
    /// Transitions kept beside demonstrations. Default 100,000: a tenth of Mnih et al.'s, calls
    /// being shorter and simpler than games.
    pub replay_capacity: usize,
    /// Environment steps before the first gradient step on them. Default 10,000 (CleanRL).
    pub learning_starts: u64,
    /// Exponent of priorities, in `[0, 1]`; 0 is uniform replay. Default 0.6 (Schaul et al., 2016,
    /// table 3, proportional).
    pub priority_alpha: f64,
    /// Exponent of importance weights at the start, `β`; it rises linearly to 1. Default 0.4 (same).
    pub priority_beta: f64,
    /// Added to every absolute error, in scaled reward units. Default 0.001 (Hester et al., 2018).
    pub priority_epsilon: f64,
    /// Share of random actions at the start. Default 1 (Mnih et al., 2015); lower it where the
    /// start is a policy worth following.
    pub epsilon_start: f64,
    /// Share of random actions in the end. Default 0.05 (CleanRL).
    pub epsilon_end: f64,
    /// Share of the run over which it falls, in `(0, 1]`. Default 0.5 (CleanRL).
    pub exploration_fraction: f64,
    /// Gradient steps between two updates of the target network. Default 60: what 500 environment
    /// steps of CleanRL's come to in gradient samples.
    pub target_network_frequency: u64,
    /// Share of the online network that such an update takes over (Polyak); 1 copies. Default 1.
    pub tau: f32,
    /// Longest gradient of the whole network. Default 10 (Wang et al., 2016, section 4.2).
    pub max_grad_norm: f32,
    /// Added to the root of Adam's second moment. Default 1.5e-4 (Hessel et al., 2018).
    pub adam_epsilon: f32,
    /// What computes the gradient steps; a run may go on with another one. Default `fused`.
    pub engine: Engine,
    /// Rewards are multiplied by this before anything is learned from them, so that action values
    /// are of order 1, where the Huber loss bends. Default 1.
    pub reward_scale: f32,
    /// Factor of the logits that it starts from, when they are read as advantages in scaled reward
    /// units: those of an imitation differ by several nats, action values by far less. The best
    /// actions stay the same. Default 0.05.
    pub advantage_scale: f32,
    /// Calls of the hand-written flow that stay in the replay buffer for ever. Default 0.
    pub n_demonstrations: u64,
    /// Gradient steps on demonstrations alone, before the first call is played. Default 0; Hester
    /// et al. take 750,000 of 32 rows.
    pub pretrain_steps: u64,
    /// Added to the priority of demonstrations, in scaled reward units. Default 0.1: a tenth of
    /// Hester et al.'s 1, so that they are drawn more often and do not drown the rest.
    pub demonstration_bonus: f64,
    /// By how much a demonstrated action should be worth more than others, in scaled reward units.
    /// Default 0.8 (Hester et al., 2018).
    pub margin: f32,
    /// Weight of that wish, `λ_2`. Default 1 (same).
    pub margin_coef: f32,
    /// Share of the run over which that weight falls linearly to 0, in `(0, 1]`; absent keeps it, as
    /// Hester et al. do, and with it the faults of the demonstrator. Default absent.
    pub margin_fade: Option<f64>,
}

impl Default for DqnConfig {
    fn default() -> Self {
        Self {
            total_steps: 500_000,
            n_calls: 32,
            n_steps: 64,
            n_gradient_steps: 64,
            minibatch_size: 256,
            learning_rate: 5e-4,
            anneal_lr: true,
            gamma: 0.99,
            n_step: 3,
            replay_capacity: 100_000,
            learning_starts: 10_000,
            priority_alpha: 0.6,
            priority_beta: 0.4,
            priority_epsilon: 0.001,
            epsilon_start: 1.0,
            epsilon_end: 0.05,
            exploration_fraction: 0.5,
            target_network_frequency: 60,
            tau: 1.0,
            max_grad_norm: 10.0,
            adam_epsilon: 1.5e-4,
            engine: Engine::default(),
            reward_scale: 1.0,
            advantage_scale: 0.05,
            n_demonstrations: 0,
            pretrain_steps: 0,
            demonstration_bonus: 0.1,
            margin: 0.8,
            margin_coef: 1.0,
            margin_fade: None,
        }
    }
}

impl DqnConfig {
    /// Environment steps of one iteration.
    pub fn steps_per_iteration(&self) -> u64 {
        (self.n_calls * self.n_steps) as u64
    }

    /// Iterations of the whole run.
    pub fn n_iterations(&self) -> u64 {
        self.total_steps.div_ceil(self.steps_per_iteration().max(1))
    }

    /// Share of the run that lies behind at the start of an iteration, in `[0, 1]`.
    fn done(&self, iteration: u64) -> f64 {
        (iteration as f64 / self.n_iterations().max(1) as f64).min(1.0)
    }

    /// Step size in an iteration.
    pub fn learning_rate_at(&self, iteration: u64) -> f64 {
        let end = match self.anneal_lr {
            true => 0.0,
            false => self.learning_rate,
        };
        linear(self.learning_rate, end, 1.0, self.done(iteration))
    }

    /// Share of random actions in an iteration.
    pub fn epsilon_at(&self, iteration: u64) -> f64 {
        let (start, end) = (self.epsilon_start, self.epsilon_end);
        linear(start, end, self.exploration_fraction, self.done(iteration))
    }

    /// Exponent of the importance weights in an iteration.
    pub fn beta_at(&self, iteration: u64) -> f64 {
        linear(self.priority_beta, 1.0, 1.0, self.done(iteration))
    }

    /// The losses of an iteration.
    pub(super) fn losses_at(&self, iteration: u64) -> Losses {
        let fade = |share| linear(1.0, 0.0, share, self.done(iteration));
        Losses {
            margin: self.margin,
            margin_coef: self.margin_coef * self.margin_fade.map_or(1.0, fade) as f32,
            cql_alpha: 0.0,
        }
    }

    /// Whether an iteration, once it has played, takes gradient steps.
    pub(super) fn learns_at(&self, iteration: u64) -> bool {
        (iteration + 1) * self.steps_per_iteration() >= self.learning_starts
    }

    pub(super) fn q_network(&self) -> QConfig {
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

    pub(super) fn priorities(&self) -> Priorities {
        Priorities {
            alpha: self.priority_alpha,
            epsilon: self.priority_epsilon,
            demonstration_bonus: self.demonstration_bonus,
        }
    }

    /// Checks every range, and that the environment plays as many calls as the config says.
    pub(super) fn check(&self, env_calls: usize) -> Result<(), LearnError> {
        Ranges::first("dqn", |ranges| self.check_ranges(ranges))?;
        let same = "the number of calls of the environment";
        require(self.n_calls == env_calls, "dqn.n_calls", self.n_calls, same)
    }

    /// Notes every setting that is out of range.
    pub(super) fn check_ranges(&self, ranges: &mut Ranges) {
        ranges.rollout(self.n_calls, self.n_steps);
        ranges.at_least_1([
            ("total_steps", self.total_steps),
            ("n_gradient_steps", self.n_gradient_steps),
            ("minibatch_size", self.minibatch_size as u64),
            ("n_step", self.n_step as u64),
            ("target_network_frequency", self.target_network_frequency),
        ]);
        ranges.count("replay_capacity", self.replay_capacity as u64, 1 << 26);
        let shown = self.n_demonstrations;
        let most = MAX_DEMONSTRATIONS;
        ranges.require(
            shown <= most,
            "n_demonstrations",
            shown,
            format!("at most {most}"),
        );
        ranges.positive([
            ("learning_rate", self.learning_rate),
            ("priority_epsilon", self.priority_epsilon),
            ("exploration_fraction", self.exploration_fraction),
            ("tau", self.tau.into()),
            ("max_grad_norm", self.max_grad_norm.into()),
            ("adam_epsilon", self.adam_epsilon.into()),
            ("reward_scale", self.reward_scale.into()),
            ("advantage_scale", self.advantage_scale.into()),
            ("margin_fade", self.margin_fade.unwrap_or(1.0)),
        ]);
        ranges.at_least_0([
            ("demonstration_bonus", self.demonstration_bonus),
            ("margin", self.margin.into()),
            ("margin_coef", self.margin_coef.into()),
        ]);
        ranges.shares([
            ("gamma", self.gamma.into()),
            ("tau", self.tau.into()),
            ("priority_alpha", self.priority_alpha),
            ("priority_beta", self.priority_beta),
            ("epsilon_start", self.epsilon_start),
            ("epsilon_end", self.epsilon_end),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range_and_schedules_end_where_they_should() {
        let config = DqnConfig::default();
        config.check(config.n_calls).unwrap();
        let n = config.n_iterations();
        assert_eq!((config.epsilon_at(0), config.epsilon_at(n)), (1.0, 0.05));
        assert_eq!((config.beta_at(0), config.beta_at(n)), (0.4, 1.0));
        assert_eq!(config.learning_rate_at(n), 0.0);
        let fading = DqnConfig {
            margin_fade: Some(0.5),
            ..config
        };
        assert_eq!(fading.losses_at(0).margin_coef, 1.0);
        assert_eq!(fading.losses_at(n).margin_coef, 0.0);
    }

    #[test]
    fn gradient_steps_begin_when_enough_was_played() {
        let config = DqnConfig {
            n_calls: 10,
            n_steps: 10,
            learning_starts: 250,
            ..DqnConfig::default()
        };
        let learns = |iteration| config.learns_at(iteration);
        assert_eq!([0, 1, 2, 3].map(learns), [false, false, true, true]);
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let config = DqnConfig {
            priority_alpha: 2.0,
            ..DqnConfig::default()
        };
        let error = config.check(32).unwrap_err().to_string();
        assert_eq!(error, "dqn.priority_alpha is 2, expected in [0, 1]");
    }
}
