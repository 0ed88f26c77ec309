//! The actor-critic without Burn: weights copied out, one observation in about a microsecond.
//!
//! One-hot columns times a matrix is a sum of matrix rows, so the first layer adds one row per
//! feature; later layers are dense products over blocks of outputs that the compiler keeps in
//! vector registers.

use macerator::Simd;
use offhook_env::action::{ActionId, ActionMask, MAX_ACTIONS};
use offhook_env::belief::layout::Layout;
use offhook_env::policy::{Observation, Policy, arg_max, draw};

use crate::network::objective::Softmax;
use crate::network::packed::{Packed, pack};
use crate::network::simd::{Block, LANES, activate, multiply, sum_rows};
use crate::network::weights::{Activation, MAX_HIDDEN, Weights};

/// Most blocks of outputs of a hidden layer.
const HIDDEN_BLOCKS: usize = MAX_HIDDEN.div_ceil(LANES);
/// Blocks of the logits and, behind them, the value.
const HEAD_BLOCKS: usize = (MAX_ACTIONS + 1).div_ceil(LANES);
/// Observations worked on together, so that what they leave stays in the first-level cache.
const STRIP: usize = 48;
/// Outputs of both heads, filled up with zeros.
type Heads = [f32; HEAD_BLOCKS * LANES];

/// An actor-critic that runs on plain numbers; allocates nothing per decision.
#[derive(Clone, Debug)]
pub struct FusedPolicy {
    /// First one-hot column of every feature.
    offsets: Vec<u32>,
    n_actions: usize,
    activation: Activation,
    /// The trunk and, last, both heads side by side.
    layers: Vec<Packed>,
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
            layers: pack(weights),
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
        self.decision(&self.heads(observation.codes), observation.mask, uniform)
    }

    /// [`decide`](Self::decide) for many observations, row by row, which takes half the time;
    /// `uniform` gives the draw of a row, `each` takes its decision.
    ///
    /// # Panics
    /// If `codes` are not those of `masks.len()` observations.
    pub fn decide_batch(
        &self,
        codes: &[u8],
        masks: &[ActionMask],
        uniform: impl Fn(usize) -> f32,
        mut each: impl FnMut(usize, Decision),
    ) {
        assert_eq!(codes.len(), masks.len() * self.n_features());
        self.heads_batch(codes, |row, heads| {
            each(row, self.decision(heads, masks[row], uniform(row)));
        });
    }

    fn decision(&self, heads: &[f32], mask: ActionMask, uniform: f32) -> Decision {
        let softmax = Softmax::new(&heads[..self.n_actions], mask);
        let action = draw(&softmax.probs[..self.n_actions], mask, uniform);
        Decision {
            action,
            log_prob: softmax.log_probs[action as usize],
            value: heads[self.n_actions],
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
        self.heads_batch(codes, |row, heads| {
            let softmax = Softmax::new(&heads[..self.n_actions], masks[row]);
            let probs = &mut probs[row * self.n_actions..][..self.n_actions];
            probs.copy_from_slice(&softmax.probs[..self.n_actions]);
            values[row] = heads[self.n_actions];
        });
    }

    /// Calls `each` with every row and its logits and, behind them, the value.
    fn heads_batch(&self, codes: &[u8], mut each: impl FnMut(usize, &[f32])) {
        let widths = self.layers.iter().map(Packed::n_blocks);
        let mut x = vec![[0.0; LANES]; STRIP * widths.max().unwrap_or(0)];
        let (mut y, mut heads) = (x.clone(), x.clone());
        let n_blocks = self.layers[self.layers.len() - 1].n_blocks();
        let strips = codes.chunks(STRIP * self.n_features());
        for (strip, codes) in strips.enumerate() {
            let heads = &mut heads[..codes.len() / self.n_features() * n_blocks];
            forward(self, codes, &mut x, &mut y, heads);
            for (row, heads) in heads.chunks_exact(n_blocks).enumerate() {
                let heads = &heads.as_flattened()[..self.n_actions + 1];
                each(strip * STRIP + row, heads);
            }
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
    fn heads(&self, codes: &[u8]) -> Heads {
        let mut heads = [[0.0; LANES]; HEAD_BLOCKS];
        let n_blocks = self.layers[self.layers.len() - 1].n_blocks();
        let (mut x, mut y) = ([[0.0; LANES]; HIDDEN_BLOCKS], [[0.0; LANES]; HIDDEN_BLOCKS]);
        forward(self, codes, &mut x, &mut y, &mut heads[..n_blocks]);
        let mut flat = [0.0; HEAD_BLOCKS * LANES];
        flat.copy_from_slice(heads.as_flattened());
        flat
    }
}

/// Both heads for some rows of codes; `x` and `y` are room for the widest hidden layer, `heads`
/// takes all its blocks of every row.
#[macerator::with_simd]
fn forward<S: Simd>(
    policy: &FusedPolicy,
    codes: &[u8],
    x: &mut [Block],
    y: &mut [Block],
    heads: &mut [Block],
) {
    let (mut x, mut y) = (x, y);
    let n_rows = codes.len() / policy.n_features();
    let n_layers = policy.layers.len();
    let mut width = 0;
    for (l, layer) in policy.layers.iter().enumerate() {
        let is_last = l + 1 == n_layers;
        let out = match is_last {
            true => &mut *heads,
            false => &mut y[..n_rows * layer.n_blocks()],
        };
        match l {
            0 => sum_rows(&policy.offsets, codes, &layer.weight, &layer.bias, out),
            _ => {
                let x = &x[..n_rows * width];
                multiply(
                    x.as_flattened(),
                    width * LANES,
                    &layer.weight,
                    &layer.bias,
                    out,
                );
            }
        }
        if !is_last {
            activate(policy.activation, out);
        }
        width = layer.n_blocks();
        std::mem::swap(&mut x, &mut y);
    }
}

impl Policy for FusedPolicy {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        let logits = &self.heads(observation.codes)[..self.n_actions];
        out.copy_from_slice(&Softmax::new(logits, observation.mask).probs[..self.n_actions]);
    }

    fn best(&self, observation: Observation<'_>, n_actions: usize) -> ActionId {
        arg_max(
            &self.heads(observation.codes)[..n_actions],
            observation.mask,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::actor_critic::{ActorCritic, device, numbers, one_hot};
    use crate::network::objective::Softmax;
    use crate::network::weights::NetworkConfig;
    use crate::testing::{layout, observations};
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
