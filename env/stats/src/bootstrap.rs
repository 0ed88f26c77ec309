//! Bootstrap intervals over seeds: interquartile mean, probability of improvement, two-level mean.
//!
//! The first two are those of Agarwal et al., 2021, "Deep Reinforcement Learning at the Edge of the
//! Statistical Precipice" (arXiv:2108.13264), for few seeds on one or more tasks. Percentile intervals over so
//! few seeds are too narrow (Hesterberg, 2015, section 3.2): the test below sees coverage of about 90 % for the
//! interquartile mean of five seeds and 84 % for their mean. They draw bands and compare; key figures take
//! [`clustered_mean`](crate::clustered_mean).

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::estimate::{Estimate, LEVEL};
use crate::replicates::Replicates;

/// Resamples that leave the ends of an interval stable to about a fiftieth of its width.
pub const RESAMPLES: usize = 2_000;

/// Mean of the middle half of the values: a quarter of them, rounded down, is cut at either end, as
/// `scipy.stats.trim_mean(values, 0.25)` does; `None` for no values.
pub fn interquartile_mean(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 4;
    let middle = &sorted[cut..sorted.len() - cut];
    (!middle.is_empty()).then(|| middle.iter().sum::<f64>() / middle.len() as f64)
}

/// Interquartile mean over all tasks and seeds with its stratified bootstrap interval: each task's seeds
/// are redrawn among themselves.
///
/// `scores[task_idx][seed_idx]`; a point of a learning curve is one task. `None` for no scores; no
/// interval unless some task has two seeds.
pub fn iqm(scores: &[Vec<f64>], n_resamples: usize, seed: u64) -> Option<Estimate> {
    let value = interquartile_mean(&scores.concat())?;
    if scores.iter().all(|task| task.len() < 2) {
        return Some(Estimate::point(value));
    }
    let mut drawn = scores.to_vec();
    Some(percentile(value, n_resamples, seed, |rng| {
        redraw(scores, &mut drawn, rng);
        interquartile_mean(&drawn.concat()).unwrap_or(value)
    }))
}

/// Probability that a seed of `x` beats a seed of `y` on the same task, ties counting half (Mann and
/// Whitney, 1947), averaged over tasks, with its stratified bootstrap interval.
///
/// `x[task_idx][seed_idx]`, `y` likewise. `None` unless both have scores on every task; no interval unless
/// both sides have two seeds on some task.
///
/// # Panics
/// If `x` and `y` differ in their number of tasks.
pub fn probability_of_improvement(
    x: &[Vec<f64>],
    y: &[Vec<f64>],
    n_resamples: usize,
    seed: u64,
) -> Option<Estimate> {
    assert_eq!(x.len(), y.len(), "both sides need the same tasks");
    if x.is_empty() || x.iter().chain(y).any(Vec::is_empty) {
        return None;
    }
    let value = win_share(x, y);
    if x.iter().zip(y).all(|(x, y)| x.len() < 2 || y.len() < 2) {
        return Some(Estimate::point(value));
    }
    let (mut x_drawn, mut y_drawn) = (x.to_vec(), y.to_vec());
    Some(percentile(value, n_resamples, seed, |rng| {
        redraw(x, &mut x_drawn, rng);
        redraw(y, &mut y_drawn, rng);
        win_share(&x_drawn, &y_drawn)
    }))
}

/// Fills `drawn` with as many scores per task, drawn with replacement.
fn redraw(scores: &[Vec<f64>], drawn: &mut [Vec<f64>], rng: &mut Xoshiro256PlusPlus) {
    for (task, drawn) in scores.iter().zip(drawn) {
        for score in drawn {
            *score = task[rng.random_range(0..task.len())];
        }
    }
}

fn win_share(x: &[Vec<f64>], y: &[Vec<f64>]) -> f64 {
    let per_task = x.iter().zip(y).map(|(x, y)| {
        let wins: f64 = x
            .iter()
            .flat_map(|x| {
                y.iter()
                    .map(move |y| f64::midpoint((x > y).into(), (x >= y).into()))
            })
            .sum();
        wins / (x.len() * y.len()) as f64
    });
    per_task.sum::<f64>() / x.len() as f64
}

/// The estimate with the interval between the percentiles of `statistic` over redrawn data.
fn percentile(
    value: f64,
    n_resamples: usize,
    seed: u64,
    mut statistic: impl FnMut(&mut Xoshiro256PlusPlus) -> f64,
) -> Estimate {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let replicates = Replicates::new((0..n_resamples).map(|_| statistic(&mut rng)));
    Estimate {
        value,
        bounds: replicates.percentile(LEVEL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{coverage, near, normal};

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
        assert_eq!(iqm(&[vec![0.5]], 100, 1), Some(Estimate::point(0.5)));
        assert_eq!(iqm(&[], 100, 1), None);
        let one = [vec![1.0]];
        assert_eq!(
            probability_of_improvement(&one, &[vec![0.0, 2.0]], 100, 1),
            Some(Estimate::point(0.5))
        );
    }

    #[test]
    fn strata_keep_their_own_seeds() {
        // Seeds agree within either task, so redrawing within tasks changes nothing.
        let scores = [vec![1.0, 1.0], vec![3.0, 3.0]];
        assert_eq!(iqm(&scores, 200, 1), Some(Estimate::new(2.0, 2.0, 2.0)));
    }

    #[test]
    fn ties_count_half() {
        let p = |x: &[f64], y: &[f64]| {
            probability_of_improvement(&[x.to_vec()], &[y.to_vec()], 500, 3).map(|e| e.value)
        };
        assert_eq!(p(&[2.0, 3.0], &[0.0, 1.0]), Some(1.0));
        assert_eq!(p(&[1.0, 1.0], &[1.0, 1.0]), Some(0.5));
        assert_eq!(p(&[1.0, 3.0], &[2.0, 3.0]), Some(0.375));
    }

    #[test]
    fn value_stability() {
        let scores = [vec![0.1, 0.5, 0.3, 0.9, 0.4]];
        let e = iqm(&scores, 1_000, 7);
        assert_eq!(e, iqm(&scores, 1_000, 7));
        near(e, 0.4, 1.0 / 6.0, 0.23 / 0.3, 1e-12);
    }

    #[test]
    fn five_seeds_cover_less_than_they_say() {
        let covered = coverage(1_000, |rng| {
            let scores: Vec<f64> = (0..5).map(|_| normal(rng)).collect();
            let bounds = iqm(&[scores], 300, 5).and_then(|e| e.bounds);
            bounds.is_some_and(|(low, high)| low <= 0.0 && 0.0 <= high)
        });
        // Four standard errors over 1,000 experiments are 0.04.
        assert!((covered - 0.90).abs() < 0.04, "{covered:?}");
    }
}
