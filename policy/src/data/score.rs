//! How well a policy predicts recorded decisions: loss, top-k accuracy, calibration.

use offhook_env::action::{ActionId, MAX_ACTIONS};
use offhook_env::belief::layout::Layout;
use offhook_env::policy::{Observation, Policy};

use crate::data::dataset::Dataset;

/// Bins of confidence for the calibration error (Guo et al., 2017).
const N_BINS: usize = 15;

/// Scores over some rows of a dataset; every row counts once, whatever its weight.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Mean of `-ln π(a | o)`, or of `-Σ q(a) ln π(a | o)` where the data has targets `q`.
    pub loss: f32,
    /// Share of rows whose action the policy found most probable.
    pub top_1: f32,
    /// Share of rows whose action was among the policy's three most probable.
    pub top_3: f32,
    /// Expected calibration error, see [`calibration_error`].
    pub calibration_error: f32,
    /// Number of rows.
    pub n: usize,
}

/// Scores `policy` on `rows` of `data`, which was made for `layout`.
///
/// # Panics
/// If `rows` is empty or beyond the data.
pub fn score(policy: &dyn Policy, layout: &Layout, data: &Dataset, rows: &[u32]) -> Scores {
    assert!(!rows.is_empty(), "scores of no rows");
    let (n_features, n_actions) = (layout.n_features(), layout.n_actions());
    let mut probs = [0.0; MAX_ACTIONS];
    let probs = &mut probs[..n_actions];
    let (mut loss, mut top_1, mut top_3) = (0.0f64, 0, 0);
    let mut judged = Vec::with_capacity(rows.len());
    for &row in rows {
        let row = row as usize;
        let codes = &data.codes[row * n_features..(row + 1) * n_features];
        policy.probabilities(
            Observation {
                codes,
                mask: data.masks[row],
            },
            probs,
        );
        let action = data.actions[row];
        let log_prob = |a: usize| (probs[a].max(f32::MIN_POSITIVE) as f64).ln();
        loss -= match &data.targets {
            None => log_prob(action as usize),
            Some(targets) => {
                let row = targets[row * n_actions..(row + 1) * n_actions].iter();
                let part = |(a, &target): (usize, &f32)| match target {
                    0.0 => 0.0,
                    target => f64::from(target) * log_prob(a),
                };
                row.enumerate().map(part).sum()
            }
        };
        let rank = rank(probs, action);
        top_1 += usize::from(rank == 0);
        top_3 += usize::from(rank < 3);
        judged.push((probs.iter().copied().fold(0.0, f32::max), rank == 0));
    }
    let n = rows.len();
    Scores {
        loss: (loss / n as f64) as f32,
        top_1: top_1 as f32 / n as f32,
        top_3: top_3 as f32 / n as f32,
        calibration_error: calibration_error(&judged),
        n,
    }
}

/// How many actions are more probable than `action`, the earlier one first among equals; the
/// action is within the top `k` if this is below `k`.
pub fn rank(probs: &[f32], action: ActionId) -> usize {
    let own = probs[action as usize];
    let ahead =
        |(other, &prob): (usize, &f32)| prob > own || (prob == own && other < action as usize);
    probs.iter().enumerate().filter(|x| ahead(*x)).count()
}

/// Expected calibration error: over 15 equal bins of confidence, the mean distance between
/// confidence and accuracy, weighted by rows, in `[0, 1]` (Guo et al., 2017, eq. 3).
///
/// `judged` has, per row, the probability of the most probable action and whether it was right.
pub fn calibration_error(judged: &[(f32, bool)]) -> f32 {
    let mut gaps = [0.0f64; N_BINS];
    for &(confidence, right) in judged {
        let bin = ((confidence * N_BINS as f32) as usize).min(N_BINS - 1);
        gaps[bin] += confidence as f64 - f64::from(u8::from(right));
    }
    (gaps.iter().map(|gap| gap.abs()).sum::<f64>() / judged.len().max(1) as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::layout;
    use offhook_env::action::ActionMask;
    use offhook_env::policy::RandomPolicy;

    #[test]
    fn rank_counts_what_is_more_probable() {
        let probs = [0.1, 0.4, 0.1, 0.4];
        assert_eq!([0, 1, 2, 3].map(|a| rank(&probs, a)), [2, 0, 3, 1]);
    }

    #[test]
    fn confidence_that_is_always_right_by_half_is_off_by_half() {
        let judged = [(1.0, true), (1.0, false), (0.5, true), (0.5, false)];
        assert_eq!(calibration_error(&judged), 0.25);
        assert_eq!(
            calibration_error(&[(0.75, true), (0.75, true), (0.75, true), (0.75, false)]),
            0.0
        );
    }

    #[test]
    fn a_random_policy_scores_chance() {
        let n = 4;
        let data = Dataset {
            codes: vec![0; n],
            masks: vec![ActionMask(0b1111); n],
            actions: vec![0, 1, 2, 3],
            groups: vec![0; n],
            weights: vec![1.0; n],
            ..Default::default()
        };
        let scores = score(&RandomPolicy, &layout(&[1], n), &data, &[0, 1, 2, 3]);
        assert_eq!(
            (scores.top_1, scores.top_3, scores.calibration_error),
            (0.25, 0.75, 0.0)
        );
        assert!((scores.loss - 4f32.ln()).abs() < 1e-6);
    }
}
