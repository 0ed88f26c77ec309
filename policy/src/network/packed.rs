//! The layers of an actor-critic in blocks of outputs, as the vector code of this crate wants them.

use std::ops::Range;

use crate::network::simd::{Block, LANES};
use crate::network::weights::{Dense, Weights};

/// A layer in blocks of [`LANES`] outputs, the last one filled up with zeros.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub n_in: usize,
    /// `n_blocks x n_in`.
    pub weight: Vec<Block>,
    /// `n_blocks`.
    pub bias: Vec<Block>,
}

impl Packed {
    /// Layers with the same inputs, side by side.
    pub fn new(layers: &[&Dense]) -> Self {
        let n_in = layers[0].n_in;
        let n_out: usize = layers.iter().map(|layer| layer.n_out).sum();
        let mut packed = Self::zeros(n_in, n_out);
        let outputs = layers
            .iter()
            .flat_map(|layer| (0..layer.n_out).map(move |o| (layer, o)));
        for (out, (layer, o)) in outputs.enumerate() {
            packed.bias[out / LANES][out % LANES] = layer.bias[o];
            for i in 0..n_in {
                packed.weight[out / LANES * n_in + i][out % LANES] =
                    layer.weight[i * layer.n_out + o];
            }
        }
        packed
    }

    /// A layer of zeros.
    pub fn zeros(n_in: usize, n_out: usize) -> Self {
        let n_blocks = n_out.div_ceil(LANES);
        Self {
            n_in,
            weight: vec![[0.0; LANES]; n_blocks * n_in],
            bias: vec![[0.0; LANES]; n_blocks],
        }
    }

    /// Zeros in the shape of this layer.
    pub fn zeros_like(&self) -> Self {
        Self::zeros(self.n_in, self.n_blocks() * LANES)
    }

    /// Blocks of outputs.
    pub fn n_blocks(&self) -> usize {
        self.bias.len()
    }

    /// Some of the outputs as a layer of their own.
    pub fn unpack(&self, outputs: Range<usize>) -> Dense {
        let weight = |i: usize, o: usize| self.weight[o / LANES * self.n_in + i][o % LANES];
        let bias = outputs.clone().map(|o| self.bias[o / LANES][o % LANES]);
        Dense {
            n_in: self.n_in,
            n_out: outputs.len(),
            bias: bias.collect(),
            weight: (0..self.n_in)
                .flat_map(|i| outputs.clone().map(move |o| weight(i, o)))
                .collect(),
        }
    }

    /// Writes the transposed weight into `out`, which takes what this layer gives, all blocks of it.
    pub fn transpose_into(&self, out: &mut Packed) {
        for (o_block, weight) in self.weight.chunks_exact(self.n_in).enumerate() {
            for (i, weight) in weight.iter().enumerate() {
                let outputs = &mut out.weight[i / LANES * out.n_in + o_block * LANES..][..LANES];
                for (out, w) in outputs.iter_mut().zip(weight) {
                    out[i % LANES] = *w;
                }
            }
        }
    }
}

/// The layers of `weights` in order: the trunk and, last, both heads side by side.
pub(crate) fn pack(weights: &Weights) -> Vec<Packed> {
    let trunk = weights.trunk.iter().map(|layer| Packed::new(&[layer]));
    let heads = Packed::new(&[&weights.policy, &weights.value]);
    trunk.chain([heads]).collect()
}

/// Copies packed layers into `weights`, which have their shape.
pub(crate) fn unpack(layers: &[Packed], weights: &mut Weights) {
    let n_actions = weights.policy.n_out;
    let (heads, trunk) = layers.split_last().expect("every network has heads");
    for (packed, layer) in trunk.iter().zip(&mut weights.trunk) {
        *layer = packed.unpack(0..layer.n_out);
    }
    weights.policy = heads.unpack(0..n_actions);
    weights.value = heads.unpack(n_actions..n_actions + 1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::weights::NetworkConfig;
    use crate::testing::layout;

    #[test]
    fn packed_weights_unpack_to_the_same() {
        let config = NetworkConfig {
            hidden: vec![5, 33],
            ..Default::default()
        };
        let weights = Weights::initial(&config, &layout(&[3, 2], 16), 1);
        let mut unpacked = Weights::initial(&config, &layout(&[3, 2], 16), 2);
        unpack(&pack(&weights), &mut unpacked);
        assert_eq!(unpacked, weights);
    }

    #[test]
    fn transposing_twice_changes_nothing() {
        let config = NetworkConfig {
            hidden: vec![32, 48],
            ..Default::default()
        };
        let layer = &pack(&Weights::initial(&config, &layout(&[3], 2), 1))[1];
        let mut transposed = Packed::zeros(48, 32);
        layer.transpose_into(&mut transposed);
        assert_eq!(transposed.weight[7][3], layer.weight[3][7]);
        let mut twice = layer.zeros_like();
        transposed.transpose_into(&mut twice);
        assert_eq!(twice.weight, layer.weight);
    }
}
