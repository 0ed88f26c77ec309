//! Gradient steps written out for the actor-critic: forward, backward, bounded norm, Adam.
//!
//! The first layer takes codes: forward adds one weight row per feature, backward adds to one
//! gradient row per feature. The others are register-tiled products. Rows are worked on in strips
//! whose activations stay in the first-level cache, one after the other on one core: results depend
//! on nothing but the arguments.

use macerator::Simd;

use super::gradient_steps::GradientSteps;
use crate::network::actor_critic::Dropout;
use crate::network::inputs::Inputs;
use crate::network::optimizer::{BETA_1, BETA_2, Moments, OptimizerConfig, clip_factor};
use crate::network::packed::{Packed, pack, unpack};
use crate::network::simd::{
    Block, LANES, activate, add_products, added, multiply, multiply_by_slope, scatter_rows,
    sum_rows,
};
use crate::network::weights::{Activation, Weights};

/// Rows of a strip: activations of a layer of 64 units take 12 kB.
const STRIP: usize = 48;

/// The network as packed layers, with all that a step writes to.
pub(super) struct FusedEngine {
    config: OptimizerConfig,
    /// Gives the shape and the activation; its numbers are those the engine started from.
    template: Weights,
    layers: Vec<Packed>,
    first_moments: Vec<Packed>,
    second_moments: Vec<Packed>,
    n_steps: u64,
    pass: Pass,
}

/// What a forward leaves for the backward after it, in buffers that are used again.
#[derive(Default)]
struct Pass {
    offsets: Vec<u32>,
    /// Codes of the minibatch, `n_rows x n_features`.
    codes: Vec<u8>,
    /// Outputs per layer, `n_rows x n_blocks`; hidden ones after activation and dropout.
    outputs: Vec<Vec<Block>>,
    /// Dropout factors per hidden layer in the shape of its outputs; empty without dropout.
    factors: Vec<Vec<Block>>,
    /// What takes the factor out of a kept output.
    kept_prob: f32,
    /// Outputs of both heads without padding, `n_rows x (n_actions + 1)`.
    heads: Vec<f32>,
    gradients: Vec<Packed>,
    transposed: Vec<Packed>,
}

impl FusedEngine {
    pub fn new(weights: &Weights, config: OptimizerConfig, moments: Option<&[Moments]>) -> Self {
        let layers = pack(weights);
        let zeros: Vec<Packed> = layers.iter().map(Packed::zeros_like).collect();
        let packed = |part: fn(&Moments) -> &Vec<f32>| match moments {
            Some(moments) => pack(&with_numbers(weights, moments, part)),
            None => zeros.clone(),
        };
        let transposed = layers
            .iter()
            .map(|layer| Packed::zeros(layer.n_blocks() * LANES, layer.n_in));
        Self {
            config,
            first_moments: packed(|m| &m.first),
            second_moments: packed(|m| &m.second),
            n_steps: moments.map_or(0, |moments| moments[0].n_steps),
            pass: Pass {
                outputs: vec![Vec::new(); layers.len()],
                transposed: transposed.collect(),
                gradients: zeros,
                ..Pass::default()
            },
            template: weights.clone(),
            layers,
        }
    }
}

/// Weights whose numbers are one part of the moments.
fn with_numbers(
    template: &Weights,
    moments: &[Moments],
    part: fn(&Moments) -> &Vec<f32>,
) -> Weights {
    let mut weights = template.clone();
    for ((_, layer), moments) in weights.layers_mut().zip(moments.chunks_exact(2)) {
        layer.weight.clone_from(part(&moments[0]));
        layer.bias.clone_from(part(&moments[1]));
    }
    weights
}

impl GradientSteps for FusedEngine {
    fn forward(&mut self, inputs: &Inputs, rows: &[u32], dropout: Option<Dropout<'_>>) -> &[f32] {
        let pass = &mut self.pass;
        pass.offsets.clear();
        pass.offsets.extend_from_slice(inputs.offsets());
        pass.codes.clear();
        rows.iter()
            .for_each(|row| pass.codes.extend_from_slice(inputs.codes(*row)));
        for (layer, outputs) in self.layers.iter().zip(&mut pass.outputs) {
            outputs.resize(rows.len() * layer.n_blocks(), [0.0; LANES]);
        }
        pass.factors.clear();
        pass.kept_prob = dropout.as_ref().map_or(1.0, |d| (1.0 - d.prob) as f32);
        if let Some(mut dropout) = dropout {
            let hidden = self.template.trunk.iter();
            let factors = hidden.map(|layer| {
                let factors = dropout.factors(rows.len() * layer.n_out);
                padded(&factors, layer.n_out)
            });
            pass.factors.extend(factors);
        }
        forward(&self.layers, self.template.activation, pass);

        let width = self.template.policy.n_out + 1;
        pass.heads.clear();
        let padded = self.layers[self.layers.len() - 1].n_blocks() * LANES;
        let outputs = pass.outputs[self.layers.len() - 1].as_flattened();
        for row in outputs.chunks_exact(padded) {
            pass.heads.extend_from_slice(&row[..width]);
        }
        &pass.heads
    }

    fn backward(&mut self, gradient: &[f32], learning_rate: f64) -> f32 {
        let gradient = padded(gradient, self.template.policy.n_out + 1);
        for (layer, transposed) in self.layers.iter().zip(&mut self.pass.transposed).skip(1) {
            layer.transpose_into(transposed);
        }
        let norm = backward(self.template.activation, &gradient, &mut self.pass);
        if norm.is_finite() {
            self.n_steps += 1;
            let step = Step::new(&self.config, self.n_steps, norm, learning_rate);
            let moments = self.first_moments.iter_mut().zip(&mut self.second_moments);
            let layers = self.layers.iter_mut().zip(&self.pass.gradients);
            for ((layer, gradient), (first, second)) in layers.zip(moments) {
                let (w, g) = (&mut layer.weight, &gradient.weight);
                adam(step, w, g, &mut first.weight, &mut second.weight);
                let (w, g) = (&mut layer.bias, &gradient.bias);
                adam(step, w, g, &mut first.bias, &mut second.bias);
            }
        }
        norm
    }

    fn weights(&self) -> Weights {
        let mut weights = self.template.clone();
        unpack(&self.layers, &mut weights);
        weights
    }

    fn moments(&self) -> Vec<Moments> {
        let (mut first, mut second) = (self.template.clone(), self.template.clone());
        unpack(&self.first_moments, &mut first);
        unpack(&self.second_moments, &mut second);
        let moments = |first: &[f32], second: &[f32]| Moments {
            n_steps: self.n_steps,
            first: first.to_vec(),
            second: second.to_vec(),
        };
        let layers = first.layers().zip(second.layers());
        layers
            .flat_map(|((_, a), (_, b))| [moments(&a.weight, &b.weight), moments(&a.bias, &b.bias)])
            .collect()
    }
}

/// Rows of `width` numbers, each filled up with zeros to whole blocks.
fn padded(rows: &[f32], width: usize) -> Vec<Block> {
    let n_blocks = width.div_ceil(LANES);
    let mut blocks = vec![[0.0; LANES]; rows.len() / width * n_blocks];
    let targets = blocks.as_flattened_mut().chunks_exact_mut(n_blocks * LANES);
    for (target, row) in targets.zip(rows.chunks_exact(width)) {
        target[..width].copy_from_slice(row);
    }
    blocks
}

/// Fills the outputs of every layer from the codes.
#[macerator::with_simd]
fn forward<S: Simd>(layers: &[Packed], activation: Activation, pass: &mut Pass) {
    let n_features = pass.offsets.len() - 1;
    let n_rows = pass.codes.len() / n_features;
    for start in (0..n_rows).step_by(STRIP) {
        let rows = start..n_rows.min(start + STRIP);
        let codes = &pass.codes[rows.start * n_features..rows.end * n_features];
        for (l, layer) in layers.iter().enumerate() {
            let n_blocks = layer.n_blocks();
            let strip = rows.start * n_blocks..rows.end * n_blocks;
            let (before, here) = pass.outputs.split_at_mut(l);
            let out = &mut here[0][strip.clone()];
            match before.last() {
                None => sum_rows(&pass.offsets, codes, &layer.weight, &layer.bias, out),
                Some(x) => {
                    let width = layers[l - 1].n_blocks();
                    let x = x[rows.start * width..rows.end * width].as_flattened();
                    multiply(x, width * LANES, &layer.weight, &layer.bias, out);
                }
            }
            if l + 1 < layers.len() {
                activate(activation, out);
            }
            if let Some(factors) = pass.factors.get(l) {
                multiply_all(out, &factors[strip]);
            }
        }
    }
}

/// Fills the gradients of all layers from `gradient`, that of both heads; returns their norm.
#[macerator::with_simd]
fn backward<S: Simd>(activation: Activation, gradient: &[Block], pass: &mut Pass) -> f32 {
    for layer in &mut pass.gradients {
        layer.weight.fill([0.0; LANES]);
        layer.bias.fill([0.0; LANES]);
    }
    let n_features = pass.offsets.len() - 1;
    let n_rows = pass.codes.len() / n_features;
    let n_layers = pass.gradients.len();
    let widest = pass
        .gradients
        .iter()
        .map(Packed::n_blocks)
        .max()
        .unwrap_or(0);
    let mut dy = vec![[0.0; LANES]; STRIP * widest];
    let mut dx = dy.clone();
    for start in (0..n_rows).step_by(STRIP) {
        let rows = start..n_rows.min(start + STRIP);
        let codes = &pass.codes[rows.start * n_features..rows.end * n_features];
        let n_heads = pass.gradients[n_layers - 1].n_blocks();
        dy[..rows.len() * n_heads]
            .copy_from_slice(&gradient[rows.start * n_heads..rows.end * n_heads]);
        for l in (0..n_layers).rev() {
            let layer = &mut pass.gradients[l];
            let n_blocks = layer.n_blocks();
            let dy_rows = &dy[..rows.len() * n_blocks];
            for dy in dy_rows.chunks_exact(n_blocks) {
                layer
                    .bias
                    .iter_mut()
                    .zip(dy)
                    .for_each(|(b, dy)| *b = added(*b, dy));
            }
            if l == 0 {
                scatter_rows(&pass.offsets, codes, dy_rows, n_blocks, &mut layer.weight);
                break;
            }
            let width = pass.transposed[l].n_blocks();
            let strip = rows.start * width..rows.end * width;
            let x = &pass.outputs[l - 1][strip.clone()];
            add_products(
                x.as_flattened(),
                width * LANES,
                dy_rows,
                n_blocks,
                &mut layer.weight,
            );
            let back = &pass.transposed[l];
            let dx_rows = &mut dx[..rows.len() * width];
            let dy_rows = dy_rows.as_flattened();
            multiply(dy_rows, n_blocks * LANES, &back.weight, &back.bias, dx_rows);
            multiply_by_slope(activation, x, pass.kept_prob, dx_rows);
            if let Some(factors) = pass.factors.get(l - 1) {
                multiply_all(dx_rows, &factors[strip]);
            }
            std::mem::swap(&mut dx, &mut dy);
        }
    }
    let mut squares = [0.0; LANES];
    for layer in &pass.gradients {
        for block in layer.weight.iter().chain(&layer.bias) {
            squares.iter_mut().zip(block).for_each(|(s, g)| *s += g * g);
        }
    }
    squares.iter().sum::<f32>().sqrt()
}

#[inline(always)]
fn multiply_all(x: &mut [Block], factors: &[Block]) {
    let pairs = x.as_flattened_mut().iter_mut().zip(factors.as_flattened());
    pairs.for_each(|(x, factor)| *x *= factor);
}

/// What one step of Adam does to every weight.
#[derive(Clone, Copy)]
struct Step {
    /// Bounds the gradient's norm.
    scale: f32,
    /// Share of the weight that stays (Loshchilov and Hutter, 2019).
    keep: f32,
    /// Corrections of the moments, which start at 0.
    correct_1: f32,
    correct_2: f32,
    epsilon: f32,
    learning_rate: f32,
}

impl Step {
    fn new(config: &OptimizerConfig, n_steps: u64, norm: f32, learning_rate: f64) -> Self {
        let n_steps = n_steps.min(i32::MAX as u64) as i32;
        Self {
            scale: clip_factor(norm, config.max_grad_norm).unwrap_or(1.0),
            keep: (1.0 - learning_rate * f64::from(config.weight_decay)) as f32,
            correct_1: 1.0 / (1.0 - BETA_1.powi(n_steps)),
            correct_2: 1.0 / (1.0 - BETA_2.powi(n_steps)),
            epsilon: config.epsilon,
            learning_rate: learning_rate as f32,
        }
    }
}

/// Moves `weights` and their moments one step (Kingma and Ba, 2015, algorithm 1).
#[macerator::with_simd]
fn adam<S: Simd>(
    step: Step,
    weights: &mut [Block],
    gradient: &[Block],
    first: &mut [Block],
    second: &mut [Block],
) {
    let moments = first
        .as_flattened_mut()
        .iter_mut()
        .zip(second.as_flattened_mut());
    let weights = weights
        .as_flattened_mut()
        .iter_mut()
        .zip(gradient.as_flattened());
    for ((w, g), (m, v)) in weights.zip(moments) {
        let g = g * step.scale;
        *m = *m * BETA_1 + g * (1.0 - BETA_1);
        *v = *v * BETA_2 + g * g * (1.0 - BETA_2);
        let delta = *m * step.correct_1 / ((*v * step.correct_2).sqrt() + step.epsilon);
        *w = *w * step.keep - step.learning_rate * delta;
    }
}
