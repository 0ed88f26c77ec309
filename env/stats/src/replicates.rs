//! The core of every bootstrap: from the values of resampled data to the ends of an interval.

use crate::quantile::{normal_cdf, normal_quantile};

/// Values of a statistic on resampled data, in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub struct Replicates(Vec<f64>);

impl Replicates {
    /// Collects the values, in any order.
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_unstable_by(f64::total_cmp);
        Self(values)
    }

    /// The percentile interval of coverage `level`, in `(0, 1)`, interpolated between ranks; `None` for
    /// no values.
    pub fn percentile(&self, level: f64) -> Option<(f64, f64)> {
        let values = &self.0;
        let last = values.len().checked_sub(1)?;
        let at = |prob: f64| {
            let rank = prob * last as f64;
            let below = values[rank.floor() as usize];
            below + (values[rank.ceil() as usize] - below) * rank.fract()
        };
        Some((at((1.0 - level) / 2.0), at((1.0 + level) / 2.0)))
    }

    /// The bias-corrected and accelerated interval of coverage `level`, in `(0, 1)` (BCa; Efron, 1987,
    /// "Better bootstrap confidence intervals"); `None` for no values.
    ///
    /// - `value`: the statistic of the data themselves.
    /// - `left_out`: its values with one unit of the data left out at a time.
    pub fn bca(&self, level: f64, value: f64, left_out: &[f64]) -> Option<(f64, f64)> {
        let values = &self.0;
        if values.is_empty() {
            return None;
        }
        let n = values.len() as f64;
        let below = values.iter().filter(|x| **x < value).count() as f64;
        let equal = values.iter().filter(|x| **x == value).count() as f64;
        let share = ((below + 0.5 * equal) / n).clamp(0.5 / n, 1.0 - 0.5 / n);
        let bias = normal_quantile(share);
        let acceleration = acceleration(left_out);
        let at = |prob: f64| {
            let shift = bias + normal_quantile(prob);
            let stretched = shift / (1.0 - acceleration * shift).max(1e-3);
            let rank = normal_cdf(bias + stretched) * n;
            values[(rank as usize).min(values.len() - 1)]
        };
        let tail = 0.5 * (1.0 - level);
        Some((at(tail), at(1.0 - tail)))
    }
}

/// Skewness of the statistic (Efron, 1987, eq. 6.6); 0 where leaving out changes nothing.
fn acceleration(left_out: &[f64]) -> f64 {
    let mean = left_out.iter().sum::<f64>() / left_out.len().max(1) as f64;
    let power = |p: i32| left_out.iter().map(|x| (mean - x).powi(p)).sum::<f64>();
    let spread = power(2);
    if spread > 0.0 {
        power(3) / (6.0 * spread.powf(1.5))
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_ranks() {
        let replicates = Replicates::new((0..=100).rev().map(f64::from));
        let (low, high) = replicates.percentile(0.95).expect("values");
        assert!((low - 2.5).abs() < 1e-9 && (high - 97.5).abs() < 1e-9);
        assert_eq!(Replicates::new([]).percentile(0.95), None);
    }

    #[test]
    fn without_bias_and_skewness_bca_is_the_percentile_interval() {
        let replicates = Replicates::new((0..=1000).map(f64::from));
        let (low, high) = replicates
            .bca(0.9, 500.0, &[1.0, 2.0, 3.0])
            .expect("values");
        assert!((low - 50.0).abs() <= 1.0 && (high - 950.0).abs() <= 1.0);
        // Most values lie below: the interval moves up.
        let (moved, _) = replicates.bca(0.9, 600.0, &[]).expect("values");
        assert!(moved > low);
        assert_eq!(Replicates::new([]).bca(0.95, 0.0, &[]), None);
    }
}
