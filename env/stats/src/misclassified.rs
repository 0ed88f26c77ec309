//! Shares of true values, from values that were recorded with errors of known frequency.
//!
//! Where `M[j][i]` is the probability that the true value `i` is recorded as `j`, recorded shares `r` and true shares
//! `p` satisfy `r = M p`. The estimate is the solution, or where that has a negative share the `p` among all shares
//! that comes closest, in least squares. For two values it is the estimator of Rogan and Gladen (1978, "Estimating
//! prevalence from the results of a screening test"), cut to `[0, 1]`.
//!
//! It holds for a group of calls as far as errors are as frequent in the group as where `M` was estimated.

use rand::SeedableRng;
use rand_distr::{Distribution, Poisson};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::estimate::{Estimate, LEVEL};
use crate::interval::score;
use crate::replicates::Replicates;

/// Resamples that leave the ends of an interval stable to about a twentieth of its width.
const RESAMPLES: usize = 1_000;
/// Pivots below are those of a matrix that does not tell its values apart.
const SINGULAR: f64 = 1e-6;
/// Steps of the search where a share would be negative.
const STEPS: usize = 300;

/// What is counted of a group of calls and of others, over `n` values; a matrix is row by true value, `n x n`.
#[derive(Clone, Copy, Debug)]
pub struct Misclassified<'a> {
    /// Calls of the group whose true value is known, by true and recorded value.
    pub known: &'a [u64],
    /// Calls of the group whose true value is not known, by recorded value; `n` long.
    pub unknown: &'a [u64],
    /// Calls outside the group whose true value is known, from which, and from `known`, errors are estimated.
    pub elsewhere: &'a [u64],
}

impl Misclassified<'_> {
    /// The share of each true value among the calls of the group, with an interval of 95 %; `None` for no calls, and
    /// where the errors are not known: a value was recorded that no known call truly had, or the matrix does not
    /// tell the values apart.
    ///
    /// The interval is the percentile interval of a bootstrap over calls of 1,000 Poisson resamples (each call comes
    /// a Poisson number of times, so that each count is redrawn by itself; Chamandy et al., 2012, "Estimating
    /// uncertainty for massive data streams"), never narrower than the score interval of as many calls that are
    /// recorded without error.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn shares(&self, seed: u64) -> Option<Vec<Estimate>> {
        let n = self.unknown.len();
        let fits = self.known.len() == n * n && self.elsewhere.len() == n * n;
        assert!(fits, "matrices are over as many values as the counts");
        let all = [self.known, self.unknown, self.elsewhere].concat();
        let exact: Vec<f64> = all.iter().map(|count| *count as f64).collect();
        let system = System::new(&exact, n)?;
        let is_known = |value: usize| system.is_seen[value] || system.recorded[value] == 0.0;
        if !(0..n).all(is_known) {
            return None;
        }
        let values = on_simplex(system.solution()?, &system);

        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let redraw = |count: &f64, rng: &mut Xoshiro256PlusPlus| match Poisson::new(*count) {
            Ok(poisson) => poisson.sample(rng),
            // A count of 0 has no distribution.
            Err(_) => 0.0,
        };
        let mut redrawn = vec![Vec::with_capacity(RESAMPLES); n];
        for _ in 0..RESAMPLES {
            let counts: Vec<f64> = exact.iter().map(|count| redraw(count, &mut rng)).collect();
            let Some(system) = System::new(&counts, n) else {
                continue;
            };
            let start = system.solution().unwrap_or(system.recorded.clone());
            for (list, share) in redrawn.iter_mut().zip(on_simplex(start, &system)) {
                list.push(share);
            }
        }
        let n_calls = self.known.iter().chain(self.unknown).sum::<u64>() as f64;
        let estimate = |(value, redrawn): (f64, Vec<f64>)| {
            let bounds = Replicates::new(redrawn).percentile(LEVEL);
            // The estimate lies within its interval, however skewed the resamples are.
            let bounds = bounds.map(|(low, high)| (low.min(value), high.max(value)));
            Estimate { value, bounds }.widened(score(value, n_calls), (0.0, 1.0))
        };
        Some(values.into_iter().zip(redrawn).map(estimate).collect())
    }
}

/// `r = M p`.
struct System {
    n: usize,
    /// `M`, row by recorded value.
    matrix: Vec<f64>,
    /// `r`.
    recorded: Vec<f64>,
    /// Whether any call truly had the value; one of which nothing is known is taken to be recorded as it is.
    is_seen: Vec<bool>,
}

impl System {
    /// From the counts of [`Misclassified`] one behind the other; `None` where nothing was recorded.
    fn new(counts: &[f64], n: usize) -> Option<Self> {
        let (known, rest) = counts.split_at(n * n);
        let (unknown, elsewhere) = rest.split_at(n);
        let of_group = |j: usize| unknown[j] + (0..n).map(|i| known[i * n + j]).sum::<f64>();
        let mut recorded: Vec<f64> = (0..n).map(of_group).collect();
        let total: f64 = recorded.iter().sum();
        if total <= 0.0 {
            return None;
        }
        recorded.iter_mut().for_each(|share| *share /= total);
        let mut matrix = vec![0.0; n * n];
        let mut is_seen = vec![true; n];
        for i in 0..n {
            let both = |j: usize| known[i * n + j] + elsewhere[i * n + j];
            let n_true: f64 = (0..n).map(both).sum();
            is_seen[i] = n_true > 0.0;
            for j in 0..n {
                matrix[j * n + i] = match is_seen[i] {
                    true => both(j) / n_true,
                    false => f64::from(u8::from(i == j)),
                };
            }
        }
        Some(Self {
            n,
            matrix,
            recorded,
            is_seen,
        })
    }

    /// `p` by elimination with pivots; it sums to 1 since the columns of `M` do. `None` where `M` is singular.
    fn solution(&self) -> Option<Vec<f64>> {
        let n = self.n;
        let (mut a, mut p) = (self.matrix.clone(), self.recorded.clone());
        for k in 0..n {
            let size = |row: &usize| a[row * n + k].abs();
            let pivot = (k..n).max_by(|x, y| size(x).total_cmp(&size(y)))?;
            if size(&pivot) < SINGULAR {
                return None;
            }
            (0..n).for_each(|column| a.swap(k * n + column, pivot * n + column));
            p.swap(k, pivot);
            for row in k + 1..n {
                let factor = a[row * n + k] / a[k * n + k];
                (k..n).for_each(|column| a[row * n + column] -= factor * a[k * n + column]);
                p[row] -= factor * p[k];
            }
        }
        for k in (0..n).rev() {
            let behind: f64 = (k + 1..n).map(|j| a[k * n + j] * p[j]).sum();
            p[k] = (p[k] - behind) / a[k * n + k];
        }
        Some(p)
    }
}

/// The shares that come closest to `r = M p`: `start` where that is one, else by projected gradients with momentum
/// (Beck and Teboulle, 2009, "A fast iterative shrinkage-thresholding algorithm").
fn on_simplex(start: Vec<f64>, system: &System) -> Vec<f64> {
    if start.iter().all(|share| *share >= 0.0) {
        return start;
    }
    let n = system.n;
    if n == 2 {
        return projected(start);
    }
    let row = |j: usize| &system.matrix[j * n..][..n];
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    // No smaller than the greatest eigenvalue of `M' M`.
    let steepest: f64 = system.matrix.iter().map(|x| x * x).sum();
    let mut p = projected(start);
    let (mut ahead, mut momentum) = (p.clone(), 1.0);
    for _ in 0..STEPS {
        let residuals: Vec<f64> = (0..n)
            .map(|j| dot(row(j), &ahead) - system.recorded[j])
            .collect();
        let gradient = |i: usize| (0..n).map(|j| residuals[j] * row(j)[i]).sum::<f64>();
        let next = (0..n).map(|i| ahead[i] - gradient(i) / steepest).collect();
        let next = projected(next);
        let grown = (1.0 + f64::sqrt(1.0 + 4.0 * momentum * momentum)) / 2.0;
        let weight = (momentum - 1.0) / grown;
        ahead = (next.iter().zip(&p))
            .map(|(new, old)| new + weight * (new - old))
            .collect();
        (p, momentum) = (next, grown);
    }
    p
}

/// The shares (not negative, of sum 1) closest to `point` (Held, Wolfe and Crowder, 1974).
fn projected(mut point: Vec<f64>) -> Vec<f64> {
    let mut sorted = point.clone();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let (mut sum, mut shift) = (0.0, 0.0);
    for (k, share) in (1u32..).zip(&sorted) {
        sum += share;
        let found = (sum - 1.0) / f64::from(k);
        if share - found > 0.0 {
            shift = found;
        }
    }
    point
        .iter_mut()
        .for_each(|share| *share = (*share - shift).max(0.0));
    point
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_are_those_of_rogan_and_gladen() {
        // Sensitivity 0.9, specificity 0.8, a third recorded as positive: (0.3 + 0.8 - 1) / 0.7.
        let data = Misclassified {
            known: &[0; 4],
            unknown: &[300, 700],
            elsewhere: &[900, 100, 200, 800],
        };
        let found = data.shares(1).expect("shares");
        assert!((found[0].value - 0.1 / 0.7).abs() < 1e-12, "{found:?}");
        assert!((found[0].value + found[1].value - 1.0).abs() < 1e-12);
        // By the delta method the standard error is 0.0299.
        let (low, high) = found[0].bounds.expect("an interval");
        assert!(
            (low - 0.0842).abs() < 0.012 && (high - 0.2015).abs() < 0.012,
            "{found:?}"
        );
        let fewer = Misclassified {
            unknown: &[100, 900],
            ..data
        };
        assert_eq!(fewer.shares(1).expect("shares")[0].value, 0.0);
    }

    #[test]
    fn where_truth_is_known_of_every_call_the_shares_are_those_of_the_truth() {
        let data = Misclassified {
            known: &[50, 5, 0, 10, 80, 3, 0, 2, 50],
            unknown: &[0; 3],
            elsewhere: &[0; 9],
        };
        let found = data.shares(1).expect("shares");
        for (share, expected) in found.iter().zip([55.0, 93.0, 52.0]) {
            assert!((share.value - expected / 200.0).abs() < 1e-12, "{found:?}");
        }
    }

    #[test]
    fn no_share_is_negative_and_what_is_not_known_is_left_out() {
        let elsewhere = [80, 10, 10, 10, 80, 10, 10, 10, 80];
        let data = Misclassified {
            known: &[0; 9],
            unknown: &[2, 400, 600],
            elsewhere: &elsewhere,
        };
        let found = data.shares(1).expect("shares");
        let sum: f64 = found.iter().map(|share| share.value).sum();
        assert!(found[0].value == 0.0 && (sum - 1.0).abs() < 1e-9);
        // Least squares with the first share at 0: r - M p is orthogonal to the difference of the other columns.
        assert!(
            (found[2].value - found[1].value - 200.0 / 1002.0 / 0.7).abs() < 1e-6,
            "{found:?}"
        );
        let unseen = Misclassified {
            elsewhere: &[80, 10, 10, 10, 80, 10, 0, 0, 0],
            ..data
        };
        assert_eq!(unseen.shares(1), None);
        let blind = Misclassified {
            known: &[0; 4],
            unknown: &[1, 1],
            elsewhere: &[5, 5, 7, 7],
        };
        assert_eq!(blind.shares(1), None);
    }
}
