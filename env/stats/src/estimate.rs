//! A measured number with its interval: what every figure of this crate is.

/// Coverage of the intervals in this crate, where none is asked for.
pub const LEVEL: f64 = 0.95;

/// A measured number, with its interval (95 %, where no other level is said) where one could be computed.
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

    /// This less `other`, which was measured on other calls; no interval unless both have one.
    ///
    /// The ends come from those of both, so that the difference of what is skewed is skewed ("MOVER"; Zou and Donner,
    /// 2008, "Construction of confidence limits about effect measures").
    pub fn minus(self, other: Self) -> Self {
        let value = self.value - other.value;
        let end = |own: f64, others: f64| (self.value - own).hypot(others - other.value);
        let bounds = self.bounds.zip(other.bounds);
        let bounds = bounds.map(|((low, high), (other_low, other_high))| {
            (value - end(low, other_high), value + end(high, other_low))
        });
        Self { value, bounds }
    }

    /// The same with its interval cut to `range`, which holds the value.
    pub fn within(self, range: (f64, f64)) -> Self {
        Self {
            value: self.value,
            bounds: self
                .bounds
                .map(|(low, high)| (low.max(range.0), high.min(range.1))),
        }
    }

    /// The interval stretched to hold `other`'s too, and cut to `range`.
    pub(crate) fn widened(self, other: Self, range: (f64, f64)) -> Self {
        let bounds = match (self.bounds, other.bounds) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        let value = self.value;
        Self { value, bounds }.within(range)
    }
}

impl From<f64> for Estimate {
    fn from(value: f64) -> Self {
        Self::point(value)
    }
}
