//! How much of what knowing the customer is worth the learned policy gets without knowing.
//!
//! A planner that sees the hidden customer plays some of the held-out calls. What it has over the
//! hand-written flow is the gap; no policy on the phone can close all of it.

use offhook_env::call::outcome::CallSummary;

use crate::figures::Figure;
use crate::stats::{self, Estimate};
use crate::table_print::{Cell, Table};
use crate::unit::Unit;

/// Figures whose gap is reported.
const METRICS: [&str; 2] = ["completion", "return"];

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
pub struct Line {
    /// Name of the figure.
    pub metric: &'static str,
    /// What the planner goes on with.
    pub base: &'static str,
    /// The planner's own figure.
    pub bound: Estimate,
    /// Share of the gap between script and planner that the learned policy closes, mean over seeds.
    pub closed: Option<Estimate>,
}

fn mean(figure: &Figure, calls: &[CallSummary]) -> f64 {
    let values = figure.values(calls);
    values.iter().map(|v| f64::from(*v)).sum::<f64>() / values.len().max(1) as f64
}

/// Every figure with every base; no line if no call was planned.
pub fn lines(seeds: &[SeedGap]) -> Vec<Line> {
    let mut lines = Vec::new();
    for metric in METRICS {
        let figure = Figure::named(metric);
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
            lines.push(Line {
                metric,
                base,
                bound,
                closed: shares.and_then(|shares| stats::mean(&shares)),
            });
        }
    }
    lines
}

/// The lines as a table.
pub fn table(lines: &[Line]) -> Table {
    let row = |line: &Line| {
        let unit = Figure::named(line.metric).unit();
        vec![
            Cell::Text(format!(
                "{}, planner goes on with the {}",
                line.metric, line.base
            )),
            Cell::value(Some(line.bound), &unit),
            Cell::value(line.closed, &Unit::share()),
        ]
    };
    let columns = ["privileged bound", "bound", "share of the gap closed"];
    Table {
        columns: columns.map(str::to_owned).to_vec(),
        rows: lines.iter().map(row).collect(),
    }
}
