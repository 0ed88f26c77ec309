//! Estimates with 95 % intervals in closed form: means, shares, rates and paired differences.
//!
//! Key figures of a *trained* policy come in clusters: one cluster per training seed, whose calls all
//! face the same policy. More calls do not tell how another seed would have turned out, so
//! [`clustered_mean`] and its kin count seeds, not calls. They expect that the calls of two seeds are
//! different calls; a fixed policy (`script`, `random`) has no training seed and is one cluster.

mod rank;

pub use rank::kendall_tau_b;

/// Coverage of every interval in this crate.
pub const LEVEL: f64 = 0.95;
/// Normal quantile at `(1 + LEVEL) / 2`.
const Z: f64 = 1.959_963_984_540_054;
/// Student quantiles at `(1 + LEVEL) / 2` for 1 to 30 degrees of freedom.
const T: [f64; 30] = [
    12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157,
    2.228139, 2.200985, 2.178813, 2.160369, 2.144787, 2.131450, 2.119905, 2.109816, 2.100922,
    2.093024, 2.085963, 2.079614, 2.073873, 2.068658, 2.063899, 2.059539, 2.055529, 2.051831,
    2.048407, 2.045230, 2.042272,
];

/// A measured number, with its 95 % interval where one could be computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number itself, in the unit of what was measured.
    pub value: f64,
    /// Lower and upper end, in the same unit; `None` where the data say nothing about the spread.
    pub bounds: Option<(f64, f64)>,
}

impl Estimate {
    /// A number without an interval.
    pub fn point(value: f64) -> Self {
        Self {
            value,
            bounds: None,
        }
    }

    /// A number with its interval, `low <= high`.
    pub fn new(value: f64, low: f64, high: f64) -> Self {
        Self {
            value,
            bounds: Some((low, high)),
        }
    }

    /// The same estimate in another unit, such as `scaled(10_000.0)` for "per 10,000 calls"; `factor > 0`.
    pub fn scaled(self, factor: f64) -> Self {
        Self {
            value: self.value * factor,
            bounds: self.bounds.map(|(low, high)| (low * factor, high * factor)),
        }
    }

    /// The interval stretched to hold `other`'s too, and cut to `range`.
    fn widened(self, other: Self, range: (f64, f64)) -> Self {
        let bounds = match (self.bounds, other.bounds) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        Self {
            value: self.value,
            bounds: bounds.map(|(low, high)| (low.max(range.0), high.min(range.1))),
        }
    }
}

/// How often something happened in one cluster of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Number of events (calls completed, harms done).
    pub hits: u64,
    /// Number of calls.
    pub n: u64,
}

/// Count, mean and variance of one cluster of values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// Number of values.
    pub n: usize,
    /// Their mean; 0 where there are none.
    pub mean: f64,
    /// Their unbiased variance; 0 for fewer than two.
    pub variance: f64,
}

impl Moments {
    /// Moments of a stream of values, in one pass (Welford, 1962).
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut n, mut mean, mut squares) = (0, 0.0, 0.0);
        for value in values {
            n += 1;
            let delta = value - mean;
            mean += delta / n as f64;
            squares += delta * (value - mean);
        }
        let variance = if n > 1 { squares / (n - 1) as f64 } else { 0.0 };
        Self { n, mean, variance }
    }

    /// Variance of the mean, if the values are independent.
    pub fn variance_of_mean(&self) -> f64 {
        self.variance / self.n.max(1) as f64
    }
}

/// Mean of independent values with Student's interval (Student, 1908); `None` for no values, no
/// interval for one.
pub fn mean(values: &[f64]) -> Option<Estimate> {
    mean_of(Moments::of(values.iter().copied()))
}

fn mean_of(m: Moments) -> Option<Estimate> {
    match m.n {
        0 => None,
        1 => Some(Estimate::point(m.mean)),
        n => {
            let half = t_quantile(n - 1) * m.variance_of_mean().sqrt();
            Some(Estimate::new(m.mean, m.mean - half, m.mean + half))
        }
    }
}

/// Share of independent calls in which something happened, in `[0, 1]`, with the score interval
/// (Wilson, 1927); `None` for no calls.
pub fn share(count: Count) -> Option<Estimate> {
    if count.n == 0 {
        return None;
    }
    let (n, p) = (count.n as f64, count.hits as f64 / count.n as f64);
    let center = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // Rounding must not push the interval of 0 of n or n of n past its own estimate.
    let (low, high) = ((center - half).min(p), (center + half).max(p));
    Some(Estimate::new(p, low.max(0.0), high.min(1.0)))
}

/// Rate of rare independent events per call, with the exact Poisson interval (Garwood, 1936);
/// `None` for no calls. Unlike a share, a rate may exceed 1.
pub fn rate(count: Count) -> Option<Estimate> {
    if count.n == 0 {
        return None;
    }
    let (n, tail) = (count.n as f64, (1.0 - LEVEL) / 2.0);
    let low = match count.hits {
        0 => 0.0,
        hits => poisson_mean(hits - 1, 1.0 - tail),
    };
    let high = poisson_mean(count.hits, tail);
    Some(Estimate::new(count.hits as f64 / n, low / n, high / n))
}

/// Mean over training seeds of the mean over calls, with Student's interval over the seeds' means.
///
/// With as many calls per seed this is the exact analysis of a balanced two-level design (e.g. Snedecor
/// and Cochran, 1989, ch. 13). The interval is never narrower than that of equally many independent
/// calls, so that seeds which agree by luck do not feign precision. Empty clusters are left out; `None`
/// if all are; with one cluster the interval speaks of that one policy only.
pub fn clustered_mean(clusters: &[Moments]) -> Option<Estimate> {
    let used: Vec<&Moments> = clusters.iter().filter(|m| m.n > 0).collect();
    let between = mean_of(Moments::of(used.iter().map(|m| m.mean)))?;
    let n: usize = used.iter().map(|m| m.n).sum();
    if n == used.len() {
        return Some(between);
    }
    let variance: f64 = used.iter().map(|m| m.variance_of_mean()).sum();
    let half = t_quantile(n - used.len()) * variance.sqrt() / used.len() as f64;
    let within = Estimate::new(between.value, between.value - half, between.value + half);
    Some(between.widened(within, (f64::NEG_INFINITY, f64::INFINITY)))
}

/// As [`clustered_mean`], for shares: never narrower than [`share`] of all calls together, within `[0, 1]`.
pub fn clustered_share(clusters: &[Count]) -> Option<Estimate> {
    clustered_count(clusters, share, 1.0)
}

/// As [`clustered_mean`], for rates per call: never narrower than [`rate`] of all calls together, so that
/// "no harm seen" still has an upper end above 0.
pub fn clustered_rate(clusters: &[Count]) -> Option<Estimate> {
    clustered_count(clusters, rate, f64::INFINITY)
}

fn clustered_count(
    clusters: &[Count],
    pooled: fn(Count) -> Option<Estimate>,
    most: f64,
) -> Option<Estimate> {
    let used: Vec<Count> = clusters.iter().copied().filter(|c| c.n > 0).collect();
    let all = used.iter().fold(Count::default(), |all, c| Count {
        hits: all.hits + c.hits,
        n: all.n + c.n,
    });
    let between = mean_of(Moments::of(used.iter().map(|c| c.hits as f64 / c.n as f64)))?;
    Some(between.widened(pooled(all)?, (0.0, most)))
}

/// Mean of `a - b` over the same held-out calls, clustered by seed as in [`clustered_mean`].
///
/// `a[seed_idx][call_idx]` and `b[seed_idx][call_idx]` are what two policies got out of the same call;
/// pairing takes the luck of the draw out of the comparison. `None` for no calls.
///
/// # Panics
/// If `a` and `b` differ in shape, for then they are not pairs.
pub fn paired_difference<A: AsRef<[f32]>, B: AsRef<[f32]>>(a: &[A], b: &[B]) -> Option<Estimate> {
    assert_eq!(a.len(), b.len(), "pairs need as many seeds on both sides");
    let clusters: Vec<Moments> = a
        .iter()
        .zip(b)
        .map(|(a, b)| {
            let (a, b) = (a.as_ref(), b.as_ref());
            assert_eq!(a.len(), b.len(), "pairs need as many calls on both sides");
            Moments::of(a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b)))
        })
        .collect();
    clustered_mean(&clusters)
}

/// Student quantile at `(1 + LEVEL) / 2`; past the table by the expansion of Abramowitz and Stegun (1964),
/// 26.7.5, which is then right to five decimals.
fn t_quantile(degrees: usize) -> f64 {
    if let Some(t) = degrees.checked_sub(1).and_then(|idx| T.get(idx)) {
        return *t;
    }
    let v = degrees.max(1) as f64;
    let first = (Z.powi(3) + Z) / 4.0;
    let second = (5.0 * Z.powi(5) + 16.0 * Z.powi(3) + 3.0 * Z) / 96.0;
    let third = (3.0 * Z.powi(7) + 19.0 * Z.powi(5) + 17.0 * Z.powi(3) - 15.0 * Z) / 384.0;
    Z + first / v + second / v.powi(2) + third / v.powi(3)
}

/// The Poisson mean under which at most `hits` events have probability `prob`, by bisection.
fn poisson_mean(hits: u64, prob: f64) -> f64 {
    let ln_factorial: f64 = (2..=hits).map(|i| (i as f64).ln()).sum();
    let at_most = |mean: f64| {
        let mut term = (hits as f64 * mean.ln() - mean - ln_factorial).exp();
        let (mut sum, mut i) = (0.0, hits);
        // Far below the mode the terms no longer change the sum.
        while term > sum * 1e-17 {
            sum += term;
            term *= i as f64 / mean;
            i = i.saturating_sub(1);
        }
        sum
    };
    // Ten standard deviations hold every tail asked for, and keep the first term above underflow.
    let reach = 10.0 * (hits as f64).sqrt() + 10.0;
    let (mut low, mut high) = ((hits as f64 - reach).max(0.0), hits as f64 + reach);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if at_most(middle) > prob {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    pub(crate) fn near(estimate: Option<Estimate>, value: f64, low: f64, high: f64, by: f64) {
        let e = estimate.expect("an estimate");
        let (l, h) = e.bounds.expect("an interval");
        for (got, want) in [(e.value, value), (l, low), (h, high)] {
            assert!(
                (got - want).abs() <= by,
                "{e:?}, expected {value} [{low}, {high}]"
            );
        }
    }

    /// Share of `n` experiments whose interval held the truth.
    pub(crate) fn coverage(
        n: usize,
        mut experiment: impl FnMut(&mut Xoshiro256PlusPlus) -> bool,
    ) -> f64 {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(11);
        (0..n).filter(|_| experiment(&mut rng)).count() as f64 / n as f64
    }

    pub(crate) fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
        (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
    }

    /// Hits of 400 calls whose completion differs from seed to seed by `spread`.
    fn cluster(rng: &mut Xoshiro256PlusPlus, share: f64, spread: f64) -> Count {
        let p = share + spread * normal(rng);
        let hits = (0..400).filter(|_| rng.random::<f64>() < p).count() as u64;
        Count { hits, n: 400 }
    }

    #[test]
    fn wilson_interval_agrees_with_newcombe_1998() {
        let known = [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611)];
        for (hits, n, low, high) in known {
            near(
                share(Count { hits, n }),
                hits as f64 / n as f64,
                low,
                high,
                5e-5,
            );
        }
        assert_eq!(
            share(Count { hits: 7, n: 7 })
                .and_then(|e| e.bounds)
                .map(|b| b.1),
            Some(1.0)
        );
        assert_eq!(share(Count::default()), None);
    }

    #[test]
    fn poisson_interval_agrees_with_garwood_1936() {
        let known = [
            (0, 0.0, 3.6889),
            (1, 0.0253, 5.5716),
            (10, 4.7954, 18.3904),
            (100, 81.3640, 121.6268),
        ];
        for (hits, low, high) in known {
            near(rate(Count { hits, n: 1 }), hits as f64, low, high, 2e-4);
        }
        // At this size the normal interval is right to a thousandth of its width.
        near(
            rate(Count {
                hits: 1_000_000,
                n: 1,
            }),
            1e6,
            998_041.0,
            1_001_962.0,
            4.0,
        );
    }

    #[test]
    fn student_quantiles_join_smoothly_and_end_at_the_normal() {
        assert!((t_quantile(31) - 2.039513).abs() < 1e-5);
        assert!((t_quantile(usize::MAX) - Z).abs() < 1e-9);
        near(mean(&[1.0, 2.0, 3.0]), 2.0, -0.484138, 4.484138, 1e-6);
    }

    #[test]
    fn one_value_has_no_interval_and_no_value_no_estimate() {
        assert_eq!(mean(&[4.0]), Some(Estimate::point(4.0)));
        assert_eq!(mean(&[]), None);
        assert_eq!(clustered_mean(&[Moments::default()]), None);
        assert_eq!(
            clustered_mean(&[Moments::of([2.0])]),
            Some(Estimate::point(2.0))
        );
    }

    #[test]
    fn one_seed_is_as_sure_as_its_calls() {
        let count = Count { hits: 30, n: 100 };
        assert_eq!(clustered_share(&[count]), share(count));
        let values = [1.0, 0.0, 4.0, 2.0];
        assert_eq!(clustered_mean(&[Moments::of(values)]), mean(&values));
    }

    #[test]
    fn no_harm_seen_is_not_no_harm() {
        let e = clustered_rate(&[Count { hits: 0, n: 10_000 }; 5]).expect("an estimate");
        near(Some(e.scaled(10_000.0)), 0.0, 0.0, 0.7378, 1e-3);
    }

    #[test]
    fn clusters_that_agree_by_luck_are_no_surer_than_their_calls() {
        let same = [Count { hits: 50, n: 100 }; 3];
        assert_eq!(
            clustered_share(&same).and_then(|e| e.bounds),
            share(Count { hits: 150, n: 300 }).and_then(|e| e.bounds)
        );
    }

    fn holds(estimate: Option<Estimate>, truth: f64) -> bool {
        let bounds = estimate.and_then(|e| e.bounds);
        bounds.is_some_and(|(low, high)| low <= truth && truth <= high)
    }

    #[test]
    fn intervals_hold_the_truth_about_as_often_as_they_say() {
        // Four standard errors of a share of 0.95 over 2,000 experiments are 0.02.
        for p in [0.02, 0.3, 0.7] {
            let wilson = coverage(2_000, |rng| holds(share(cluster(rng, p, 0.0)), p));
            assert!((wilson - 0.95).abs() < 0.02, "Wilson at {p}: {wilson}");
        }
        for spread in [0.0, 0.02, 0.06] {
            for n_seeds in [3, 5] {
                let clustered = coverage(2_000, |rng| {
                    let seeds: Vec<Count> =
                        (0..n_seeds).map(|_| cluster(rng, 0.5, spread)).collect();
                    holds(clustered_share(&seeds), 0.5)
                });
                assert!(
                    clustered > 0.93,
                    "{n_seeds} seeds, spread {spread}: {clustered}"
                );
            }
        }
    }

    #[test]
    fn calls_of_one_seed_do_not_pass_for_independent_ones() {
        let seeds: Vec<Count> = [6_000, 7_000, 8_000]
            .map(|hits| Count { hits, n: 10_000 })
            .into();
        near(clustered_share(&seeds), 0.7, 0.4516, 0.9484, 1e-4);
    }

    #[test]
    fn pairing_takes_shared_luck_out() {
        let calls = |offset: f32| -> Vec<Vec<f32>> {
            (0..3)
                .map(|s| (0..50).map(|c| (c * 7 % 10 + s) as f32 + offset).collect())
                .collect()
        };
        near(
            paired_difference(&calls(0.25), &calls(0.0)),
            0.25,
            0.25,
            0.25,
            1e-9,
        );
    }
}
