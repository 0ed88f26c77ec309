//! What computes gradient steps of the actor-critic: Burn, or one fused update on the processor.

mod burn;
mod fused;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::network::actor_critic::Dropout;
use crate::network::optimizer::{Moments, OptimizerConfig};
use crate::network::trainer::Inputs;
use crate::network::weights::Weights;

/// Choice of what computes gradient steps. Both compute the same up to rounding, and either goes on
/// from a checkpoint of the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Burn's tensors, automatic gradients and Adam: the reference, and the way to a GPU.
    Burn,
    /// Forward, backward and Adam written out for this one network on one core; the default, since
    /// it is several times faster.
    #[default]
    Fused,
}

impl Engine {
    /// Starts from `weights`: with the given moments, one per parameter in the order of
    /// [`Weights::layers`], weight before bias, or with none taken.
    pub(crate) fn start(
        weights: &Weights,
        config: OptimizerConfig,
        moments: Option<&[Moments]>,
    ) -> Box<dyn GradientSteps> {
        match config.engine {
            Engine::Burn => Box::new(burn::BurnEngine::new(weights, config, moments)),
            Engine::Fused => Box::new(fused::FusedEngine::new(weights, config, moments)),
        }
    }
}

/// A network and its optimizer; a step is a [`forward`](Self::forward), then a
/// [`backward`](Self::backward).
pub(crate) trait GradientSteps: Send {
    /// The outputs for some rows of `inputs`: `n_actions` logits and a value each.
    fn forward(&mut self, inputs: &Inputs, rows: &[u32], dropout: Option<Dropout<'_>>) -> &[f32];

    /// Moves the weights against `gradient`, that of the outputs of the last forward; returns the
    /// norm of the whole network's gradient before it was bounded. If that is not finite, the
    /// weights stay as they were.
    fn backward(&mut self, gradient: &[f32], learning_rate: f64) -> f32;

    /// Copies the weights out.
    fn weights(&self) -> Weights;

    /// Copies the optimizer's moments out.
    fn moments(&self) -> Vec<Moments>;
}
