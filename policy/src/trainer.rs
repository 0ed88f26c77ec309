//! The seam between learners and Burn: outputs go to the learner, their gradient comes back.
//!
//! A learner says, row by row and in plain arithmetic, how its objective changes with the logits
//! and the value. Burn does the rest: the network forward, its gradient backward, Adam. Masked
//! actions then cost nothing, metrics fall out of the same loop, and every objective can be
//! checked by finite differences without a tensor in sight.

use burn::tensor::{Int, Tensor, TensorData};
use offhook_env::layout::Layout;

use crate::network::{ActorCritic, Dropout, device, numbers, one_hot};
use crate::optimizer::{Moments, Optimizer, OptimizerConfig};
use crate::weights::Weights;

/// A network that is being trained.
pub struct Trainer {
    network: ActorCritic,
    adam: Optimizer,
}

/// Observations on the device, uploaded once and cut into minibatches there.
pub struct Inputs {
    one_hot: Tensor<2>,
}

impl Inputs {
    /// Uploads the codes of many observations, row by row.
    pub fn upload(codes: &[u8], layout: &Layout) -> Self {
        let columns = one_hot(codes, &layout.one_hot_offsets());
        Self {
            one_hot: Tensor::from_data(columns, &device().autodiff()),
        }
    }

    fn rows(&self, rows: &[u32]) -> Tensor<2> {
        let numbers: Vec<i64> = rows.iter().map(|row| i64::from(*row)).collect();
        let numbers = TensorData::new(numbers, [rows.len()]);
        let rows = Tensor::<1, Int>::from_data(numbers, &self.one_hot.device());
        self.one_hot.clone().select(0, rows)
    }
}

impl Trainer {
    /// Starts from `weights`, with an optimizer that has taken no step.
    pub fn new(weights: &Weights, config: OptimizerConfig) -> Self {
        let network = ActorCritic::new(weights, &device().autodiff());
        Self {
            adam: Optimizer::new(config, &network),
            network,
        }
    }

    /// Goes on from saved weights and moments.
    pub fn resume(weights: &Weights, config: OptimizerConfig, moments: &[Moments]) -> Self {
        let network = ActorCritic::new(weights, &device().autodiff());
        Self {
            adam: Optimizer::resume(config, moments),
            network,
        }
    }

    /// Copies the weights out.
    pub fn weights(&self) -> Weights {
        self.network.weights()
    }

    /// Copies the optimizer's moments out.
    pub fn moments(&self) -> Vec<Moments> {
        self.adam.moments()
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
        let outputs = self.network.forward_with(inputs.rows(rows), dropout);
        let shape = outputs.dims();
        let values = numbers(outputs.clone().inner());
        let mut gradient = vec![0.0; values.len()];
        let measured = objective(&values, &mut gradient);
        // The gradient of this product is the given gradient times that of the network.
        let gradient = Tensor::from_data(TensorData::new(gradient, shape), &outputs.device());
        let gradients = (outputs * gradient).sum().backward();
        let (network, norm) = self
            .adam
            .step(self.network.clone(), gradients, learning_rate);
        if norm.is_finite() {
            self.network = network;
        }
        (measured, norm)
    }
}
