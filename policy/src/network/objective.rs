//! Arithmetic that objectives share: masked softmax on plain numbers, cross-entropy.

use macerator::Simd;
use offhook_env::action::{ActionId, ActionMask, MAX_ACTIONS};

use crate::network::simd::exp;

/// Probabilities over the allowed actions and their logarithms; masked entries are 0 and never
/// read.
#[derive(Clone, Copy, Debug)]
pub struct Softmax {
    /// Probability per action.
    pub probs: [f32; MAX_ACTIONS],
    /// Natural logarithm per action.
    pub log_probs: [f32; MAX_ACTIONS],
}

impl Softmax {
    /// The distribution that `logits` stand for.
    pub fn new(logits: &[f32], mask: ActionMask) -> Self {
        let mut out = Self {
            probs: [0.0; MAX_ACTIONS],
            log_probs: [0.0; MAX_ACTIONS],
        };
        fill(logits, mask, &mut out);
        out
    }

    /// Entropy in nats.
    pub fn entropy(&self, mask: ActionMask) -> f32 {
        -mask
            .iter()
            .map(|a| self.probs[a as usize] * self.log_probs[a as usize])
            .sum::<f32>()
    }
}

#[macerator::with_simd]
fn fill<S: Simd>(logits: &[f32], mask: ActionMask, out: &mut Softmax) {
    let n = logits.len();
    let (probs, log_probs) = (&mut out.probs[..n], &mut out.log_probs[..n]);
    // All ones where an action is allowed.
    let allowed = |a: usize| 0u32.wrapping_sub((mask.0 >> a) as u32 & 1);
    let mut top = f32::NEG_INFINITY;
    for action in mask.iter() {
        top = top.max(logits[action as usize]);
    }
    for (a, prob) in probs.iter_mut().enumerate() {
        *prob = f32::from_bits(exp(logits[a] - top).to_bits() & allowed(a));
    }
    let sum = probs.iter().sum::<f32>();
    let (log_sum, share) = (top + sum.ln(), 1.0 / sum);
    for (a, log_prob) in log_probs.iter_mut().enumerate() {
        *log_prob = f32::from_bits((logits[a] - log_sum).to_bits() & allowed(a));
    }
    probs.iter_mut().for_each(|prob| *prob *= share);
}

/// Cross-entropy of one row against `action`, with `smoothing` of the target spread evenly over
/// the allowed actions, and its gradient times `weight`, added to `gradient`.
///
/// `d/dz_k (-sum_j q_j ln p_j) = p_k - q_k` for logits `z`.
pub fn cross_entropy(
    logits: &[f32],
    mask: ActionMask,
    action: ActionId,
    smoothing: f32,
    weight: f32,
    gradient: &mut [f32],
) -> f32 {
    let share = smoothing / mask.count() as f32;
    let target = |a| share + if a == action { 1.0 - smoothing } else { 0.0 };
    soft_cross_entropy(logits, mask, target, weight, gradient)
}

/// Cross-entropy of one row against a distribution, `target` by action, and its gradient times
/// `weight`, added to `gradient`; the formula is that of [`cross_entropy`].
pub fn soft_cross_entropy(
    logits: &[f32],
    mask: ActionMask,
    target: impl Fn(ActionId) -> f32,
    weight: f32,
    gradient: &mut [f32],
) -> f32 {
    let softmax = Softmax::new(logits, mask);
    let mut loss = 0.0;
    for a in mask.iter() {
        let target = target(a);
        loss -= target * softmax.log_probs[a as usize];
        gradient[a as usize] += weight * (softmax.probs[a as usize] - target);
    }
    weight * loss
}

/// Compares `gradient`, row by row, with finite differences of `loss` at `outputs`.
#[cfg(test)]
pub(crate) fn check_gradient(outputs: &[f32], gradient: &[f32], loss: impl Fn(&[f32]) -> f64) {
    let step = 1e-2;
    for k in 0..outputs.len() {
        let at = |delta: f32| {
            let mut moved = outputs.to_vec();
            moved[k] += delta;
            loss(&moved)
        };
        let slope = (at(step) - at(-step)) / (2.0 * step as f64);
        let found = gradient[k] as f64;
        assert!(
            (found - slope).abs() < 2e-3 * (1.0 + slope.abs()),
            "{k}: {found} {slope}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 4] = [0.5, 9.0, -1.0, 0.2];

    #[test]
    fn masked_actions_get_nothing() {
        let mask = ActionMask(0b1101);
        let softmax = Softmax::new(&LOGITS, mask);
        assert_eq!((softmax.probs[1], softmax.log_probs[1]), (0.0, 0.0));
        assert!((softmax.probs.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        let single = Softmax::new(&LOGITS, ActionMask(0b100));
        assert_eq!(
            (single.probs[2], single.entropy(ActionMask(0b100))),
            (1.0, 0.0)
        );
    }

    #[test]
    fn cross_entropy_has_the_gradient_of_finite_differences() {
        for smoothing in [0.0, 0.2] {
            let loss = |logits: &[f32], gradient: &mut [f32]| {
                cross_entropy(logits, ActionMask(0b1101), 3, smoothing, 2.0, gradient)
            };
            let mut gradient = [0.0; 4];
            let value = loss(&LOGITS, &mut gradient);
            check_gradient(&LOGITS, &gradient, |z| loss(z, &mut [0.0; 4]) as f64);
            assert_eq!(gradient[1], 0.0);
            if smoothing == 0.0 {
                let sum = 0.5f32.exp() + (-1f32).exp() + 0.2f32.exp();
                assert!((value - 2.0 * (sum.ln() - 0.2)).abs() < 1e-5);
            }
        }
    }
}
