//! What computes gradient steps of the actor-critic: Burn, or one fused update on the processor.

mod burn;
mod fused;
pub(crate) mod gradient_steps;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::gradient_steps::GradientSteps;
use crate::network::optimizer::{Moments, OptimizerConfig};
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
        self,
        weights: &Weights,
        config: OptimizerConfig,
        moments: Option<&[Moments]>,
    ) -> Box<dyn GradientSteps> {
        match self {
            Engine::Burn => Box::new(burn::BurnEngine::new(weights, config, moments)),
            Engine::Fused => Box::new(fused::FusedEngine::new(weights, config, moments)),
        }
    }
}
