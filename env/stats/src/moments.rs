//! What is kept of one cluster of calls: how often something happened, or mean and variance.

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
