//! The weights of an actor-critic as plain numbers: drawn here, trained in Burn, run fused, saved.

use offhook_env::belief::layout::Layout;
use offhook_env::rng::{Rng, Stream, derive};
use rand::Rng as _;
use serde::{Deserialize, Serialize};

/// Most units a hidden layer may have; the fused forward keeps a layer on the stack.
pub const MAX_HIDDEN: usize = 512;

/// What stands between two dense layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// `max(0, x)`; the default, since it costs a tenth of `tanh` on a CPU.
    #[default]
    Relu,
    /// Hyperbolic tangent, as in most published PPO code.
    Tanh,
}

/// Shape of a network; input and output sizes follow from the layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// Units of every hidden layer of the shared trunk, each 1 to [`MAX_HIDDEN`]; none at all
    /// gives softmax regression. Default 64, 64 (Schulman et al., 2017, table 3).
    pub hidden: Vec<usize>,
    /// Nonlinearity behind every hidden layer.
    pub activation: Activation,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            hidden: vec![64, 64],
            activation: Activation::Relu,
        }
    }
}

impl NetworkConfig {
    /// Says which hidden layer is out of range, if one is.
    pub fn check(&self) -> Result<(), String> {
        match self.hidden.iter().find(|&&n| n == 0 || n > MAX_HIDDEN) {
            Some(n) => Err(format!(
                "network.hidden has a layer of {n} units, expected 1 to {MAX_HIDDEN}"
            )),
            None => Ok(()),
        }
    }
}

/// One dense layer, `y = x W + b`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    /// Number of inputs.
    pub n_in: usize,
    /// Number of outputs.
    pub n_out: usize,
    /// `n_in x n_out`, row by row: the row of an input holds what it adds to every output.
    pub weight: Vec<f32>,
    /// One per output.
    pub bias: Vec<f32>,
}

/// Shared trunk and two heads over the one-hot columns of a layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Nonlinearity behind every layer of the trunk.
    pub activation: Activation,
    /// Hidden layers in order; the first takes the one-hot columns.
    pub trunk: Vec<Dense>,
    /// One logit per action.
    pub policy: Dense,
    /// One output: the value of the observation, in the reward units of the learner.
    pub value: Dense,
}

impl Weights {
    /// Initial weights, a function of `seed` alone: orthogonal matrices with gain `sqrt(2)` in the
    /// trunk, 0.01 for the policy head (so that all allowed actions start almost equally likely)
    /// and 1 for the value head, biases 0 (Huang et al., 2022, "The 37 implementation details of
    /// PPO", detail 2; Saxe et al., 2014).
    pub fn initial(config: &NetworkConfig, layout: &Layout, seed: u64) -> Self {
        let n_columns = layout.one_hot_offsets()[layout.n_features()] as usize;
        let sizes: Vec<usize> = std::iter::once(n_columns)
            .chain(config.hidden.clone())
            .collect();
        let layer = |idx: u64, n_in: usize, n_out: usize, gain: f64| {
            orthogonal(n_in, n_out, gain, &mut derive(seed, Stream::Weights, idx))
        };
        let root_2 = std::f64::consts::SQRT_2;
        let trunk = sizes
            .windows(2)
            .zip(0..)
            .map(|(n, idx)| layer(idx, n[0], n[1], root_2));
        let n_last = sizes[sizes.len() - 1];
        Self {
            activation: config.activation,
            trunk: trunk.collect(),
            policy: layer(1000, n_last, layout.n_actions(), 0.01),
            value: layer(1001, n_last, 1, 1.0),
        }
    }

    /// Number of one-hot columns that the first layer takes.
    pub fn n_columns(&self) -> usize {
        self.trunk.first().unwrap_or(&self.policy).n_in
    }

    /// The part of `layout` that the network was made for: all of it, or what is observed of it.
    ///
    /// # Panics
    /// If it was made for neither.
    pub fn view(&self, layout: &Layout) -> Layout {
        let fits = |view: &Layout| {
            view.one_hot_offsets()[view.n_features()] as usize == self.n_columns()
                && view.n_actions() == self.policy.n_out
        };
        let views = [layout.clone(), layout.observed()];
        let fitting = views.into_iter().find(fits);
        fitting.expect("the network was made for the layout, or for what is observed of it")
    }

    /// The same network over a layout that has more features behind those that it was made for: it
    /// gives the same outputs, whatever they say, until it is trained.
    pub fn widened(&self, layout: &Layout) -> Self {
        let n_columns = layout.one_hot_offsets()[layout.n_features()] as usize;
        let mut wide = self.clone();
        let Weights {
            trunk,
            policy,
            value,
            ..
        } = &mut wide;
        let first = match trunk.first_mut() {
            Some(first) => vec![first],
            None => vec![policy, value],
        };
        for layer in first {
            layer.n_in = n_columns;
            layer.weight.resize(n_columns * layer.n_out, 0.0);
        }
        wide
    }

    /// The configuration that gives this shape.
    pub fn config(&self) -> NetworkConfig {
        NetworkConfig {
            hidden: self.trunk.iter().map(|layer| layer.n_out).collect(),
            activation: self.activation,
        }
    }

    /// The layers with their names, in the order in which Burn visits them.
    pub fn layers(&self) -> impl Iterator<Item = (String, &Dense)> {
        let trunk = self
            .trunk
            .iter()
            .enumerate()
            .map(|(i, layer)| (format!("trunk.{i}"), layer));
        trunk.chain([
            ("policy".to_owned(), &self.policy),
            ("value".to_owned(), &self.value),
        ])
    }

    /// The layers, to be filled.
    pub fn layers_mut(&mut self) -> impl Iterator<Item = (String, &mut Dense)> {
        let trunk = self
            .trunk
            .iter_mut()
            .enumerate()
            .map(|(i, layer)| (format!("trunk.{i}"), layer));
        trunk.chain([
            ("policy".to_owned(), &mut self.policy),
            ("value".to_owned(), &mut self.value),
        ])
    }

    /// Multiplies all logits by `factor`; above 0, it leaves the order of the actions as it is.
    pub fn scale_policy(&mut self, factor: f32) {
        let Dense { weight, bias, .. } = &mut self.policy;
        weight.iter_mut().chain(bias).for_each(|w| *w *= factor);
    }

    /// Takes over the share `tau` of every weight of `other`, which must have the same shape; 1
    /// copies.
    pub fn move_towards(&mut self, other: &Self, tau: f32) {
        if tau == 1.0 {
            self.clone_from(other);
            return;
        }
        for ((_, layer), (_, other)) in self.layers_mut().zip(other.layers()) {
            let weights = layer.weight.iter_mut().chain(&mut layer.bias);
            let others = other.weight.iter().chain(&other.bias);
            for (weight, other) in weights.zip(others) {
                *weight += tau * (other - *weight);
            }
        }
    }
}

/// A matrix whose rows or columns, whichever are fewer, are orthogonal and of length `gain`
/// (columns) or scaled alike (rows); zero bias.
fn orthogonal(n_in: usize, n_out: usize, gain: f64, rng: &mut Rng) -> Dense {
    let (n_vectors, length) = (n_in.min(n_out), n_in.max(n_out));
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(n_vectors);
    while basis.len() < n_vectors {
        let mut v: Vec<f64> = (0..length).map(|_| almost_normal(rng)).collect();
        for b in &basis {
            let along: f64 = v.iter().zip(b).map(|(x, y)| x * y).sum();
            v.iter_mut().zip(b).for_each(|(x, y)| *x -= along * y);
        }
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        if norm > 1e-6 {
            v.iter_mut().for_each(|x| *x /= norm);
            basis.push(v);
        }
    }
    let entry = |i: usize, o: usize| {
        if n_in <= n_out {
            basis[i][o]
        } else {
            basis[o][i]
        }
    };
    let entries = (0..n_in).flat_map(|i| (0..n_out).map(move |o| (i, o)));
    let weight = entries.map(|(i, o)| (gain * entry(i, o)) as f32).collect();
    Dense {
        n_in,
        n_out,
        weight,
        bias: vec![0.0; n_out],
    }
}

/// Sum of twelve uniform draws less 6: mean 0, variance 1, and, unlike Box-Muller, free of library
/// functions that round differently from one platform to the next.
fn almost_normal(rng: &mut Rng) -> f64 {
    (0..12)
        .map(|_| (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64))
        .sum::<f64>()
        - 6.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::layout;

    #[test]
    fn columns_of_the_first_layer_are_orthogonal() {
        let weights = Weights::initial(&NetworkConfig::default(), &layout(&[8; 12], 5), 3);
        let layer = &weights.trunk[0];
        let dot = |a: usize, b: usize| {
            let column = |o: usize| layer.weight.iter().skip(o).step_by(layer.n_out);
            column(a).zip(column(b)).map(|(x, y)| x * y).sum::<f32>()
        };
        assert!((dot(3, 3) - 2.0).abs() < 1e-4, "{}", dot(3, 3));
        assert!(dot(3, 4).abs() < 1e-5 && dot(0, 63).abs() < 1e-5);
    }

    #[test]
    fn value_stability() {
        let draw = |seed| Weights::initial(&NetworkConfig::default(), &layout(&[3, 2], 4), seed);
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_eq!(draw(7).trunk[0].weight[..2], [0.018862976, 0.22000101]);
    }

    #[test]
    fn moving_all_the_way_copies() {
        let draw = |seed| Weights::initial(&NetworkConfig::default(), &layout(&[3, 2], 4), seed);
        let (mut moved, other) = (draw(7), draw(8));
        let [a, b] = [&moved, &other].map(|w| w.policy.weight[3]);
        moved.move_towards(&other, 0.25);
        assert!((moved.policy.weight[3] - (0.75 * a + 0.25 * b)).abs() < 1e-7);
        moved.move_towards(&other, 1.0);
        assert_eq!(moved, other);
        moved.scale_policy(0.5);
        assert_eq!(moved.policy.weight[3], 0.5 * b);
        assert_eq!(moved.value, other.value);
    }

    #[test]
    fn a_layer_without_units_is_refused() {
        let config = NetworkConfig {
            hidden: vec![64, 0],
            ..Default::default()
        };
        assert!(config.check().unwrap_err().contains("a layer of 0 units"));
    }
}
