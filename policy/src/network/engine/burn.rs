//! Gradient steps by Burn: its tensors, its automatic gradient, its Adam.

use burn::tensor::{Int, Tensor, TensorData};

use super::gradient_steps::GradientSteps;
use crate::network::actor_critic::{ActorCritic, Dropout, device, numbers};
use crate::network::inputs::Inputs;
use crate::network::optimizer::{Moments, Optimizer, OptimizerConfig};
use crate::network::weights::Weights;

/// The network as a Burn module.
pub(super) struct BurnEngine {
    network: ActorCritic,
    adam: Optimizer,
    /// Outputs of the last forward, on the device and off it.
    outputs: Option<Tensor<2>>,
    values: Vec<f32>,
}

impl BurnEngine {
    pub fn new(weights: &Weights, config: OptimizerConfig, moments: Option<&[Moments]>) -> Self {
        let network = ActorCritic::new(weights, &device().autodiff());
        Self {
            adam: match moments {
                Some(moments) => Optimizer::resume(config, moments),
                None => Optimizer::new(config, &network),
            },
            network,
            outputs: None,
            values: Vec::new(),
        }
    }
}

impl GradientSteps for BurnEngine {
    fn forward(&mut self, inputs: &Inputs, rows: &[u32], dropout: Option<Dropout<'_>>) -> &[f32] {
        let one_hot = inputs.one_hot();
        let numbers_of_rows: Vec<i64> = rows.iter().map(|row| i64::from(*row)).collect();
        let rows = TensorData::new(numbers_of_rows, [rows.len()]);
        let rows = Tensor::<1, Int>::from_data(rows, &one_hot.device());
        let outputs = self
            .network
            .forward_with(one_hot.clone().select(0, rows), dropout);
        self.values = numbers(outputs.clone().inner());
        self.outputs = Some(outputs);
        &self.values
    }

    fn backward(&mut self, gradient: &[f32], learning_rate: f64) -> f32 {
        let outputs = self.outputs.take().expect("a forward comes first");
        let gradient = TensorData::new(gradient.to_vec(), outputs.dims());
        let gradient = Tensor::from_data(gradient, &outputs.device());
        // The gradient of this product is the given gradient times that of the network.
        let gradients = (outputs * gradient).sum().backward();
        let (network, norm) = self
            .adam
            .step(self.network.clone(), gradients, learning_rate);
        if norm.is_finite() {
            self.network = network;
        }
        norm
    }

    fn weights(&self) -> Weights {
        self.network.weights()
    }

    fn moments(&self) -> Vec<Moments> {
        self.adam.moments()
    }
}
