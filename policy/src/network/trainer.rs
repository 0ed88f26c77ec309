//! The seam between learners and engines: outputs go to the learner, their gradient comes back.
//!
//! A learner says, row by row and in plain arithmetic, how its objective changes with the logits
//! and the value. An [`Engine`] does the rest: the network forward, its gradient backward, Adam.
//! Masked actions then cost nothing, metrics fall out of the same loop, and every objective can be
//! checked by finite differences without a tensor in sight.

use crate::network::actor_critic::Dropout;
use crate::network::engine::Engine;
use crate::network::engine::gradient_steps::GradientSteps;
use crate::network::inputs::Inputs;
use crate::network::optimizer::{Moments, OptimizerConfig};
use crate::network::weights::Weights;

/// A network that is being trained.
pub struct Trainer {
    engine: Box<dyn GradientSteps>,
    /// Gradient of the outputs, kept for its room.
    gradient: Vec<f32>,
}

impl Trainer {
    /// Starts from `weights`, with an optimizer that has taken no step; `engine` computes the steps.
    pub fn new(weights: &Weights, engine: Engine, config: OptimizerConfig) -> Self {
        Self {
            engine: engine.start(weights, config, None),
            gradient: Vec::new(),
        }
    }

    /// Goes on from saved weights and moments, whichever engine made them.
    pub fn resume(
        weights: &Weights,
        engine: Engine,
        config: OptimizerConfig,
        moments: &[Moments],
    ) -> Self {
        Self {
            engine: engine.start(weights, config, Some(moments)),
            gradient: Vec::new(),
        }
    }

    /// Copies the weights out.
    pub fn weights(&self) -> Weights {
        self.engine.weights()
    }

    /// Copies the optimizer's moments out.
    pub fn moments(&self) -> Vec<Moments> {
        self.engine.moments()
    }

    /// One gradient step on some rows of `inputs`.
    ///
    /// `objective` gets the outputs of these rows, one row of `n_actions` logits and a value each,
    /// and an array of zeros of the same shape, into which it writes the gradient of what is to
    /// be minimised. Returns what `objective` returns, and the norm of the network's gradient
    /// before it was bounded; if that is not finite, the weights stay as they were.
    pub fn step<M>(
        &mut self,
        inputs: &Inputs,
        rows: &[u32],
        learning_rate: f64,
        dropout: Option<Dropout<'_>>,
        objective: impl FnOnce(&[f32], &mut [f32]) -> M,
    ) -> (M, f32) {
        let outputs = self.engine.forward(inputs, rows, dropout);
        self.gradient.clear();
        self.gradient.resize(outputs.len(), 0.0);
        let measured = objective(outputs, &mut self.gradient);
        let norm = self.engine.backward(&self.gradient, learning_rate);
        (measured, norm)
    }
}
