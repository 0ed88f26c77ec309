//! Action values of a log that were learned from other callers' calls.

use super::fqe::{ActionValues, Fqe, FqeConfig};
use super::resample::resample;
use super::weights::Target;
use crate::data::trajectories::Trajectories;
use crate::error::LearnError;

/// `Q(o_t, a_t)` and `V(o_t)` of every decision of a log, in reward units.
pub struct Model {
    /// `Q(o_t, a_t)`, one per decision.
    pub q: Vec<f64>,
    /// `V(o_t) = Σ_a π(a | o_t) Q(o_t, a)`, one per decision.
    pub v: Vec<f64>,
}

/// Which half of the callers a call belongs to, per episode: callers take turns in order of their
/// numbers, so that both halves are equal but for one. `None` for a single caller.
pub fn folds(groups: &[u32]) -> Option<Vec<bool>> {
    let known = numbered(groups);
    let n_groups = known.iter().max().map_or(0, |last| last + 1);
    (n_groups >= 2).then(|| known.iter().map(|k| k % 2 == 1).collect())
}

/// Groups numbered from 0 without gaps, per episode.
pub fn numbered(groups: &[u32]) -> Vec<usize> {
    let mut known = groups.to_vec();
    known.sort_unstable();
    known.dedup();
    let position = |group| known.binary_search(group).unwrap_or_default();
    groups.iter().map(position).collect()
}

impl Model {
    /// Fits two sets of values, each on one half of the callers, and asks each about the other
    /// half (cross-fitting; Chernozhukov et al., 2018, "Double/debiased machine learning"): no call
    /// is judged by values that have seen it.
    ///
    /// # Errors
    /// As [`Fqe::fit`], or if there is one caller only.
    pub fn cross_fitted(
        fqe: &Fqe<'_>,
        calls: &Trajectories,
        target: &Target,
        config: &FqeConfig,
        seed: u64,
    ) -> Result<Self, LearnError> {
        let folds = folds(&calls.groups).ok_or_else(|| LearnError::Dataset {
            row: None,
            reason: "all calls are of one caller, expected at least 2 callers".to_owned(),
        })?;
        let fit = |half: bool| {
            let weights: Vec<f32> = folds
                .iter()
                .map(|f| f32::from(u8::from(*f == half)))
                .collect();
            fqe.fit(&weights, config, None, seed)
        };
        let halves = [fit(false)?, fit(true)?];
        let mut model = Self {
            q: vec![0.0; calls.len()],
            v: vec![0.0; calls.len()],
        };
        let n_features = calls.codes.len() / calls.len().max(1);
        let mut q = vec![0.0; target.n_actions];
        for episode in 0..calls.n_episodes() {
            let other = &halves[usize::from(!folds[episode])];
            for row in calls.rows(episode) {
                let codes = &calls.codes[row * n_features..][..n_features];
                other.all(codes, &mut q);
                model.q[row] = f64::from(q[calls.actions[row] as usize]);
                model.v[row] = other.value(codes, target.at(row));
            }
        }
        Ok(model)
    }
}

/// Values of the first observations under `values`, per episode.
pub fn first_values(values: &ActionValues, calls: &Trajectories, target: &Target) -> Vec<f64> {
    let n_features = calls.codes.len() / calls.len().max(1);
    let one = |episode| {
        let row = calls.rows(episode).start;
        values.value(
            &calls.codes[row * n_features..][..n_features],
            target.at(row),
        )
    };
    (0..calls.n_episodes()).map(one).collect()
}

/// Mean value of the first observations, fitted anew on `n` resamples of the callers, each going on
/// from `values` (Hao et al., 2021, "Bootstrapping Fitted Q-Evaluation for Off-Policy Inference").
///
/// # Errors
/// As [`Fqe::fit`].
pub fn refitted(
    fqe: &Fqe<'_>,
    values: &ActionValues,
    calls: &Trajectories,
    target: &Target,
    config: &FqeConfig,
    (n, seed): (u64, u64),
) -> Result<Vec<f64>, LearnError> {
    let groups = numbered(&calls.groups);
    let n_groups = groups.iter().max().map_or(0, |last| last + 1);
    let one = |b| {
        let counts = resample(n_groups, seed, b);
        let weights: Vec<f32> = groups.iter().map(|g| counts[*g] as f32).collect();
        let refit = fqe.fit(&weights, config, Some(values), seed.wrapping_add(b + 1))?;
        let first = first_values(&refit, calls, target);
        let weighted = first.iter().zip(&weights).map(|(v, w)| v * f64::from(*w));
        Ok(weighted.sum::<f64>() / weights.iter().map(|w| f64::from(*w)).sum::<f64>())
    };
    (0..n).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_on_one_side_only() {
        let folds = folds(&[9, 4, 9, 4, 7]).unwrap();
        assert_eq!(folds, [false, false, false, false, true]);
        assert_eq!(super::folds(&[3, 3]), None);
    }
}
