//! The seam between learners and engines: outputs go to the learner, their gradient comes back.
//!
//! A learner says, row by row and in plain arithmetic, how its objective changes with the logits
//! and the value. An [`Engine`] does the rest: the network forward, its gradient backward, Adam.
//! Masked actions then cost nothing, metrics fall out of the same loop, and every objective can be
//! checked by finite differences without a tensor in sight.

use std::sync::OnceLock;

use burn::tensor::Tensor;
use offhook_env::belief::layout::Layout;

use crate::network::actor_critic::{Dropout, device, one_hot};
use crate::network::engine::{Engine, GradientSteps};
use crate::network::optimizer::{Moments, OptimizerConfig};
use crate::network::weights::Weights;

/// A network that is being trained.
pub struct Trainer {
    engine: Box<dyn GradientSteps>,
    /// Gradient of the outputs, kept for its room.
    gradient: Vec<f32>,
}

/// Observations to train on, which minibatches take rows of.
pub struct Inputs {
    offsets: Vec<u32>,
    codes: Vec<u8>,
    /// The same as zeros and ones on the device, made when Burn first asks.
    one_hot: OnceLock<Tensor<2>>,
}

impl Inputs {
    /// Takes over the codes of many observations, row by row.
    pub fn upload(codes: &[u8], layout: &Layout) -> Self {
        Self {
            offsets: layout.one_hot_offsets(),
            codes: codes.to_vec(),
            one_hot: OnceLock::new(),
        }
    }

    /// First one-hot column of every feature, and the number of columns behind them.
    pub(crate) fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// Codes of one row.
    pub(crate) fn codes(&self, row: u32) -> &[u8] {
        let n_features = self.offsets.len() - 1;
        &self.codes[row as usize * n_features..][..n_features]
    }

    /// All rows as zeros and ones on the device.
    pub(crate) fn one_hot(&self) -> &Tensor<2> {
        let upload = || {
            let columns = one_hot(&self.codes, &self.offsets);
            Tensor::from_data(columns, &device().autodiff())
        };
        self.one_hot.get_or_init(upload)
    }
}

impl Trainer {
    /// Starts from `weights`, with an optimizer that has taken no step.
    pub fn new(weights: &Weights, config: OptimizerConfig) -> Self {
        Self {
            engine: Engine::start(weights, config, None),
            gradient: Vec::new(),
        }
    }

    /// Goes on from saved weights and moments.
    pub fn resume(weights: &Weights, config: OptimizerConfig, moments: &[Moments]) -> Self {
        Self {
            engine: Engine::start(weights, config, Some(moments)),
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
