//! Intervals over training seeds, of which there are few: interquartile mean and probability of improvement.
//!
//! Both are those of Agarwal et al., 2021, "Deep Reinforcement Learning at the Edge of the Statistical
//! Precipice" (arXiv:2108.13264); their intervals are not, since percentiles of so few seeds are too narrow: they
//! cover 75 % at three seeds and 90 % at five where they say 95 %. They draw bands and compare; key figures take
//! [`clustered_mean`](crate::clustered_mean).

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::estimate::Estimate;
use crate::moments::Moments;
use crate::quantile::{UPPER, normal_cdf, student_quantile};
use crate::replicates::Replicates;

/// From as many seeds on the interval of [`iqm`] is bootstrapped; below, it is Student's.
pub const MIN_BOOTSTRAPPED: usize = 5;

/// Resamples that leave the ends of an interval stable to about a fiftieth of its width; the tails of five
/// expanded seeds lie a thousandth from either end.
const RESAMPLES: usize = 10_000;

/// Mean of the middle half of the values: a quarter of them, rounded down, is cut at either end, as
/// `scipy.stats.trim_mean(values, 0.25)` does; `None` for no values.
pub fn interquartile_mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| middle_mean(&mut values.to_vec()))
}

/// The same of values that may be sorted, and are there.
fn middle_mean(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let cut = values.len() / 4;
    let middle = &values[cut..values.len() - cut];
    middle.iter().sum::<f64>() / middle.len() as f64
}

/// Interquartile mean over seeds with an interval that holds; `None` for no scores, no interval for one.
///
/// From [`MIN_BOOTSTRAPPED`] seeds on it is the expanded percentile interval (Hesterberg, 2015, section 3.2); a bootstrap of fewer
/// seeds cannot reach beyond the lowest and the highest of them, so that they have Student's interval of the mean
/// (which is the interquartile mean of up to three), around the interquartile mean. Of two seeds that is mostly
/// too wide to say anything, as it should be.
pub fn iqm(scores: &[f64], seed: u64) -> Option<Estimate> {
    iqm_by_resamples(scores, RESAMPLES, seed)
}

fn iqm_by_resamples(scores: &[f64], n_resamples: usize, seed: u64) -> Option<Estimate> {
    let value = interquartile_mean(scores)?;
    let n = scores.len();
    let bounds = match n {
        1 => None,
        n if n < MIN_BOOTSTRAPPED => {
            let error = Moments::of(scores.iter().copied())
                .variance_of_mean()
                .sqrt();
            let half = student_quantile(UPPER, n - 1) * error;
            Some((value - half, value + half))
        }
        n => redrawn(&[scores], n_resamples, seed).percentile(expanded(n)),
    };
    Some(Estimate { value, bounds })
}

/// The level at which a percentile interval over `n` seeds (at least 2) covers [`LEVEL`](crate::LEVEL): resampled values spread
/// less than values by a factor of `√((n-1)/n)`, and are as if the spread were known; the level undoes both for
/// means of normal values (Hesterberg, 2015, "What Teachers Should Know About the Bootstrap", section 3.2).
fn expanded(n: usize) -> f64 {
    let reach = (n as f64 / (n as f64 - 1.0)).sqrt() * student_quantile(UPPER, n - 1);
    1.0 - 2.0 * normal_cdf(-reach)
}

/// Interquartile means of as many scores, drawn with replacement, each task's among themselves;
/// `scores[task_idx][seed_idx]`. The laboratory has one task at a time; the papers' intervals are over several.
fn redrawn(scores: &[&[f64]], n_resamples: usize, seed: u64) -> Replicates {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut drawn = scores.concat();
    let mut draw = || {
        let tasks = scores
            .iter()
            .flat_map(|task| std::iter::repeat_n(task, task.len()));
        for (score, task) in drawn.iter_mut().zip(tasks) {
            *score = task[rng.random_range(0..task.len())];
        }
        middle_mean(&mut drawn)
    };
    Replicates::new((0..n_resamples).map(|_| draw()))
}

/// Probability that a seed of `x` beats a seed of `y`, ties counting half (Mann and Whitney, 1947); `None` unless
/// both have scores, no interval unless both have two.
///
/// The interval is the score interval of Newcombe (2006, "Confidence intervals for an effect size measure based on
/// the Mann-Whitney statistic", part 2, method 5) with Student's quantile: a bootstrap of seeds that all win would
/// be certain, however few they are.
pub fn probability_of_improvement(x: &[f64], y: &[f64]) -> Option<Estimate> {
    if x.is_empty() || y.is_empty() {
        return None;
    }
    let wins = x.iter().flat_map(|x| {
        y.iter()
            .map(move |y| f64::midpoint((x > y).into(), (x >= y).into()))
    });
    let (n_x, n_y) = (x.len(), y.len());
    let value = wins.sum::<f64>() / (n_x * n_y) as f64;
    let bounds = (n_x >= 2 && n_y >= 2).then(|| {
        let end = |beyond| end_of_improvement(value, n_x, n_y, beyond);
        (end(0.0), end(1.0))
    });
    Some(Estimate { value, bounds })
}

/// The probability between `value` and `beyond` that `value` is just likely under, by bisection.
fn end_of_improvement(value: f64, n_x: usize, n_y: usize, beyond: f64) -> f64 {
    let quantile = student_quantile(UPPER, n_x + n_y - 2);
    let (n_x, n_y) = (n_x as f64, n_y as f64);
    let others = f64::midpoint(n_x, n_y) - 1.0;
    let variance = |p: f64| {
        let overlap = (1.0 - p) / (2.0 - p) + p / (1.0 + p);
        p * (1.0 - p) * (1.0 + others * overlap) / (n_x * n_y)
    };
    let (mut inside, mut outside) = (value, beyond);
    for _ in 0..60 {
        let middle = f64::midpoint(inside, outside);
        if (middle - value).abs() <= quantile * variance(middle).sqrt() {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::estimate::LEVEL;
    use crate::tests::{coverage, holds, near, normal};

    #[test]
    fn a_quarter_is_cut_at_either_end() {
        let known: [(&[f64], f64); 4] = [
            (&[1.0, 2.0, 9.0], 4.0),
            (&[100.0, 2.0, 3.0, 1.0], 2.5),
            (&[5.0, 1.0, 2.0, 3.0, -90.0], 2.0),
            (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 80.0], 4.5),
        ];
        for (values, expected) in known {
            assert_eq!(interquartile_mean(values), Some(expected), "{values:?}");
        }
        assert_eq!(interquartile_mean(&[]), None);
    }

    #[test]
    fn one_seed_has_no_interval() {
        assert_eq!(iqm(&[0.5], 1), Some(Estimate::point(0.5)));
        assert_eq!(iqm(&[], 1), None);
        let found = probability_of_improvement(&[1.0], &[0.0, 2.0]);
        assert_eq!(found, Some(Estimate::point(0.5)));
        assert_eq!(probability_of_improvement(&[], &[1.0]), None);
    }

    #[test]
    fn ties_count_half() {
        let p = |x: &[f64], y: &[f64]| probability_of_improvement(x, y).map(|e| e.value);
        assert_eq!(p(&[2.0, 3.0], &[0.0, 1.0]), Some(1.0));
        assert_eq!(p(&[1.0, 1.0], &[1.0, 1.0]), Some(0.5));
        assert_eq!(p(&[1.0, 3.0], &[2.0, 3.0]), Some(0.375));
    }

    #[test]
    fn three_seeds_that_all_win_prove_little() {
        let found = probability_of_improvement(&[4.0, 5.0, 6.0], &[1.0, 2.0, 3.0]);
        near(found, 1.0, 0.337, 1.0, 1e-3);
        let found = probability_of_improvement(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]);
        near(found, 0.0, 0.0, 0.663, 1e-3);
    }

    /// Scores of five seeds on 18 tasks, and what the authors' own package makes of them.
    #[derive(serde::Deserialize)]
    struct Oracle {
        /// `scores[seed_idx][task_idx]`.
        #[serde(rename = "A")]
        a: Vec<Vec<f64>>,
        #[serde(rename = "B")]
        b: Vec<Vec<f64>>,
        /// Of each side, by metric; the interquartile mean is the second.
        points: BTreeMap<String, Vec<f64>>,
        /// Lower ends and upper ends of each side, by metric, of 2,000 resamples.
        ci_2000: BTreeMap<String, [Vec<f64>; 2]>,
        #[serde(rename = "p_improvement_A_over_B")]
        improvement: f64,
    }

    #[test]
    fn points_and_unexpanded_ends_are_those_of_rliable() {
        const IQM: usize = 1;
        let oracle: Oracle =
            serde_json::from_str(include_str!("../tests/rliable.json")).expect("the oracle");
        let by_task = |scores: &[Vec<f64>]| -> Vec<Vec<f64>> {
            let task = |t: usize| scores.iter().map(|of_seed| of_seed[t]).collect();
            (0..scores[0].len()).map(task).collect()
        };
        let (a, b) = (by_task(&oracle.a), by_task(&oracle.b));
        for (side, tasks) in [("A", &a), ("B", &b)] {
            let value = interquartile_mean(&tasks.concat()).expect("scores");
            assert!((value - oracle.points[side][IQM]).abs() < 1e-12, "{side}");
            let tasks: Vec<&[f64]> = tasks.iter().map(Vec::as_slice).collect();
            let (low, high) = redrawn(&tasks, RESAMPLES, 1)
                .percentile(LEVEL)
                .expect("ends");
            let [lows, highs] = &oracle.ci_2000[side];
            let tolerance = 0.05 * (highs[IQM] - lows[IQM]);
            near(
                Some(Estimate::new(value, low, high)),
                value,
                lows[IQM],
                highs[IQM],
                tolerance,
            );
        }
        let of_task = |(a, b): (&Vec<f64>, &Vec<f64>)| {
            probability_of_improvement(a, b).expect("scores").value
        };
        let mean = a.iter().zip(&b).map(of_task).sum::<f64>() / a.len() as f64;
        assert!((mean - oracle.improvement).abs() < 1e-12);
    }

    #[test]
    fn value_stability() {
        let scores = [0.1, 0.5, 0.3, 0.9, 0.4, 0.35, 0.6];
        let e = iqm(&scores, 7);
        assert_eq!(e, iqm(&scores, 7));
        near(e, 0.43, 0.2, 0.74, 1e-12);
    }

    /// A score of a seed, and the interquartile mean of its distribution.
    type Shape = (fn(&mut Xoshiro256PlusPlus) -> f64, f64);

    const NORMAL: Shape = (normal, 0.0);

    /// The interquartile mean of an exponential distribution is twice the integral of `-ln q` over `q` from 1/4 to
    /// 3/4.
    fn exponential() -> Shape {
        let integral = |q: f64| q - q * q.ln();
        let middle = 2.0 * (integral(0.75) - integral(0.25));
        (|rng| -(1.0 - rng.random::<f64>()).ln(), middle)
    }

    fn coverage_of_iqm((draw, middle): Shape, n_seeds: usize) -> f64 {
        coverage(2_000, |rng| {
            let scores: Vec<f64> = (0..n_seeds).map(|_| draw(rng)).collect();
            holds(iqm_by_resamples(&scores, 1_000, 5), middle)
        })
    }

    #[test]
    fn the_interval_of_few_seeds_holds_as_often_as_it_says() {
        for n_seeds in [3, 5, 10, 20] {
            let covered = coverage_of_iqm(NORMAL, n_seeds);
            assert!((0.93..=0.97).contains(&covered), "{n_seeds}: {covered}");
        }
    }

    #[test]
    fn the_interval_of_few_skewed_seeds_holds_nearly_as_often() {
        for n_seeds in [5, 10, 20] {
            let covered = coverage_of_iqm(exponential(), n_seeds);
            assert!(covered >= 0.92, "{n_seeds}: {covered}");
        }
        // Student's interval of three is around their mean, which tends to lie above the middle: 93 %.
        let covered = coverage_of_iqm(exponential(), 3);
        assert!((covered - 0.93).abs() <= 0.02, "{covered}");
    }

    #[test]
    fn the_probability_of_improvement_of_few_seeds_is_no_surer_than_it_says() {
        for (n_x, n_y) in [(3, 3), (3, 10), (5, 5), (10, 10)] {
            for ahead in [0.0, 1.0, 2.0] {
                let truth = normal_cdf(ahead / 2f64.sqrt());
                let covered = coverage(1_000, |rng| {
                    let mut draw =
                        |n, ahead| -> Vec<f64> { (0..n).map(|_| normal(rng) + ahead).collect() };
                    let (x, y) = (draw(n_x, ahead), draw(n_y, 0.0));
                    holds(probability_of_improvement(&x, &y), truth)
                });
                assert!(covered >= 0.94, "{n_x}, {n_y}, {ahead}: {covered}");
            }
        }
    }
}
