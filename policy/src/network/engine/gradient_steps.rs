//! The interface of an engine: forward, then backward, and what it learned.

use crate::network::actor_critic::Dropout;
use crate::network::inputs::Inputs;
use crate::network::optimizer::Moments;
use crate::network::weights::Weights;

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
