//! Imitation: behavior cloning of decisions that somebody took (Pomerleau, 1991), with masks.
//!
//! Minimises `-sum w log π(a | o)` over the rows with Adam, holds out groups of calls, and keeps
//! the weights of the epoch that did best on them.

use offhook_env::belief::layout::Layout;
use offhook_env::rng::{Stream, derive};
use serde::{Deserialize, Serialize};

use crate::data::dataset::{Dataset, shuffle};
use crate::data::score::{Scores, score};
use crate::error::LearnError;
use crate::network::actor_critic::Dropout;
use crate::network::engine::Engine;
use crate::network::fused::FusedPolicy;
use crate::network::inputs::Inputs;
use crate::network::objective::{cross_entropy, soft_cross_entropy};
use crate::network::optimizer::OptimizerConfig;
use crate::network::trainer::Trainer;
use crate::network::weights::Weights;
use crate::ranges::Ranges;

/// Settings of behavior cloning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImitationConfig {
    /// Step size of Adam. Default 1e-3 (Kingma and Ba, 2015).
    pub learning_rate: f64,
    /// Rows per gradient step. Default 256.
    pub batch_size: usize,
    /// Most passes over the training rows. Default 40.
    pub n_epochs: u64,
    /// Passes without a better validation loss before it stops; not used without validation.
    /// Default 5.
    pub patience: u64,
    /// Share of the groups that is held out, in `[0, 1)`. Default 0.1.
    pub validation_share: f64,
    /// Decoupled weight decay (Loshchilov and Hutter, 2019). Default 0.01, theirs in PyTorch.
    pub weight_decay: f32,
    /// Probability of dropping a hidden unit, in `[0, 1)` (Srivastava et al., 2014). Default 0.
    pub dropout: f64,
    /// Probability mass spread evenly over the allowed actions, in `[0, 1)` (Szegedy et al., 2016,
    /// section 7). Default 0.
    pub label_smoothing: f32,
    /// Longest gradient of the whole network. Default 1.
    pub max_grad_norm: f32,
    /// What computes the gradient steps. Default `fused`.
    pub engine: Engine,
    /// Weight of the squared error of the value head, where the data has returns. Default 0.5.
    pub value_coef: f32,
    /// How much more rare actions count: a row weighs as its action's frequency to the power of
    /// minus this, in `[0, 1]`. 0.5 is the square root of Mahajan et al. (2018, arXiv:1805.00932,
    /// section 2.2), 1 makes all actions count alike. Default 0: as frequent as they are.
    pub rare_act_weight: f32,
}

impl Default for ImitationConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1e-3,
            batch_size: 256,
            n_epochs: 40,
            patience: 5,
            validation_share: 0.1,
            weight_decay: 0.01,
            dropout: 0.0,
            label_smoothing: 0.0,
            max_grad_norm: 1.0,
            engine: Engine::default(),
            value_coef: 0.5,
            rare_act_weight: 0.0,
        }
    }
}

impl ImitationConfig {
    /// `Ok` if every setting is in range.
    pub(super) fn check(&self) -> Result<(), LearnError> {
        Ranges::first("imitation", |ranges| self.check_ranges(ranges))
    }

    /// Notes every setting that is out of range.
    pub fn check_ranges(&self, ranges: &mut Ranges) {
        ranges.positive([("learning_rate", self.learning_rate)]);
        ranges.at_least_1([
            ("batch_size", self.batch_size as u64),
            ("n_epochs", self.n_epochs),
        ]);
        let norm = self.max_grad_norm;
        ranges.require(norm > 0.0, "max_grad_norm", norm, "above 0");
        ranges.at_least_0([
            ("weight_decay", self.weight_decay.into()),
            ("value_coef", self.value_coef.into()),
        ]);
        ranges.shares([("rare_act_weight", self.rare_act_weight.into())]);
        for (key, x) in [
            ("validation_share", self.validation_share),
            ("dropout", self.dropout),
            ("label_smoothing", self.label_smoothing.into()),
        ] {
            let holds = (0.0..1.0).contains(&x);
            ranges.require(holds, key, x, "at least 0 and below 1");
        }
    }
}

/// Figures of one pass over the training rows.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochMetrics {
    /// Pass, counted from 0.
    pub epoch: u64,
    /// Mean loss of the gradient steps, dropout, smoothing and value error included.
    pub loss: f32,
    /// Scores on the training rows after the pass.
    pub train: Scores,
    /// Scores on the held-out rows after the pass.
    pub validation: Option<Scores>,
}

/// What behavior cloning came to.
#[derive(Clone, Debug)]
pub struct ImitationResult {
    /// Weights of the best epoch: the lowest validation loss, or the last without validation.
    pub weights: Weights,
    /// The best epoch's position in `epochs`.
    pub best: usize,
    /// Every epoch in order.
    pub epochs: Vec<EpochMetrics>,
}

/// Clones the decisions in `data`, starting from `weights`; a function of its arguments alone.
///
/// `on_epoch` is called after every pass, to draw progress.
///
/// # Errors
/// A setting out of range, data that does not fit the layout or cannot be split, or a loss that
/// is not finite.
///
/// # Panics
/// If `weights` were made for another layout.
pub fn imitate(
    data: &Dataset,
    layout: &Layout,
    weights: Weights,
    config: &ImitationConfig,
    seed: u64,
    on_epoch: &mut dyn FnMut(&EpochMetrics),
) -> Result<ImitationResult, LearnError> {
    config.check()?;
    data.check(layout)?;
    let mut split = data.split(config.validation_share, seed)?;
    let optimizer = OptimizerConfig {
        epsilon: 1e-8,
        weight_decay: config.weight_decay,
        max_grad_norm: Some(config.max_grad_norm),
    };
    let mut trainer = Trainer::new(&weights, config.engine, optimizer);
    let inputs = Inputs::upload(&data.codes, layout);
    let mut result = ImitationResult {
        weights,
        best: 0,
        epochs: Vec::new(),
    };
    let factors = action_weights(data, &split.train, layout.n_actions(), config);
    let mut lowest = f32::INFINITY;
    for epoch in 0..config.n_epochs {
        let mut rng = derive(seed, Stream::Shuffle, epoch);
        shuffle(&mut split.train, &mut rng);
        let mut total = 0.0;
        for rows in split.train.chunks(config.batch_size) {
            let dropout = (config.dropout > 0.0).then_some(Dropout {
                prob: config.dropout,
                rng: &mut rng,
            });
            let objective = |outputs: &[f32], gradient: &mut [f32]| {
                objective(data, rows, &factors, config, outputs, gradient)
            };
            let (value, _) = trainer.step(&inputs, rows, config.learning_rate, dropout, objective);
            if !value.is_finite() {
                let (metric, unit) = ("imitation loss", "epoch");
                return Err(LearnError::NotFinite {
                    metric,
                    value,
                    unit,
                    at: epoch,
                });
            }
            total += value * rows.len() as f32;
        }
        let weights = trainer.weights();
        let policy = FusedPolicy::new(&weights, layout);
        let held_out = !split.validation.is_empty();
        let metrics = EpochMetrics {
            epoch,
            loss: total / split.train.len() as f32,
            train: score(&policy, layout, data, &split.train),
            validation: held_out.then(|| score(&policy, layout, data, &split.validation)),
        };
        on_epoch(&metrics);
        let judged = metrics
            .validation
            .as_ref()
            .map_or(f32::NEG_INFINITY, |scores| scores.loss);
        result.epochs.push(metrics);
        if judged < lowest || !held_out {
            lowest = judged;
            result.weights = weights;
            result.best = epoch as usize;
        } else if epoch - result.best as u64 >= config.patience {
            break;
        }
    }
    Ok(result)
}

/// How much rows of each action count: `frequency ^ -rare_act_weight`, scaled so that the mean over
/// `rows` is 1; 0 for actions that nobody took.
fn action_weights(
    data: &Dataset,
    rows: &[u32],
    n_actions: usize,
    config: &ImitationConfig,
) -> Vec<f32> {
    let mut counts = vec![0u32; n_actions];
    for &row in rows {
        counts[data.actions[row as usize] as usize] += 1;
    }
    let weight = |&n: &u32| match n {
        0 => 0.0,
        n => (n as f32 / rows.len() as f32).powf(-config.rare_act_weight),
    };
    let weights: Vec<f32> = counts.iter().map(weight).collect();
    let sum: f32 = weights
        .iter()
        .zip(&counts)
        .map(|(w, &n)| w * n as f32)
        .sum();
    let mean = sum / rows.len() as f32;
    weights.iter().map(|weight| weight / mean).collect()
}

/// Loss and gradient of a minibatch: weighted cross-entropy plus `value_coef` times half the
/// squared error of the value, mean over rows.
fn objective(
    data: &Dataset,
    rows: &[u32],
    factors: &[f32],
    config: &ImitationConfig,
    outputs: &[f32],
    gradient: &mut [f32],
) -> f32 {
    let width = outputs.len() / rows.len();
    let value = width - 1;
    let share = 1.0 / rows.len() as f32;
    let mut loss = 0.0;
    let outs = outputs
        .chunks_exact(width)
        .zip(gradient.chunks_exact_mut(width));
    for (&row, (out, gradient)) in rows.iter().zip(outs) {
        let row = row as usize;
        let (mask, action) = (data.masks[row], data.actions[row]);
        let weight = data.weights[row] * factors[action as usize] * share;
        let smoothing = config.label_smoothing;
        let logits = &out[..value];
        loss += match &data.targets {
            None => cross_entropy(logits, mask, action, smoothing, weight, gradient),
            Some(targets) => {
                let targets = &targets[row * value..(row + 1) * value];
                let even = smoothing / mask.count() as f32;
                let target = |a: u8| even + (1.0 - smoothing) * targets[a as usize];
                soft_cross_entropy(logits, mask, target, weight, gradient)
            }
        };
        if let Some(returns) = &data.returns {
            let error = out[value] - returns[row];
            loss += config.value_coef * share * 0.5 * error * error;
            gradient[value] = config.value_coef * share * error;
        }
    }
    loss
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::objective::check_gradient;
    use offhook_env::action::ActionMask;

    #[test]
    fn the_objective_has_the_gradient_of_finite_differences() {
        let data = Dataset {
            codes: vec![0; 3],
            masks: vec![ActionMask(0b111), ActionMask(0b101), ActionMask(0b110)],
            actions: vec![1, 2, 1],
            groups: vec![0; 3],
            weights: vec![1.0, 3.0, 0.5],
            returns: Some(vec![1.0, -2.0, 0.5]),
            targets: None,
        };
        let config = ImitationConfig {
            label_smoothing: 0.1,
            ..Default::default()
        };
        let outputs = [
            0.3, -0.2, 0.5, 0.1, 1.0, 7.0, -1.0, 2.0, -0.5, 0.4, 0.0, 0.7,
        ];
        let soft = vec![0.2, 0.3, 0.5, 0.6, 0.0, 0.4, 0.0, 1.0, 0.0];
        for targets in [None, Some(soft)] {
            let data = Dataset {
                targets,
                ..data.clone()
            };
            let loss = |outputs: &[f32], gradient: &mut [f32]| {
                let factors = [1.0, 0.5, 2.0];
                objective(&data, &[0, 1, 2], &factors, &config, outputs, gradient)
            };
            let mut gradient = [0.0; 12];
            loss(&outputs, &mut gradient);
            check_gradient(&outputs, &gradient, |x| loss(x, &mut [0.0; 12]) as f64);
        }
    }

    #[test]
    fn rare_acts_weigh_by_the_power_of_their_frequency() {
        // Action 0 nine times, action 2 once in ten rows.
        let data = Dataset {
            actions: vec![0, 0, 0, 0, 2, 0, 0, 0, 0, 0],
            ..Default::default()
        };
        let rows: Vec<u32> = (0..10).collect();
        let weights = |rare_act_weight| {
            let config = ImitationConfig {
                rare_act_weight,
                ..Default::default()
            };
            action_weights(&data, &rows, 3, &config)
        };
        assert_eq!(weights(0.0), [1.0, 0.0, 1.0]);
        // Inverse frequency: each of the two actions has half of the weight, 5 of 10.
        let inverse = weights(1.0);
        assert!((inverse[0] - 5.0 / 9.0).abs() < 1e-6 && (inverse[2] - 5.0).abs() < 1e-5);
        // Inverse roots sqrt(10/9) and sqrt(10), whose mean is sqrt(0.9) + sqrt(0.1) = 1.2649.
        let root = weights(0.5);
        assert!(
            (root[0] - 0.8333).abs() < 1e-4 && (root[2] - 2.5).abs() < 1e-4,
            "{root:?}"
        );
    }

    #[test]
    fn a_share_of_one_is_refused() {
        let config = ImitationConfig {
            dropout: 1.0,
            ..Default::default()
        };
        let error = config.check().unwrap_err().to_string();
        assert_eq!(
            error,
            "imitation.dropout is 1, expected at least 0 and below 1"
        );
    }
}
