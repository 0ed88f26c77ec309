//! Runs side by side for the callers of each kind.

use offhook_stats::Estimate;

use super::callers::Callers;
use super::score::{COMPARED, RunScore, numbers};
use crate::disk::csv;
use crate::key_figure::{KEY_FIGURES, KeyFigure};
use crate::run::judge::{Contestant, Entry};

/// Every figure of a policy for the callers of one kind.
pub struct SegmentFigures {
    /// Position of the run in the list of runs.
    pub run: usize,
    /// The policy.
    pub policy: Contestant,
    /// The value of the caller feature.
    pub segment: String,
    /// Held-out calls with such callers, over all seeds.
    pub n_calls: u64,
    /// One estimate for each of [`KEY_FIGURES`].
    pub estimates: Vec<Option<Estimate>>,
}

/// How much more of a figure the second run has with the callers of one kind.
pub struct SegmentDifference {
    /// Whose figure.
    pub policy: Contestant,
    /// The value of the caller feature.
    pub segment: String,
    /// Calls with such callers of the run that has fewer.
    pub n_calls: u64,
    /// The figure.
    pub figure: &'static KeyFigure,
    /// With an interval of 95 % by itself.
    pub plain: Estimate,
    /// With one that holds together with those of all values of the feature with 95 % (Bonferroni); `None` where the
    /// calls are not paired.
    pub together: Option<Estimate>,
    /// How many these are.
    pub n_together: usize,
}

fn n_calls(entry: &Entry) -> u64 {
    entry.calls().iter().map(|calls| calls.len() as u64).sum()
}

/// Every figure of every policy of the run at position `run`.
pub(super) fn figures(at: usize, run: &RunScore) -> Vec<SegmentFigures> {
    let Some(callers) = &run.callers else {
        return Vec::new();
    };
    let entries = COMPARED.into_iter().filter_map(|policy| run.entry(policy));
    let of_entry = |entry: &Entry| {
        let of_value = |(place, value): (usize, &String)| {
            let part = callers.part(entry, place);
            SegmentFigures {
                run: at,
                policy: entry.contestant,
                segment: value.clone(),
                n_calls: n_calls(&part),
                estimates: KEY_FIGURES
                    .iter()
                    .map(|figure| part.estimate(figure))
                    .collect(),
            }
        };
        let values = callers.by.values.iter().enumerate().map(of_value);
        values.filter(|found| found.n_calls > 0).collect::<Vec<_>>()
    };
    entries.flat_map(of_entry).collect()
}

/// What the second of two runs has more than the first, where both call such people.
pub(super) fn differences([a, b]: [&RunScore; 2], is_paired: bool) -> Vec<SegmentDifference> {
    let (Some(callers_a), Some(callers_b)) = (&a.callers, &b.callers) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for policy in COMPARED {
        let (Some(entry_a), Some(entry_b)) = (a.entry(policy), b.entry(policy)) else {
            continue;
        };
        let both = |value: &String| {
            let part = |callers: &Callers, entry| {
                let place = callers.by.values.iter().position(|own| own == value)?;
                let part = callers.part(entry, place);
                (n_calls(&part) > 0).then_some(part)
            };
            Some((
                value.clone(),
                part(callers_a, entry_a)?,
                part(callers_b, entry_b)?,
            ))
        };
        let parts: Vec<_> = callers_a.by.values.iter().filter_map(both).collect();
        for (value, a, b) in &parts {
            for figure in KEY_FIGURES {
                let paired = |n| figure.simultaneous_difference(b.calls(), a.calls(), n);
                let (plain, together) = match is_paired {
                    true => (paired(1), paired(parts.len())),
                    // Counts of other calls have no difference.
                    false if figure.is_count() => (None, None),
                    false => {
                        let both = b.estimate(figure).zip(a.estimate(figure));
                        (both.map(|(b, a)| b.minus(a)), None)
                    }
                };
                found.extend(plain.map(|plain| SegmentDifference {
                    policy,
                    segment: value.clone(),
                    n_calls: n_calls(a).min(n_calls(b)),
                    figure,
                    plain,
                    together,
                    n_together: parts.len(),
                }));
            }
        }
    }
    found
}

/// Every figure: `run,policy,FEATURE,metric,value,low,high,unit,n_calls`.
pub(super) fn to_csv(by: &str, runs: &[RunScore], segments: &[SegmentFigures]) -> String {
    let rows = segments.iter().flat_map(|found| {
        let figures = KEY_FIGURES.iter().zip(&found.estimates);
        figures.filter_map(move |(figure, estimate)| {
            let run = runs[found.run].name.as_str();
            let names = [run, found.policy.name(), &found.segment, figure.name];
            let names = names.into_iter().map(str::to_owned);
            let cells = numbers(&(*estimate)?, &figure.unit());
            Some(names.chain(cells).chain([found.n_calls.to_string()]))
        })
    });
    let head = [
        "run", "policy", by, "metric", "value", "low", "high", "unit", "n_calls",
    ];
    csv::to_csv(&head, rows)
}

/// Every difference: `run,against,policy,FEATURE,metric,difference,low,high,unit,low_together,high_together,n_together`.
pub(super) fn differences_to_csv<'a>(
    by: &str,
    pairs: impl IntoIterator<Item = ([&'a str; 2], &'a [SegmentDifference])>,
) -> String {
    let rows = pairs.into_iter().flat_map(|([against, run], found)| {
        found.iter().map(move |found| {
            let names = [
                run,
                against,
                found.policy.name(),
                &found.segment,
                found.figure.name,
            ];
            let names = names.into_iter().map(str::to_owned);
            let cells = numbers(&found.plain, &found.figure.unit());
            let (low, high) = found.together.and_then(|e| e.bounds).unzip();
            let together = [low, high].map(csv::number);
            let n = [found.n_together.to_string()];
            names.chain(cells).chain(together).chain(n)
        })
    });
    let head = [
        "run",
        "against",
        "policy",
        by,
        "metric",
        "difference",
        "low",
        "high",
        "unit",
        "low_together",
        "high_together",
        "n_together",
    ];
    csv::to_csv(&head, rows)
}
