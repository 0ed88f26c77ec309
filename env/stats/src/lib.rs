//! Estimates with 95 % intervals in closed form: means, shares, rates and paired differences.
//!
//! Key figures of a *trained* policy come in clusters: one cluster per training seed, whose calls all
//! face the same policy. More calls do not tell how another seed would have turned out, so
//! [`clustered_mean`] and its kin count seeds, not calls. They expect that the calls of two seeds are
//! different calls; a fixed policy (`script`, `random`) has no training seed and is one cluster.

pub mod bootstrap;
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

impl From<f64> for Estimate {
    fn from(value: f64) -> Self {
        Self::point(value)
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

    /// The moments of both streams together (Chan, Golub and LeVeque, 1983, eq. 2.1).
    pub fn merged(self, other: Self) -> Self {
        if self.n == 0 || other.n == 0 {
            return if self.n == 0 { other } else { self };
        }
        let n = self.n + other.n;
        let (a, b) = (self.n as f64, other.n as f64);
        let delta = other.mean - self.mean;
        let squares = self.variance * (a - 1.0) + other.variance * (b - 1.0);
        Self {
            n,
            mean: self.mean + delta * b / (a + b),
            variance: (squares + delta * delta * a * b / (a + b)) / (a + b - 1.0),
        }
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
pub(crate) mod tests;
