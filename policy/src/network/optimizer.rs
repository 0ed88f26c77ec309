//! Adam over a whole network, with a global bound on the gradient's norm and moments one can save.
//!
//! Burn clips every tensor on its own and keys its optimizer records by process-wide numbers; PPO
//! wants one norm for all, and an exact resume wants the same bytes from every process.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::{AdamW, AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer as _};
use burn::tensor::{Gradients, Tensor, TensorData};

use crate::network::actor_critic::{device, numbers};

/// Settings of the gradient steps that do not change while a learner runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerConfig {
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Share of every weight taken off per step and unit of learning rate, decoupled from the
    /// gradient (Loshchilov and Hutter, 2019, arXiv:1711.05101); 0 is plain Adam.
    pub weight_decay: f32,
    /// Longest gradient of the whole network; a longer one is scaled down to it.
    pub max_grad_norm: Option<f32>,
}

/// Decay of the mean of gradients per step (Kingma and Ba, 2015, algorithm 1).
pub(crate) const BETA_1: f32 = 0.9;
/// Decay of the mean of squared gradients per step (same source).
pub(crate) const BETA_2: f32 = 0.999;

/// Adam (Kingma and Ba, 2015) with its moments, one flat array per parameter.
pub struct Optimizer {
    adam: AdamW,
    max_grad_norm: Option<f32>,
    states: Vec<AdamWState<1>>,
}

/// The moments of one parameter, as saved in a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Steps taken.
    pub n_steps: u64,
    /// Running mean of the gradient, one entry per weight.
    pub first: Vec<f32>,
    /// Running mean of its square.
    pub second: Vec<f32>,
}

impl Optimizer {
    /// An optimizer for `network` that has taken no step.
    pub fn new<M: Module>(config: OptimizerConfig, network: &M) -> Self {
        let mut sizes = Sizes(Vec::new());
        network.visit(&mut sizes);
        let none = |&n: &usize| Moments {
            n_steps: 0,
            first: vec![0.0; n],
            second: vec![0.0; n],
        };
        Self::resume(config, &sizes.0.iter().map(none).collect::<Vec<_>>())
    }

    /// An optimizer that goes on from saved moments, one per parameter in visiting order.
    pub fn resume(config: OptimizerConfig, moments: &[Moments]) -> Self {
        let tensor = |values: &[f32]| {
            Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &device())
        };
        let state = |saved: &Moments| {
            let (first, second) = (tensor(&saved.first), tensor(&saved.second));
            AdamWState::new(AdaptiveMomentumState::new(
                saved.n_steps as usize,
                first,
                second,
            ))
        };
        let adam = AdamWConfig::new()
            .with_beta_1(BETA_1)
            .with_beta_2(BETA_2)
            .with_epsilon(config.epsilon)
            .with_weight_decay(config.weight_decay);
        Self {
            adam: adam.build(),
            max_grad_norm: config.max_grad_norm,
            states: moments.iter().map(state).collect(),
        }
    }

    /// Copies the moments out, one per parameter in visiting order.
    pub fn moments(&self) -> Vec<Moments> {
        let saved = |state: &AdamWState<1>| Moments {
            n_steps: state.momentum.time as u64,
            first: numbers(state.momentum.moment_1.clone()),
            second: numbers(state.momentum.moment_2.clone()),
        };
        self.states.iter().map(saved).collect()
    }

    /// Takes one step against `gradients`; returns the network and the norm of the gradient before
    /// it was bounded. Parameters that the loss did not touch stay as they are.
    pub fn step<M: Module>(
        &mut self,
        network: M,
        mut gradients: Gradients,
        learning_rate: f64,
    ) -> (M, f32) {
        let mut norm = SquaredNorm {
            gradients: &gradients,
            sum: 0.0,
        };
        network.visit(&mut norm);
        let norm = norm.sum.sqrt();
        let scale = clip_factor(norm, self.max_grad_norm);
        let mut step = Step {
            optimizer: self,
            gradients: &mut gradients,
            learning_rate,
            scale,
            at: 0,
        };
        (network.map(&mut step), norm)
    }
}

/// What a gradient of length `norm` is multiplied by so that it is no longer than `max`.
pub(crate) fn clip_factor(norm: f32, max: Option<f32>) -> Option<f32> {
    max.filter(|max| norm > *max).map(|max| max / (norm + 1e-6))
}

/// Collects how many numbers every parameter has.
struct Sizes(Vec<usize>);

impl ModuleVisitor for Sizes {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().dims().iter().product());
    }
}

/// Adds up the squares of all gradients.
struct SquaredNorm<'a> {
    gradients: &'a Gradients,
    sum: f32,
}

impl ModuleVisitor for SquaredNorm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            self.sum += gradient.square().sum().into_scalar::<f32>();
        }
    }
}

/// Moves every parameter one step.
struct Step<'a> {
    optimizer: &'a mut Optimizer,
    gradients: &'a mut Gradients,
    learning_rate: f64,
    scale: Option<f32>,
    at: usize,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let at = self.at;
        self.at += 1;
        let (id, tensor, mapper) = param.consume();
        let Some(gradient) = tensor.grad_remove(self.gradients) else {
            return Param::from_mapped_value(id, tensor, mapper);
        };
        let shape = tensor.dims();
        let len: usize = shape.iter().product();
        let gradient = gradient.reshape([len]);
        let gradient = match self.scale {
            Some(scale) => gradient.mul_scalar(scale),
            None => gradient,
        };
        let weights = tensor.inner().reshape([len]);
        let state = self.optimizer.states[at].clone();
        let (weights, state) =
            self.optimizer
                .adam
                .step(self.learning_rate, weights, gradient, Some(state));
        self.optimizer.states[at] = state.expect("adam keeps moments");
        let tensor = Tensor::<D>::from_inner(weights.reshape(shape)).require_grad();
        Param::from_mapped_value(id, tensor, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::actor_critic::{ActorCritic, one_hot};
    use crate::network::weights::{NetworkConfig, Weights};
    use crate::testing::layout;

    const CONFIG: OptimizerConfig = OptimizerConfig {
        epsilon: 1e-5,
        weight_decay: 0.0,
        max_grad_norm: None,
    };

    fn network() -> ActorCritic {
        let config = NetworkConfig {
            hidden: vec![4],
            ..Default::default()
        };
        ActorCritic::new(
            &Weights::initial(&config, &layout(&[3, 2], 2), 1),
            &device().autodiff(),
        )
    }

    fn gradients(network: &ActorCritic, scale: f32) -> Gradients {
        let columns = Tensor::from_data(one_hot(&[1, 0, 2, 1], &[0, 3, 5]), &device().autodiff());
        let outputs = network.forward(columns);
        outputs
            .slice([0..2, 1..3])
            .sum()
            .mul_scalar(scale)
            .backward()
    }

    #[test]
    fn the_first_step_moves_every_weight_by_the_learning_rate() {
        let before = network();
        let mut adam = Optimizer::new(CONFIG, &before);
        let grads = gradients(&before, 1.0);
        let (after, _) = adam.step(before.clone(), grads, 0.1);
        // The value's bias has gradient 2, and m / (sqrt(v) + eps) is 1 after one step.
        let moved = before.weights().value.bias[0] - after.weights().value.bias[0];
        assert!((moved - 0.1).abs() < 1e-5, "{moved}");
    }

    #[test]
    fn the_norm_is_taken_over_the_whole_network() {
        let network = network();
        let mut free = Optimizer::new(CONFIG, &network);
        let (_, norm) = free.step(network.clone(), gradients(&network, 1.0), 0.1);
        // After one step the first moment is a tenth of the gradient.
        let squares = free
            .moments()
            .into_iter()
            .flat_map(|m| m.first)
            .map(|m| 100.0 * m * m);
        let expected = squares.sum::<f32>().sqrt();
        assert!((norm - expected).abs() < 1e-4, "{norm} {expected}");

        let bound = OptimizerConfig {
            max_grad_norm: Some(norm / 2.0),
            ..CONFIG
        };
        let mut bounded = Optimizer::new(bound, &network);
        bounded.step(network.clone(), gradients(&network, 1.0), 0.1);
        let mut halved = Optimizer::new(CONFIG, &network);
        halved.step(network.clone(), gradients(&network, 0.5), 0.1);
        for (a, b) in bounded.moments().iter().zip(halved.moments()) {
            for (a, b) in a.first.iter().zip(b.first) {
                assert!((a - b).abs() < 1e-6, "{a} {b}");
            }
        }
    }

    #[test]
    fn saved_moments_go_on_as_if_never_saved() {
        let start = network();
        let mut adam = Optimizer::new(CONFIG, &start);
        let (network, _) = adam.step(start.clone(), gradients(&start, 1.0), 0.1);
        let mut resumed = Optimizer::resume(CONFIG, &adam.moments());
        let (a, _) = adam.step(network.clone(), gradients(&network, 2.0), 0.1);
        let (b, _) = resumed.step(network.clone(), gradients(&network, 2.0), 0.1);
        assert_eq!(a.weights(), b.weights());
        assert_eq!(adam.moments(), resumed.moments());
    }
}
