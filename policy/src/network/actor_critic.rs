//! The actor-critic as a Burn module: one-hot columns, a shared trunk, a policy and a value head.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{self, Device, Tensor, TensorData, activation};
use offhook_env::rng::Rng;
use rand::Rng as _;

use crate::network::weights::{Activation, Dense, Weights};

/// Shared trunk with a policy and a value head; see [`Weights`] for the shapes.
#[derive(Module, Debug)]
pub struct ActorCritic {
    trunk: Vec<Linear>,
    policy: Linear,
    value: Linear,
    #[module(skip)]
    activation: Activation,
}

/// Zeroes units of the hidden layers at random while training (Srivastava et al., 2014).
pub struct Dropout<'a> {
    /// Probability that a unit is dropped, in `[0, 1)`.
    pub prob: f64,
    /// Our own generator; Burn's is one for the whole process.
    pub rng: &'a mut Rng,
}

impl ActorCritic {
    /// A network with the given weights; `device` decides whether gradients are followed.
    pub fn new(weights: &Weights, device: &Device) -> Self {
        Self {
            trunk: weights
                .trunk
                .iter()
                .map(|layer| linear(layer, device))
                .collect(),
            policy: linear(&weights.policy, device),
            value: linear(&weights.value, device),
            activation: weights.activation,
        }
    }

    /// Copies the weights out.
    pub fn weights(&self) -> Weights {
        Weights {
            activation: self.activation,
            trunk: self.trunk.iter().map(dense).collect(),
            policy: dense(&self.policy),
            value: dense(&self.value),
        }
    }

    /// Both heads for `one_hot`, `batch x n_columns` of zeros and ones (see [`one_hot`]): per row
    /// `n_actions` logits, before masking, and the value.
    pub fn forward(&self, one_hot: Tensor<2>) -> Tensor<2> {
        self.forward_with(one_hot, None)
    }

    /// As [`forward`](Self::forward), with units dropped from every hidden layer.
    pub fn forward_with(&self, one_hot: Tensor<2>, mut dropout: Option<Dropout<'_>>) -> Tensor<2> {
        let mut x = one_hot;
        for layer in &self.trunk {
            x = layer.forward(x);
            x = match self.activation {
                Activation::Relu => activation::relu(x),
                Activation::Tanh => activation::tanh(x),
            };
            if let Some(dropout) = &mut dropout {
                x = dropout.apply(x);
            }
        }
        // One product for both heads: a single column would cost as much as 24.
        let weight = Tensor::cat(vec![self.policy.weight.val(), self.value.weight.val()], 1);
        let bias = [&self.policy, &self.value]
            .map(|head| head.bias.as_ref().expect("every layer has a bias").val());
        tensor::module::linear(x, weight, Some(Tensor::cat(bias.to_vec(), 0)))
    }
}

impl Dropout<'_> {
    /// What the next `n` units are multiplied by: 0 or, to keep the mean, `1 / (1 - prob)`.
    pub(crate) fn factors(&mut self, n: usize) -> Vec<f32> {
        let keep = (1.0 / (1.0 - self.prob)) as f32;
        let limit = (self.prob * 2f64.powi(32)) as u64;
        let mut drops = || self.rng.next_u64() >> 32 < limit;
        (0..n).map(|_| if drops() { 0.0 } else { keep }).collect()
    }

    fn apply(&mut self, x: Tensor<2>) -> Tensor<2> {
        let shape = x.dims();
        let factors = TensorData::new(self.factors(shape[0] * shape[1]), shape);
        let device = x.device();
        x * Tensor::from_data(factors, &device)
    }
}

/// The processor backend that all learners use by default, named so that no environment variable
/// chooses another one; add `.autodiff()` to train.
pub fn device() -> Device {
    Device::flex()
}

/// Codes of `n_rows` observations as `n_rows x n_columns` zeros and ones.
///
/// `offsets` are the layout's [`one_hot_offsets`](offhook_env::belief::layout::Layout::one_hot_offsets).
pub fn one_hot(codes: &[u8], offsets: &[u32]) -> TensorData {
    let n_features = offsets.len() - 1;
    let n_columns = offsets[n_features] as usize;
    let n_rows = codes.len() / n_features;
    let mut columns = vec![0.0f32; n_rows * n_columns];
    for (row, codes) in columns
        .chunks_exact_mut(n_columns)
        .zip(codes.chunks_exact(n_features))
    {
        for (&offset, &code) in offsets.iter().zip(codes) {
            row[offset as usize + code as usize] = 1.0;
        }
    }
    TensorData::new(columns, [n_rows, n_columns])
}

/// The numbers of a tensor on the processor, row by row.
pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .try_into_vec_as::<f32>()
        .expect("a float tensor reads as f32")
}

fn linear(layer: &Dense, device: &Device) -> Linear {
    let weight = TensorData::new(layer.weight.clone(), [layer.n_in, layer.n_out]);
    let bias = TensorData::new(layer.bias.clone(), [layer.n_out]);
    Linear {
        weight: Param::from_data(weight, device),
        bias: Some(Param::from_data(bias, device)),
    }
}

fn dense(layer: &Linear) -> Dense {
    let weight = layer.weight.val();
    let [n_in, n_out] = weight.dims();
    let bias = layer.bias.as_ref().expect("every layer has a bias").val();
    Dense {
        n_in,
        n_out,
        weight: numbers(weight),
        bias: numbers(bias),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::weights::NetworkConfig;
    use crate::testing::layout;
    use offhook_env::rng::{Stream, derive};

    #[test]
    fn weights_survive_a_visit_to_burn() {
        let weights = Weights::initial(&NetworkConfig::default(), &layout(&[3, 5], 4), 1);
        assert_eq!(ActorCritic::new(&weights, &device()).weights(), weights);
        assert_eq!(
            ActorCritic::new(&weights, &device().autodiff()).weights(),
            weights
        );
    }

    #[test]
    fn one_hot_puts_a_one_per_feature() {
        let rows = one_hot(&[2, 0, 0, 1], &[0, 3, 5]);
        let expected: Vec<f32> = vec![0., 0., 1., 1., 0., 1., 0., 0., 0., 1.];
        assert_eq!(rows, TensorData::new(expected, [2, 5]));
    }

    #[test]
    fn dropout_keeps_the_mean() {
        let mut rng = derive(1, Stream::Shuffle, 0);
        let mut dropout = Dropout {
            prob: 0.25,
            rng: &mut rng,
        };
        let kept = numbers(dropout.apply(Tensor::ones([100, 100], &device())));
        let mean = kept.iter().sum::<f32>() / 1e4;
        // 4 standard errors: 4 * sqrt(p / (1 - p) / n).
        assert!(
            (mean - 1.0).abs() < 4.0 * (0.25f32 / 0.75 / 1e4).sqrt(),
            "{mean}"
        );
    }
}
