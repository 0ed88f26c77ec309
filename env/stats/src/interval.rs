//! Intervals of independent calls in closed form: means, shares, rates.

use crate::estimate::{Estimate, LEVEL};
use crate::moments::{Count, Moments};
use crate::quantile::{UPPER, Z, student_quantile};

/// Mean of independent values with Student's interval (Student, 1908); `None` for no values, no
/// interval for one.
pub fn mean(values: &[f64]) -> Option<Estimate> {
    mean_of(Moments::of(values.iter().copied()))
}

/// The same of values whose moments are known.
pub fn mean_of(m: Moments) -> Option<Estimate> {
    mean_at(m, UPPER)
}

/// The same with an interval whose upper end has probability `upper`.
pub(crate) fn mean_at(m: Moments, upper: f64) -> Option<Estimate> {
    match m.n {
        0 => None,
        1 => Some(Estimate::point(m.mean)),
        n => {
            let half = student_quantile(upper, n - 1) * m.variance_of_mean().sqrt();
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
    let n = count.n as f64;
    Some(score(count.hits as f64 / n, n))
}

/// A share `p` with the score interval of `n` calls.
pub(crate) fn score(p: f64, n: f64) -> Estimate {
    let center = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    // Rounding must not push the interval of 0 of n or n of n past its own estimate.
    let (low, high) = ((center - half).min(p), (center + half).max(p));
    Estimate::new(p, low.max(0.0), high.min(1.0))
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
