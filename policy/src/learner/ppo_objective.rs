//! The objective of PPO: loss and gradient of the clipped surrogate and of the value.

use super::ppo_config::{PpoConfig, StepMetrics};
use crate::data::rollout::Rollout;
use crate::network::objective::Softmax;

/// What the objective needs to know about a rollout besides the observations.
pub(super) struct Batch<'a> {
    pub rollout: &'a Rollout,
    pub advantages: &'a [f32],
    /// Probabilities of the policy to stay close to, a row of `n_actions` per transition, and
    /// the weight of that wish.
    pub reference: Option<(Vec<f32>, f32)>,
}

/// Loss and gradient of a minibatch, mean over rows:
/// `L = L_clip + vf_coef L_value - ent_coef H + imitation_coef KL(reference || π)`
/// (Schulman et al., 2017, eq. 9; the last term is kickstarting, Schmitt et al., 2018,
/// arXiv:1803.03835, eq. 3 up to a constant).
pub(super) fn objective(
    batch: &Batch<'_>,
    rows: &[u32],
    config: &PpoConfig,
    outputs: &[f32],
    gradient: &mut [f32],
) -> StepMetrics {
    let mut step = policy_objective(batch, rows, config, outputs, gradient);
    step.value_loss = value_objective(batch, rows, config, outputs, gradient);
    step
}

/// The part of the objective that moves the policy.
///
/// With `p` the probabilities and `z` the logits: `d ln p_a / dz_k = [k = a] - p_k`,
/// `dH / dz_k = -p_k (ln p_k + H)`, `dKL / dz_k = p_k - reference_k`.
pub(super) fn policy_objective(
    batch: &Batch<'_>,
    rows: &[u32],
    config: &PpoConfig,
    outputs: &[f32],
    gradient: &mut [f32],
) -> StepMetrics {
    let width = outputs.len() / rows.len();
    let n_actions = width - 1;
    let share = 1.0 / rows.len() as f32;
    let (mean, deviation) = match config.norm_adv {
        true => mean_and_deviation(rows.iter().map(|row| batch.advantages[*row as usize])),
        false => (0.0, 1.0),
    };
    let clip = config.clip_coef;
    let mut sums = StepMetrics::default();
    let outs = outputs
        .chunks_exact(width)
        .zip(gradient.chunks_exact_mut(width));
    for (&row, (out, gradient)) in rows.iter().zip(outs) {
        let row = row as usize;
        let (mask, action) = (
            batch.rollout.masks[row],
            batch.rollout.actions[row] as usize,
        );
        let softmax = Softmax::new(&out[..n_actions], mask);

        let log_ratio = softmax.log_probs[action] - batch.rollout.log_probs[row];
        let ratio = log_ratio.exp();
        let advantage = (batch.advantages[row] - mean) / deviation;
        let surrogate = ratio * advantage;
        let clipped = ratio.clamp(1.0 - clip, 1.0 + clip) * advantage;
        // Where the clipped term is the smaller one, it is constant in the ratio.
        let push = if surrogate <= clipped {
            -surrogate
        } else {
            0.0
        };
        let entropy = softmax.entropy(mask);
        let probs = softmax.probs.iter().zip(&softmax.log_probs);
        for (slope, (p, log_p)) in gradient[..n_actions].iter_mut().zip(probs) {
            *slope = share * p * (config.ent_coef * (log_p + entropy) - push);
        }
        gradient[action] += share * push;
        if let Some((reference, coef)) = &batch.reference {
            for a in mask.iter().map(usize::from) {
                let wanted = reference[row * n_actions + a];
                gradient[a] += coef * share * (softmax.probs[a] - wanted);
                if wanted > 0.0 {
                    sums.imitation_kl += (wanted * (wanted.ln() - softmax.log_probs[a])) as f64;
                }
            }
        }

        let log_ratio = log_ratio as f64;
        sums.policy_loss -= surrogate.min(clipped) as f64;
        sums.entropy += entropy as f64;
        sums.old_approx_kl -= log_ratio;
        // The k3 estimator of Schulman, "Approximating KL divergence", 2020.
        sums.approx_kl += log_ratio.exp() - 1.0 - log_ratio;
        sums.clip_fraction += f64::from(u8::from((ratio - 1.0).abs() > clip));
    }
    sums.scaled(1.0 / rows.len() as f64)
}

/// The part of the objective that moves the value; returns half the mean squared error.
pub(super) fn value_objective(
    batch: &Batch<'_>,
    rows: &[u32],
    config: &PpoConfig,
    outputs: &[f32],
    gradient: &mut [f32],
) -> f64 {
    let width = outputs.len() / rows.len();
    let share = 1.0 / rows.len() as f32;
    let mut sum = 0.0;
    let outs = outputs
        .chunks_exact(width)
        .zip(gradient.chunks_exact_mut(width));
    for (&row, (out, gradient)) in rows.iter().zip(outs) {
        let row = row as usize;
        let old = batch.rollout.values[row];
        let target = batch.advantages[row] + old;
        let (error, slope) = value_error(out[width - 1], old, target, config);
        gradient[width - 1] = config.vf_coef * share * slope;
        sum += 0.5 * (error * error) as f64;
    }
    sum * (1.0 / rows.len() as f64)
}

/// The error of a value that counts, and the slope of half its square.
fn value_error(value: f32, old: f32, target: f32, config: &PpoConfig) -> (f32, f32) {
    let error = value - target;
    if !config.clip_vloss {
        return (error, error);
    }
    let clip = config.clip_coef;
    let clipped = old + (value - old).clamp(-clip, clip) - target;
    let inside = (value - old).abs() <= clip;
    match clipped.abs() > error.abs() {
        true => (clipped, if inside { clipped } else { 0.0 }),
        false => (error, error),
    }
}

/// Mean and standard deviation, the latter never 0.
fn mean_and_deviation(xs: impl Iterator<Item = f32> + Clone) -> (f32, f32) {
    let n = xs.clone().count() as f64;
    let mean = xs.clone().map(f64::from).sum::<f64>() / n;
    let variance = xs.map(|x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
    (mean as f32, variance.sqrt() as f32 + 1e-8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::objective::check_gradient;
    use crate::testing::rollout;

    /// Rows with ratios inside and outside the clip range, and values moved by more and less than
    /// it, all away from the kinks.
    const OUTPUTS: [f32; 12] = [
        0.3, -0.2, 0.5, 0.1, 1.0, 7.0, -1.0, 2.0, -0.5, 0.4, 0.0, 0.35,
    ];

    fn check(config: &PpoConfig, reference: Option<(Vec<f32>, f32)>) -> StepMetrics {
        let rollout = rollout(&[
            (0b111, 1, -0.9, 0.0),
            (0b101, 2, -2.5, 0.5),
            (0b110, 1, -0.6, 0.3),
        ]);
        let batch = Batch {
            rollout: &rollout,
            advantages: &[1.0, 0.7, -2.0],
            reference,
        };
        let run = |outputs: &[f32], gradient: &mut [f32]| {
            objective(&batch, &[0, 1, 2], config, outputs, gradient)
        };
        let mut gradient = [0.0; 12];
        let metrics = run(&OUTPUTS, &mut gradient);
        check_gradient(&OUTPUTS, &gradient, |x| {
            let m = run(x, &mut [0.0; 12]);
            let coef = batch.reference.as_ref().map_or(0.0, |r| r.1 as f64);
            m.policy_loss + config.vf_coef as f64 * m.value_loss
                - config.ent_coef as f64 * m.entropy
                + coef * m.imitation_kl
        });
        metrics
    }

    #[test]
    fn the_objective_has_the_gradient_of_finite_differences() {
        let reference = vec![0.2, 0.3, 0.5, 0.9, 0.0, 0.1, 0.0, 1.0, 0.0];
        for norm_adv in [false, true] {
            for clip_vloss in [false, true] {
                let config = PpoConfig {
                    norm_adv,
                    clip_vloss,
                    ent_coef: 0.3,
                    ..Default::default()
                };
                check(&config, None);
                check(&config, Some((reference.clone(), 0.7)));
            }
        }
    }

    #[test]
    fn losses_agree_with_a_computation_by_hand() {
        let config = PpoConfig {
            norm_adv: false,
            ..Default::default()
        };
        let found = check(&config, None);
        let softmax = |z: &[f64], k: usize| z[k].exp() / z.iter().map(|z| z.exp()).sum::<f64>();
        let (p0, p1) = (softmax(&[0.3, -0.2, 0.5], 1), softmax(&[1.0, -1.0], 1));
        let p2 = softmax(&[0.4, 0.0], 0);
        let ratios = [
            p0 / (-0.9f64).exp(),
            p1 / (-2.5f64).exp(),
            p2 / (-0.6f64).exp(),
        ];
        let clipped = ratios.map(|r| r.clamp(0.8, 1.2));
        let gain = [ratios[0].min(clipped[0]), 0.7 * ratios[1].min(clipped[1])];
        let loss = -(gain[0] + gain[1] - 2.0 * ratios[2].max(clipped[2])) / 3.0;
        assert!(
            (found.policy_loss - loss).abs() < 1e-5,
            "{} {loss}",
            found.policy_loss
        );
        let value_loss = 0.5 * (0.9f64.powi(2) + 0.8f64.powi(2) + 2.05f64.powi(2)) / 3.0;
        assert!(
            (found.value_loss - value_loss).abs() < 1e-5,
            "{} {value_loss}",
            found.value_loss
        );
    }
}
