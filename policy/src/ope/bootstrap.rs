//! Bootstrap intervals for estimates that are smooth functions of sums over episodes.
//!
//! Calls of one caller are alike, so callers are redrawn, not calls. The interval is the
//! bias-corrected and accelerated one (BCa; Efron, 1987, "Better bootstrap confidence intervals"):
//! importance weights are skewed, and a plain percentile interval sits too low on them.

use std::collections::BTreeMap;

use offhook_env::rng::{Stream, derive};
use rand::Rng as _;

use super::Interval;
use super::quantile::{normal_cdf, normal_quantile};

/// How intervals are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Nominal coverage, in `(0, 1)`.
    pub level: f64,
    /// Resamples.
    pub n_resamples: usize,
    /// Seed of the resamples.
    pub seed: u64,
}

/// An estimate that is a function of the sums of some terms over episodes.
pub struct Sums {
    n_terms: usize,
    /// `n_episodes x n_terms`.
    terms: Vec<f64>,
    value: fn(&[f64]) -> f64,
}

impl Sums {
    /// An estimate with `n_terms` terms for every episode.
    ///
    /// # Panics
    /// If the terms do not come in full rows.
    pub fn new(n_terms: usize, terms: Vec<f64>, value: fn(&[f64]) -> f64) -> Self {
        assert_eq!(terms.len() % n_terms, 0, "terms come in full rows");
        Self {
            n_terms,
            terms,
            value,
        }
    }

    /// The ratio of two sums, such as a mean (a sum over a number) or a weighted mean.
    pub fn ratio(pairs: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let terms = pairs.into_iter().flat_map(|(x, y)| [x, y]).collect();
        Self::new(2, terms, |sums| sums[0] / sums[1])
    }

    /// A mean over episodes.
    pub fn mean(values: impl IntoIterator<Item = f64>) -> Self {
        Self::ratio(values.into_iter().map(|x| (x, 1.0)))
    }

    /// The estimate with its interval over `groups`, one number per episode; no interval for
    /// fewer than two groups. `None` if the sums have no value, as a mean of weights that are all 0.
    pub fn estimate(&self, groups: &[u32], bootstrap: Bootstrap) -> Option<Interval> {
        let grouped = self.grouped(groups);
        let n_groups = grouped.len() / self.n_terms;
        let mut sums = vec![0.0; self.n_terms];
        for row in grouped.chunks_exact(self.n_terms) {
            add(&mut sums, row, 1.0);
        }
        let value = (self.value)(&sums);
        if !value.is_finite() {
            return None;
        }
        let bounds = (n_groups >= 2).then(|| self.bca(&grouped, &sums, value, bootstrap));
        Some(Interval {
            value,
            bounds: bounds.flatten(),
        })
    }

    /// Sums of the terms within every group.
    fn grouped(&self, groups: &[u32]) -> Vec<f64> {
        let mut by_group: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (row, group) in self.terms.chunks_exact(self.n_terms).zip(groups) {
            let sums = by_group
                .entry(*group)
                .or_insert_with(|| vec![0.0; self.n_terms]);
            add(sums, row, 1.0);
        }
        by_group.into_values().flatten().collect()
    }

    fn bca(
        &self,
        grouped: &[f64],
        sums: &[f64],
        value: f64,
        bootstrap: Bootstrap,
    ) -> Option<(f64, f64)> {
        let mut draws = self.draws(grouped, bootstrap);
        if draws.is_empty() {
            return None;
        }
        draws.sort_unstable_by(f64::total_cmp);
        let n = draws.len() as f64;
        let below = draws.iter().filter(|x| **x < value).count() as f64;
        let equal = draws.iter().filter(|x| **x == value).count() as f64;
        let share = ((below + 0.5 * equal) / n).clamp(0.5 / n, 1.0 - 0.5 / n);
        let bias = normal_quantile(share);
        let acceleration = self.acceleration(grouped, sums);
        let at = |prob: f64| {
            let shift = bias + normal_quantile(prob);
            let stretched = shift / (1.0 - acceleration * shift).max(1e-3);
            let rank = normal_cdf(bias + stretched) * n;
            draws[(rank as usize).min(draws.len() - 1)]
        };
        let tail = 0.5 * (1.0 - bootstrap.level);
        Some((at(tail), at(1.0 - tail)))
    }

    /// Values of resamples of the groups, those without a value left out.
    fn draws(&self, grouped: &[f64], bootstrap: Bootstrap) -> Vec<f64> {
        let n_groups = grouped.len() / self.n_terms;
        let mut sums = vec![0.0; self.n_terms];
        let draw = |b: usize| {
            sums.fill(0.0);
            for (group, count) in resample(n_groups, bootstrap.seed, b as u64)
                .into_iter()
                .enumerate()
                .filter(|(_, count)| *count > 0)
            {
                let row = &grouped[group * self.n_terms..][..self.n_terms];
                add(&mut sums, row, f64::from(count));
            }
            (self.value)(&sums)
        };
        let values = (0..bootstrap.n_resamples).map(draw);
        values.filter(|x| x.is_finite()).collect()
    }

    /// Skewness of the estimate by leaving out one group at a time (Efron, 1987, eq. 6.6).
    fn acceleration(&self, grouped: &[f64], sums: &[f64]) -> f64 {
        let mut left = vec![0.0; self.n_terms];
        let without = |row: &[f64]| {
            left.copy_from_slice(sums);
            add(&mut left, row, -1.0);
            (self.value)(&left)
        };
        let values: Vec<f64> = grouped
            .chunks_exact(self.n_terms)
            .map(without)
            .filter(|x| x.is_finite())
            .collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let power = |p: i32| values.iter().map(|x| (mean - x).powi(p)).sum::<f64>();
        let spread = power(2);
        if spread > 0.0 {
            power(3) / (6.0 * spread.powf(1.5))
        } else {
            0.0
        }
    }
}

/// How often every group is drawn in resample number `b`; a function of its arguments.
pub fn resample(n_groups: usize, seed: u64, b: u64) -> Vec<u32> {
    let mut rng = derive(seed, Stream::Resample, b);
    let mut counts = vec![0; n_groups];
    for _ in 0..n_groups {
        // The high half of a product with a 64-bit draw; its bias is below 2^-32 for our sizes.
        let group = (u128::from(rng.next_u64()) * n_groups as u128) >> 64;
        counts[group as usize] += 1;
    }
    counts
}

fn add(sums: &mut [f64], row: &[f64], times: f64) {
    sums.iter_mut().zip(row).for_each(|(s, x)| *s += times * x);
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap {
        level: 0.95,
        n_resamples: 2_000,
        seed: 1,
    };

    #[test]
    fn the_interval_of_a_mean_is_close_to_students() {
        let values: Vec<f64> = (0..200).map(|k| f64::from(k % 20)).collect();
        let groups: Vec<u32> = (0..200).collect();
        let found = Sums::mean(values).estimate(&groups, BOOTSTRAP).unwrap();
        // Standard deviation 5.78, standard error 0.409, 1.97 of them to either side; the end of an
        // interval of 2,000 resamples has a standard error of 0.03.
        let (low, high) = found.bounds.unwrap();
        assert_eq!(found.value, 9.5);
        assert!(
            (low - 8.69).abs() < 0.12 && (high - 10.31).abs() < 0.12,
            "{low} {high}"
        );
    }

    #[test]
    fn a_hundred_calls_of_one_caller_are_one_caller() {
        let values = |groups: &[u32]| {
            let sums = Sums::mean(groups.iter().map(|g| f64::from(g % 7)));
            sums.estimate(groups, BOOTSTRAP).unwrap().bounds
        };
        let few: Vec<u32> = (0..20).collect();
        let many: Vec<u32> = (0..2_000).map(|k| k % 20).collect();
        assert_eq!(values(&few), values(&many));
        assert_eq!(values(&[3; 50]), None);
    }

    #[test]
    fn weights_that_are_all_zero_have_no_mean() {
        let sums = Sums::ratio([(0.0, 0.0), (0.0, 0.0)]);
        assert!(sums.estimate(&[0, 1], BOOTSTRAP).is_none());
    }
}
