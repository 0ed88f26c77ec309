//! Bootstrap intervals for estimates that are smooth functions of sums over episodes.
//!
//! Calls of one caller are alike, so callers are redrawn, not calls. The interval is the
//! bias-corrected and accelerated one: importance weights are skewed, and a plain percentile interval sits
//! too low on them.

use std::collections::BTreeMap;

use crate::estimate::Estimate;
use crate::replicates::Replicates;

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

    /// The estimate with its interval of coverage `level` over `groups`, one number per episode; no
    /// interval for fewer than two groups. `None` if the sums have no value, as a mean of weights that are
    /// all 0.
    ///
    /// `resample(n_groups, b)` draws resample number `b` of `0..n_resamples`: how often each of the
    /// groups is in it.
    pub fn estimate(
        &self,
        groups: &[u32],
        level: f64,
        n_resamples: usize,
        resample: impl Fn(usize, u64) -> Vec<u32>,
    ) -> Option<Estimate> {
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
        let bounds = || {
            let counts = (0..n_resamples as u64).map(|b| resample(n_groups, b));
            let replicates = Replicates::new(self.redrawn(&grouped, counts));
            replicates.bca(level, value, &self.left_out(&grouped, &sums))
        };
        Some(Estimate {
            value,
            bounds: (n_groups >= 2).then(bounds).flatten(),
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

    /// Values of resamples of the groups, those without a value left out.
    fn redrawn(&self, grouped: &[f64], counts: impl Iterator<Item = Vec<u32>>) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_terms];
        let value = |counts: Vec<u32>| {
            sums.fill(0.0);
            let drawn = counts
                .into_iter()
                .enumerate()
                .filter(|(_, count)| *count > 0);
            for (group, count) in drawn {
                let row = &grouped[group * self.n_terms..][..self.n_terms];
                add(&mut sums, row, f64::from(count));
            }
            (self.value)(&sums)
        };
        counts.map(value).filter(|x| x.is_finite()).collect()
    }

    /// Values without one group at a time, those without a value left out.
    fn left_out(&self, grouped: &[f64], sums: &[f64]) -> Vec<f64> {
        let mut left = vec![0.0; self.n_terms];
        let without = |row: &[f64]| {
            left.copy_from_slice(sums);
            add(&mut left, row, -1.0);
            (self.value)(&left)
        };
        let rows = grouped.chunks_exact(self.n_terms).map(without);
        rows.filter(|x| x.is_finite()).collect()
    }
}

fn add(sums: &mut [f64], row: &[f64], times: f64) {
    sums.iter_mut().zip(row).for_each(|(s, x)| *s += times * x);
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn estimate(sums: &Sums, groups: &[u32]) -> Option<Estimate> {
        sums.estimate(groups, 0.95, 2_000, |n_groups, b| {
            let mut rng = Xoshiro256PlusPlus::seed_from_u64(b);
            let mut counts = vec![0; n_groups];
            (0..n_groups).for_each(|_| counts[rng.random_range(0..n_groups)] += 1);
            counts
        })
    }

    #[test]
    fn the_interval_of_a_mean_is_close_to_students() {
        let values: Vec<f64> = (0..200).map(|k| f64::from(k % 20)).collect();
        let groups: Vec<u32> = (0..200).collect();
        let found = estimate(&Sums::mean(values), &groups).unwrap();
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
            estimate(&sums, groups).unwrap().bounds
        };
        let few: Vec<u32> = (0..20).collect();
        let many: Vec<u32> = (0..2_000).map(|k| k % 20).collect();
        assert_eq!(values(&few), values(&many));
        assert_eq!(values(&[3; 50]), None);
    }

    #[test]
    fn weights_that_are_all_zero_have_no_mean() {
        let sums = Sums::ratio([(0.0, 0.0), (0.0, 0.0)]);
        assert!(estimate(&sums, &[0, 1]).is_none());
    }
}
