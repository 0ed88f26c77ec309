//! The actor-critic without Burn: weights copied out, one observation in about a microsecond.
//!
//! One-hot columns times a matrix is a sum of matrix rows, so the first layer adds one row per
//! feature; later layers are dense products over blocks of 32 outputs that the compiler keeps in
//! vector registers.

use offhook_env::action::{ActionId, ActionMask, MAX_ACTIONS};
use offhook_env::layout::Layout;
use offhook_env::policy::{Observation, Policy, arg_max, draw};

use crate::weights::{Activation, Dense, MAX_HIDDEN, Weights};

/// Outputs computed together.
const LANES: usize = 32;
/// Room for the outputs of a layer.
const SCRATCH: usize = MAX_HIDDEN.next_multiple_of(LANES);
/// Room for the logits and, behind them, the value.
const HEADS: usize = (MAX_ACTIONS + 1).next_multiple_of(LANES);

/// A layer in blocks of [`LANES`] outputs, the last one filled up with zeros.
#[derive(Clone, Debug)]
struct Blocked {
    n_in: usize,
    /// `n_blocks x n_in x LANES`.
    weight: Vec<f32>,
    /// `n_blocks x LANES`.
    bias: Vec<f32>,
}

/// An actor-critic that runs on plain numbers; allocates nothing per decision.
#[derive(Clone, Debug)]
pub struct FusedPolicy {
    /// First one-hot column of every feature.
    offsets: Vec<u32>,
    n_actions: usize,
    activation: Activation,
    trunk: Vec<Blocked>,
    /// Policy and value head side by side.
    heads: Blocked,
}

/// One decision with what learning needs to know about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The action drawn.
    pub action: ActionId,
    /// Natural logarithm of its probability.
    pub log_prob: f32,
    /// Value of the observation, in the reward units of the learner.
    pub value: f32,
}

impl FusedPolicy {
    /// Copies `weights`, which must have been made for `layout`.
    ///
    /// # Panics
    /// If the numbers of columns or actions differ; [`crate::checkpoint`] checks files before.
    pub fn new(weights: &Weights, layout: &Layout) -> Self {
        let offsets = layout.one_hot_offsets();
        let first = weights.trunk.first().unwrap_or(&weights.policy);
        assert_eq!(
            first.n_in,
            offsets[layout.n_features()] as usize,
            "columns of the layout"
        );
        assert_eq!(
            weights.policy.n_out,
            layout.n_actions(),
            "actions of the layout"
        );
        Self {
            offsets,
            n_actions: layout.n_actions(),
            activation: weights.activation,
            trunk: weights
                .trunk
                .iter()
                .map(|layer| Blocked::new(&[layer]))
                .collect(),
            heads: Blocked::new(&[&weights.policy, &weights.value]),
        }
    }

    /// Number of actions.
    pub fn n_actions(&self) -> usize {
        self.n_actions
    }

    /// Length of an observation's codes.
    pub fn n_features(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Draws an action at `uniform` in `[0, 1)`.
    pub fn decide(&self, observation: Observation<'_>, uniform: f32) -> Decision {
        let mut heads = self.heads(observation.codes);
        let value = heads[self.n_actions];
        let logits = heads;
        let log_sum = softmax(&mut heads[..self.n_actions], observation.mask);
        let action = draw(&heads[..self.n_actions], observation.mask, uniform);
        Decision {
            action,
            log_prob: logits[action as usize] - log_sum,
            value,
        }
    }

    /// The value of an observation, in the reward units of the learner.
    pub fn value(&self, codes: &[u8]) -> f32 {
        self.heads(codes)[self.n_actions]
    }

    /// Probabilities (`n x n_actions`) and values (`n`) of many observations, row by row.
    ///
    /// # Panics
    /// If the lengths do not agree with `masks.len()` observations.
    pub fn forward_batch(
        &self,
        codes: &[u8],
        masks: &[ActionMask],
        probs: &mut [f32],
        values: &mut [f32],
    ) {
        assert_eq!(codes.len(), masks.len() * self.n_features());
        assert_eq!(
            (probs.len(), values.len()),
            (masks.len() * self.n_actions, masks.len())
        );
        let rows = codes.chunks_exact(self.n_features()).zip(masks);
        let outs = probs.chunks_exact_mut(self.n_actions).zip(values);
        for ((codes, mask), (probs, value)) in rows.zip(outs) {
            let heads = self.heads(codes);
            probs.copy_from_slice(&heads[..self.n_actions]);
            softmax(probs, *mask);
            *value = heads[self.n_actions];
        }
    }

    /// Writes the logits and, behind them, the value, `n_actions + 1` numbers.
    ///
    /// # Panics
    /// If `out` has another length.
    pub fn outputs(&self, codes: &[u8], out: &mut [f32]) {
        out.copy_from_slice(&self.heads(codes)[..=self.n_actions]);
    }

    /// The logits and, behind them, the value.
    fn heads(&self, codes: &[u8]) -> [f32; HEADS] {
        let mut heads = [0.0; HEADS];
        let Some((first, rest)) = self.trunk.split_first() else {
            self.heads.sum_rows(&self.offsets, codes, &mut heads);
            return heads;
        };
        let (mut x, mut y) = ([0.0; SCRATCH], [0.0; SCRATCH]);
        first.sum_rows(&self.offsets, codes, &mut x);
        self.activate(&mut x[..first.bias.len()]);
        for layer in rest {
            layer.multiply(&x, &mut y);
            self.activate(&mut y[..layer.bias.len()]);
            std::mem::swap(&mut x, &mut y);
        }
        self.heads.multiply(&x, &mut heads);
        heads
    }

    fn activate(&self, x: &mut [f32]) {
        match self.activation {
            Activation::Relu => x.iter_mut().for_each(|x| *x = x.max(0.0)),
            Activation::Tanh => x.iter_mut().for_each(|x| *x = x.tanh()),
        }
    }
}

impl Policy for FusedPolicy {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        out.copy_from_slice(&self.heads(observation.codes)[..self.n_actions]);
        softmax(out, observation.mask);
    }

    fn best(&self, observation: Observation<'_>, n_actions: usize) -> ActionId {
        arg_max(
            &self.heads(observation.codes)[..n_actions],
            observation.mask,
        )
    }
}

impl Blocked {
    /// Layers with the same inputs, side by side.
    fn new(layers: &[&Dense]) -> Self {
        let n_in = layers[0].n_in;
        let n_out: usize = layers.iter().map(|layer| layer.n_out).sum();
        let n_blocks = n_out.div_ceil(LANES);
        let mut weight = vec![0.0; n_blocks * n_in * LANES];
        let mut bias = vec![0.0; n_blocks * LANES];
        let outputs = layers
            .iter()
            .flat_map(|layer| (0..layer.n_out).map(move |o| (layer, o)));
        for (out, (layer, o)) in outputs.enumerate() {
            bias[out] = layer.bias[o];
            for i in 0..n_in {
                weight[(out / LANES * n_in + i) * LANES + out % LANES] =
                    layer.weight[i * layer.n_out + o];
            }
        }
        Self { n_in, weight, bias }
    }

    /// The layer for the one-hot row that `codes` stand for.
    fn sum_rows(&self, offsets: &[u32], codes: &[u8], out: &mut [f32]) {
        let blocks = self.weight.chunks_exact(self.n_in * LANES);
        let bias = self.bias.chunks_exact(LANES);
        for ((weight, bias), out) in blocks.zip(bias).zip(out.chunks_exact_mut(LANES)) {
            let mut sum = lanes(bias);
            for (&offset, &code) in offsets.iter().zip(codes) {
                let row = &weight[(offset as usize + code as usize) * LANES..][..LANES];
                sum.iter_mut().zip(row).for_each(|(sum, w)| *sum += w);
            }
            out.copy_from_slice(&sum);
        }
    }

    /// The layer for inputs `x`, of which the first `n_in` count.
    fn multiply(&self, x: &[f32], out: &mut [f32]) {
        let blocks = self.weight.chunks_exact(self.n_in * LANES);
        let bias = self.bias.chunks_exact(LANES);
        for ((weight, bias), out) in blocks.zip(bias).zip(out.chunks_exact_mut(LANES)) {
            let mut sum = lanes(bias);
            for (row, &x) in weight.chunks_exact(LANES).zip(x) {
                sum.iter_mut().zip(row).for_each(|(sum, w)| *sum += x * w);
            }
            out.copy_from_slice(&sum);
        }
    }
}

fn lanes(bias: &[f32]) -> [f32; LANES] {
    bias.try_into().expect("a bias block has LANES entries")
}

/// Turns logits into probabilities over the allowed actions; returns the logarithm of the sum of
/// their exponentials, so that `logit - result` is a log-probability.
fn softmax(logits: &mut [f32], mask: ActionMask) -> f32 {
    let top = mask
        .iter()
        .map(|a| logits[a as usize])
        .fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (action, logit) in logits.iter_mut().enumerate() {
        *logit = if mask.allows(action as ActionId) {
            (*logit - top).exp()
        } else {
            0.0
        };
        sum += *logit;
    }
    logits.iter_mut().for_each(|prob| *prob /= sum);
    top + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{ActorCritic, device, numbers, one_hot};
    use crate::objective::Softmax;
    use crate::testing::{layout, observations};
    use crate::weights::NetworkConfig;
    use burn::tensor::Tensor;

    fn agrees_with_burn(hidden: &[usize], activation: Activation) {
        let layout = layout(&[8, 3, 16, 2, 5], 38);
        let config = NetworkConfig {
            hidden: hidden.to_vec(),
            activation,
        };
        let mut weights = Weights::initial(&config, &layout, 5);
        // Heads and biases away from zero, so that a mix-up would show.
        weights.policy.weight.iter_mut().for_each(|w| *w *= 200.0);
        for (_, layer) in weights.layers_mut() {
            layer
                .bias
                .iter_mut()
                .zip(0..)
                .for_each(|(b, k)| *b = 0.01 * (k % 7) as f32);
        }
        let (codes, masks) = observations(&layout, 200, 9);
        let fused = FusedPolicy::new(&weights, &layout);
        let (mut probs, mut values) = (vec![0.0; 200 * 38], vec![0.0; 200]);
        fused.forward_batch(&codes, &masks, &mut probs, &mut values);

        let columns = Tensor::from_data(one_hot(&codes, &layout.one_hot_offsets()), &device());
        let heads = numbers(ActorCritic::new(&weights, &device()).forward(columns));
        for (row, heads) in heads.chunks_exact(39).enumerate() {
            let expected = Softmax::new(&heads[..38], masks[row]).probs;
            let pairs = probs[row * 38..][..38].iter().zip(expected);
            for (found, expected) in pairs.chain([(&values[row], heads[38])]) {
                assert!((found - expected).abs() < 1e-5, "{found} {expected}");
            }
        }
    }

    #[test]
    fn the_fused_forward_agrees_with_burn() {
        agrees_with_burn(&[64, 64], Activation::Relu);
        agrees_with_burn(&[17, 130, 3], Activation::Tanh);
        agrees_with_burn(&[], Activation::Relu);
    }

    #[test]
    fn a_decision_reports_its_own_probability() {
        let layout = layout(&[4, 4], 6);
        let fused = FusedPolicy::new(
            &Weights::initial(&NetworkConfig::default(), &layout, 2),
            &layout,
        );
        let mask: ActionMask = [1, 4, 5].into_iter().collect();
        let seen = Observation {
            codes: &[3, 1],
            mask,
        };
        let mut probs = [0.0; 6];
        fused.probabilities(seen, &mut probs);
        assert_eq!(probs[0] + probs[2] + probs[3], 0.0);
        assert!((probs.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        for k in 0..10 {
            let decision = fused.decide(seen, k as f32 / 10.0);
            assert_eq!(decision.action, fused.sample(seen, 6, k as f32 / 10.0));
            assert!((decision.log_prob.exp() - probs[decision.action as usize]).abs() < 1e-6);
            assert_eq!(decision.value, fused.value(&[3, 1]));
        }
        assert_eq!(fused.best(seen, 6), arg_max(&probs, mask));
    }
}
