//! Imitation: behavior cloning of decisions that somebody took (Pomerleau, 1991), with masks.
//!
//! Minimises `-sum w log π(a | o)` over the rows with Adam, holds out groups of calls, and keeps
//! the weights of the epoch that did best on them.

use offhook_env::layout::Layout;
use offhook_env::rng::{Stream, derive};
use serde::{Deserialize, Serialize};

use super::{LearnError, require};
use crate::dataset::{Dataset, shuffle};
use crate::engine::Engine;
use crate::fused::FusedPolicy;
use crate::network::Dropout;
use crate::objective::cross_entropy;
use crate::optimizer::OptimizerConfig;
use crate::score::{Scores, score};
use crate::trainer::{Inputs, Trainer};
use crate::weights::Weights;

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
        }
    }
}

impl ImitationConfig {
    fn check(&self) -> Result<(), LearnError> {
        let rate = self.learning_rate;
        require(
            rate > 0.0 && rate.is_finite(),
            "imitation.learning_rate",
            rate,
            "above 0",
        )?;
        require(
            self.batch_size > 0,
            "imitation.batch_size",
            self.batch_size,
            "at least 1",
        )?;
        require(
            self.n_epochs > 0,
            "imitation.n_epochs",
            self.n_epochs,
            "at least 1",
        )?;
        let norm = self.max_grad_norm;
        require(norm > 0.0, "imitation.max_grad_norm", norm, "above 0")?;
        let at_least_0 = [
            ("imitation.weight_decay", self.weight_decay),
            ("imitation.value_coef", self.value_coef),
        ];
        for (key, x) in at_least_0 {
            require(x >= 0.0 && x.is_finite(), key, x, "a number of at least 0")?;
        }
        let shares = [
            ("imitation.validation_share", self.validation_share),
            ("imitation.dropout", self.dropout),
            ("imitation.label_smoothing", self.label_smoothing as f64),
        ];
        for (key, x) in shares {
            require((0.0..1.0).contains(&x), key, x, "at least 0 and below 1")?;
        }
        Ok(())
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

/// A cloned policy.
#[derive(Clone, Debug)]
pub struct Imitated {
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
) -> Result<Imitated, LearnError> {
    config.check()?;
    data.check(layout)?;
    let mut split = data.split(config.validation_share, seed)?;
    let optimizer = OptimizerConfig {
        engine: config.engine,
        epsilon: 1e-8,
        weight_decay: config.weight_decay,
        max_grad_norm: Some(config.max_grad_norm),
    };
    let mut trainer = Trainer::new(&weights, optimizer);
    let inputs = Inputs::upload(&data.codes, layout);
    let mut imitated = Imitated {
        weights,
        best: 0,
        epochs: Vec::new(),
    };
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
                objective(data, rows, config, outputs, gradient)
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
        imitated.epochs.push(metrics);
        if judged < lowest || !held_out {
            lowest = judged;
            imitated.weights = weights;
            imitated.best = epoch as usize;
        } else if epoch - imitated.best as u64 >= config.patience {
            break;
        }
    }
    Ok(imitated)
}

/// Loss and gradient of a minibatch: weighted cross-entropy plus `value_coef` times half the
/// squared error of the value, mean over rows.
fn objective(
    data: &Dataset,
    rows: &[u32],
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
        let weight = data.weights[row] * share;
        loss += cross_entropy(
            &out[..value],
            mask,
            action,
            config.label_smoothing,
            weight,
            gradient,
        );
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
    use crate::objective::check_gradient;
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
        };
        let config = ImitationConfig {
            label_smoothing: 0.1,
            ..Default::default()
        };
        let outputs = [
            0.3, -0.2, 0.5, 0.1, 1.0, 7.0, -1.0, 2.0, -0.5, 0.4, 0.0, 0.7,
        ];
        let loss = |outputs: &[f32], gradient: &mut [f32]| {
            objective(&data, &[0, 1, 2], &config, outputs, gradient)
        };
        let mut gradient = [0.0; 12];
        loss(&outputs, &mut gradient);
        check_gradient(&outputs, &gradient, |x| loss(x, &mut [0.0; 12]) as f64);
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
