//! A measured speed, or another cost.

use offhook_stats::Estimate;

use crate::unit::Unit;

/// One figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Speed {
    /// Name of the metric, such as `env.steps_per_s`.
    pub metric: &'static str,
    /// The number; few have an interval.
    pub estimate: Estimate,
    /// Number of steps, calls, seeds or whatever was counted.
    pub n: u64,
    /// Unit of the number.
    pub unit: Unit,
    /// What it was measured on.
    pub place: Place,
}

/// What tells two figures of a metric apart, by name: scenario, threads, batch, ...
pub type Place = Vec<(&'static str, String)>;

/// Takes each speed as soon as it is measured.
pub type OnSpeed<'a> = &'a mut dyn FnMut(&Speed);
