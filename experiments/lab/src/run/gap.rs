//! How much of what knowing the customer is worth the learned policy gets without knowing.
//!
//! A planner that sees the hidden customer plays some of the held-out calls. What it has over the
//! hand-written flow is the gap; no policy on the phone can close all of it.

use offhook_env::call::outcome::CallSummary;

use crate::key_figure::KeyFigure;
use offhook_stats::{self as stats, Estimate};

/// Figures whose gap is reported, and the name of the share of it that is closed.
const METRICS: [(&str, &str); 2] = [
    ("completion", "completion_gap_closed"),
    ("return", "return_gap_closed"),
];

/// Calls of one seed played by three policies; all three lists hold the same episodes.
pub struct SeedGap {
    /// The hand-written flow.
    pub script: Vec<CallSummary>,
    /// The learned policy.
    pub learned: Vec<CallSummary>,
    /// The planner on top of the hand-written flow, and of the learned policy.
    pub privileged: [Vec<CallSummary>; 2],
}

/// What the planner goes on with, in the order of [`SeedGap::privileged`].
pub const BASES: [&str; 2] = ["script", "learned policy"];

/// One line of the report: a figure, the planner's base, and what it says.
pub struct GapLine {
    /// Name of the figure.
    pub metric: &'static str,
    /// Name of the share of the gap that is closed.
    pub closed_metric: &'static str,
    /// What the planner goes on with.
    pub base: &'static str,
    /// The planner's own figure.
    pub bound: Estimate,
    /// Share of the gap between script and planner that the learned policy closes, mean over seeds.
    pub closed: Option<Estimate>,
}

fn mean(figure: &KeyFigure, calls: &[CallSummary]) -> f64 {
    let values = figure.values(calls);
    values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len().max(1) as f64
}

/// Every figure with every base; no line if no call was planned.
pub fn lines(seeds: &[SeedGap]) -> Vec<GapLine> {
    let mut lines = Vec::new();
    for (metric, closed_metric) in METRICS {
        let figure = KeyFigure::named(metric);
        for (k, base) in BASES.into_iter().enumerate() {
            let planned: Vec<Vec<CallSummary>> =
                seeds.iter().map(|s| s.privileged[k].clone()).collect();
            let Some(bound) = figure.estimate(&planned) else {
                continue;
            };
            let share = |seed: &SeedGap| {
                let script = mean(figure, &seed.script);
                let gap = mean(figure, &seed.privileged[k]) - script;
                (gap > 0.0).then(|| (mean(figure, &seed.learned) - script) / gap)
            };
            // A seed without a gap has none to close; then there is no share at all.
            let shares: Option<Vec<f64>> = seeds.iter().map(share).collect();
            lines.push(GapLine {
                metric,
                closed_metric,
                base,
                bound,
                closed: shares.and_then(|shares| stats::mean(&shares)),
            });
        }
    }
    lines
}
