//! What an experiment found, line by line: the one schema of `summary.csv`, whatever the kind of experiment.

use offhook_stats::Estimate;

use crate::disk::csv;
use crate::unit::Unit;

/// A policy (or the difference of two), a metric, and its estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct SummaryLine {
    /// The policy, or `a - b`; free of commas.
    pub policy: String,
    /// Name of the metric.
    pub metric: &'static str,
    /// Its value.
    pub estimate: Estimate,
    /// Its unit.
    pub unit: Unit,
}

/// The columns.
pub const HEAD: [&str; 8] = [
    "policy", "metric", "value", "low", "high", "unit", "n_seeds", "n_calls",
];

/// `policy,metric,value,low,high,unit,n_seeds,n_calls`.
pub fn to_csv(lines: &[SummaryLine], n_seeds: usize, n_calls: u64) -> String {
    let row = |line: &SummaryLine| {
        let (low, high) = line.estimate.bounds.unzip();
        [
            line.policy.clone(),
            line.metric.to_owned(),
            csv::number(Some(line.estimate.value)),
            csv::number(low),
            csv::number(high),
            line.unit.name().to_owned(),
            n_seeds.to_string(),
            n_calls.to_string(),
        ]
    };
    csv::to_csv(&HEAD, lines.iter().map(row))
}
