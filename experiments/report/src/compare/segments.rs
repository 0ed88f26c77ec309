//! Runs side by side for the callers of each kind.

use offhook_lab::compare::{RunComparison, SegmentDifference};
use offhook_lab::key_figure::KEY_FIGURES;
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;
use serde_json::Value;

use crate::key_table;
use crate::record::Record;
use crate::text_table::{Cell, TextTable};

/// Figures that are shown; `segments.csv` has all.
const SHOWN: [&str; 5] = ["completion", "satisfied", "return", "rules_broken", "harms"];
/// Figures whose differences are shown; `segment_differences.csv` has all.
const DIFFERENCES: [&str; 3] = ["completion", "return", "harms"];

fn calls(n: u64) -> Cell {
    Cell::value(Some(Estimate::point(n as f64)), &Unit::plain("calls", 0))
}

/// A row for every policy of every run and every kind of caller.
pub(super) fn figures(comparison: &RunComparison, by: &str) -> TextTable {
    let rows = comparison.segments.iter().map(|found| {
        let run = comparison.runs[found.run].name.as_str();
        let name = format!("{} of {run}", found.policy.name());
        (name, found.estimates.clone())
    });
    let mut table = key_table::table(&rows.collect::<Vec<_>>(), &SHOWN);
    table.columns.splice(1..1, [by, "calls"].map(str::to_owned));
    for (row, found) in table.rows.iter_mut().zip(&comparison.segments) {
        let cells = [Cell::from(found.segment.as_str()), calls(found.n_calls)];
        row.splice(1..1, cells);
    }
    table
}

/// A row for every policy of every pair of runs and every kind of caller; each difference twice, with both intervals.
pub(super) fn differences(comparison: &RunComparison, by: &str) -> TextTable {
    let rows = comparison.pairs.iter().flat_map(|pair| {
        let [against, run] = pair.runs.map(|at| comparison.runs[at].name.as_str());
        let is_first = |found: &&SegmentDifference| found.figure.name == DIFFERENCES[0];
        pair.segments.iter().filter(is_first).map(move |first| {
            let paired = if pair.is_paired { "" } else { ", not paired" };
            let name = format!("{}: {run} - {against}{paired}", first.policy.name());
            let same = |found: &&SegmentDifference| {
                found.policy == first.policy && found.segment == first.segment
            };
            let cells = DIFFERENCES.into_iter().flat_map(|name| {
                let mut own = pair.segments.iter().filter(same);
                let found = own.find(|found| found.figure.name == name);
                let together = found.and_then(|found| found.together);
                let unit = found.map_or_else(Unit::share, |found| found.figure.unit());
                let plain = found.map(|found| found.plain);
                [Cell::value(together, &unit), Cell::value(plain, &unit)]
            });
            let start = [
                Cell::Text(name),
                Cell::from(first.segment.as_str()),
                calls(first.n_calls),
            ];
            start.into_iter().chain(cells).collect()
        })
    });
    let heads = DIFFERENCES.into_iter().flat_map(|name| [name, "by itself"]);
    TextTable {
        columns: (["difference", by, "calls"].into_iter().chain(heads))
            .map(str::to_owned)
            .collect(),
        rows: rows.collect(),
    }
}

/// Every figure and difference; where an interval holds together with those of others, `adjusted_for` is their number.
pub(super) fn records(comparison: &RunComparison) -> Vec<Record> {
    let Some(by) = &comparison.by else {
        return Vec::new();
    };
    let mut records = Vec::new();
    for found in &comparison.segments {
        let run = &comparison.runs[found.run];
        for (figure, estimate) in KEY_FIGURES.iter().zip(&found.estimates) {
            let place = [
                ("run", Value::from(run.name.as_str())),
                ("scenario", Value::from(run.scenario.as_str())),
                ("policy", Value::from(found.policy.name())),
                ("n_seeds", Value::from(run.seeds.len())),
            ];
            records.extend(estimate.map(|estimate| {
                let n = found.n_calls;
                let record = Record::new(figure.name, estimate, n, &figure.unit(), place);
                record.of_caller(by, &found.segment)
            }));
        }
    }
    for pair in &comparison.pairs {
        let [against, run] = pair.runs.map(|at| comparison.runs[at].name.as_str());
        for found in &pair.segments {
            let both = [(found.together, found.n_together), (Some(found.plain), 1)];
            for (estimate, n_together) in both {
                let place = [
                    ("run", Value::from(run)),
                    ("against", Value::from(against)),
                    ("policy", Value::from(found.policy.name())),
                    ("paired", Value::from(pair.is_paired)),
                    ("adjusted_for", Value::from(n_together)),
                ];
                records.extend(estimate.map(|estimate| {
                    let figure = found.figure;
                    let n = found.n_calls;
                    let record = Record::new(figure.name, estimate, n, &figure.unit(), place);
                    record.of_caller(by, &found.segment)
                }));
            }
        }
    }
    records
}
