//! The gradient step that all learners of action values share, online and offline: double-Q targets,
//! the losses, the target network, the figures.

use offhook_env::action::ActionMask;
use offhook_env::belief::layout::Layout;

use crate::data::transitions::Transition;
use crate::error::LearnError;
use crate::learner::action_values::{Losses, QStep, Row, double_q_target, objective};
use crate::network::engine::Engine;
use crate::network::fused::FusedPolicy;
use crate::network::inputs::Inputs;
use crate::network::optimizer::{Moments, OptimizerConfig};
use crate::network::trainer::Trainer;
use crate::network::weights::Weights;

/// Settings that do not change while it learns.
#[derive(Clone, Copy, Debug)]
pub(super) struct QConfig {
    /// What computes the gradient steps.
    pub(super) engine: Engine,
    pub(super) adam: OptimizerConfig,
    /// Gradient steps between two updates of the target network.
    pub(super) target_network_frequency: u64,
    /// Share of the online network that such an update takes over.
    pub(super) tau: f32,
}

/// A transition of a minibatch.
pub(super) struct MinibatchRow<'a> {
    pub(super) transition: Transition<'a>,
    /// Actions that the target may choose among.
    pub(super) next_allowed: ActionMask,
    /// Importance weight.
    pub(super) weight: f32,
    /// Whether the margin loss applies.
    pub(super) is_demonstration: bool,
}

/// A network of action values and its target network.
pub(super) struct QNetwork {
    config: QConfig,
    layout: Layout,
    trainer: Trainer,
    target_weights: Weights,
    target: FusedPolicy,
    n_steps: u64,
}

impl QNetwork {
    /// Starts from `weights`, the target network with it.
    pub(super) fn new(weights: &Weights, layout: &Layout, config: QConfig) -> Self {
        Self {
            config,
            layout: layout.clone(),
            trainer: Trainer::new(weights, config.engine, config.adam),
            target_weights: weights.clone(),
            target: FusedPolicy::new(weights, layout),
            n_steps: 0,
        }
    }

    /// Goes on from what [`weights`](Self::weights), [`target_weights`](Self::target_weights) and
    /// [`moments`](Self::moments) gave.
    pub(super) fn resume(
        weights: &Weights,
        target: &Weights,
        moments: &[Moments],
        layout: &Layout,
        config: QConfig,
    ) -> Self {
        Self {
            trainer: Trainer::resume(weights, config.engine, config.adam, moments),
            n_steps: moments.first().map_or(0, |m| m.n_steps),
            ..Self::new(target, layout, config)
        }
    }

    pub(super) fn weights(&self) -> Weights {
        self.trainer.weights()
    }

    pub(super) fn target_weights(&self) -> &Weights {
        &self.target_weights
    }

    pub(super) fn moments(&self) -> Vec<Moments> {
        self.trainer.moments()
    }

    /// The policy that takes the action of the highest value.
    pub(super) fn policy(&self) -> FusedPolicy {
        FusedPolicy::new(&self.weights(), &self.layout)
    }

    /// One gradient step on some transitions; returns what it measured and the norm of the gradient.
    pub(super) fn step<'a>(
        &mut self,
        drawn: impl Iterator<Item = MinibatchRow<'a>>,
        losses: Losses,
        learning_rate: f64,
    ) -> (QStep, f32) {
        let online = self.policy();
        let mut codes = Vec::new();
        let row = |drawn: MinibatchRow<'_>| {
            let transition = drawn.transition;
            codes.extend_from_slice(transition.codes);
            Row {
                mask: transition.mask,
                action: transition.action,
                target: double_q_target(transition, &online, &self.target, drawn.next_allowed),
                weight: drawn.weight,
                is_demonstration: drawn.is_demonstration,
            }
        };
        let rows: Vec<Row> = drawn.map(row).collect();
        let inputs = Inputs::upload(&codes, &self.layout);
        let all: Vec<u32> = (0..rows.len() as u32).collect();
        let measured =
            self.trainer
                .step(&inputs, &all, learning_rate, None, |outputs, gradient| {
                    objective(&rows, losses, outputs, gradient)
                });
        self.n_steps += 1;
        if self
            .n_steps
            .is_multiple_of(self.config.target_network_frequency)
        {
            let online = self.trainer.weights();
            self.target_weights.move_towards(&online, self.config.tau);
            self.target = FusedPolicy::new(&self.target_weights, &self.layout);
        }
        measured
    }
}

/// Figures of some gradient steps; names in [`named`](Self::named) are those of CleanRL where it has
/// one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QMetrics {
    /// Huber loss of the temporal differences, mean over minibatches, in scaled reward units.
    pub td_loss: f64,
    /// Value of the actions taken, mean over minibatches, in scaled reward units; one that grows far
    /// beyond any return tells of divergence.
    pub q_values: f64,
    /// Margin loss of demonstrations, mean over minibatches.
    pub margin_loss: f64,
    /// Conservative loss of offline learning, mean over minibatches, in nats.
    pub cql_loss: f64,
    /// Norm of the whole gradient before it was bounded, mean over minibatches.
    pub grad_norm: f64,
    /// Number of minibatches.
    n: u64,
}

impl QMetrics {
    /// Adds what one minibatch measured.
    ///
    /// # Errors
    /// If a figure is not finite; it is named, and where: in which `iteration` or `update`.
    pub(super) fn add(
        &mut self,
        (step, norm): &(QStep, f32),
        unit: &'static str,
        at: u64,
    ) -> Result<(), LearnError> {
        let all = [
            ("losses/td_loss", &mut self.td_loss, step.td_loss),
            ("losses/q_values", &mut self.q_values, step.q_values),
            (
                "losses/margin_loss",
                &mut self.margin_loss,
                step.margin_loss,
            ),
            ("losses/cql_loss", &mut self.cql_loss, step.cql_loss),
            ("losses/grad_norm", &mut self.grad_norm, f64::from(*norm)),
        ];
        for (metric, sum, value) in all {
            if !value.is_finite() {
                let value = value as f32;
                return Err(LearnError::NotFinite {
                    metric,
                    value,
                    unit,
                    at,
                });
            }
            *sum += value;
        }
        self.n += 1;
        Ok(())
    }

    /// The means with the names under which they are logged; none without a minibatch.
    pub fn named(&self) -> Vec<(&'static str, f64)> {
        let all = [
            ("losses/td_loss", self.td_loss),
            ("losses/q_values", self.q_values),
            ("losses/margin_loss", self.margin_loss),
            ("losses/cql_loss", self.cql_loss),
            ("losses/grad_norm", self.grad_norm),
        ];
        let measured = all.into_iter().filter(|_| self.n > 0);
        measured
            .map(|(name, sum)| (name, sum / self.n as f64))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_is_not_finite_is_named_with_its_place() {
        let mut metrics = QMetrics::default();
        let step = QStep {
            td_loss: 2.0,
            q_values: 1.0,
            ..QStep::default()
        };
        metrics.add(&(step.clone(), 0.5), "update", 1).unwrap();
        assert_eq!(metrics.named()[0], ("losses/td_loss", 2.0));
        let error = metrics.add(&(step, f32::NAN), "update", 7).unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("losses/grad_norm became NaN in update 7;"),
            "{error}"
        );
    }
}
