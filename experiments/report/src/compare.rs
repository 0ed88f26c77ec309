//! Runs side by side: tables, records, pictures and page.

mod segments;

use offhook_lab::compare::{COMPARED, IMPROVEMENT, RunComparison, RunPair, RunScore};
use offhook_lab::key_figure::KEY_FIGURES;
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;
use serde_json::Value;

use crate::Presentation;
use crate::key_table::{self, UNITS};
use crate::page::{Block, Page};
use crate::plot::{Drawing, Forest, PlotError, Row};
use crate::record::Record;
use crate::run::{SHOWN, band, completion_chart};
use crate::text_table::{Cell, TextTable};
use crate::verdict;

/// Figures whose differences are shown; all stand in `differences.csv`.
const DIFFERENCES: [&str; 5] = [
    "completion",
    "completion_attainable",
    "return",
    "harms",
    IMPROVEMENT,
];

/// Every run's figures, what the configs say differently, and every two runs of one scenario.
pub fn present(comparison: &RunComparison) -> Presentation {
    let mut text = headings(comparison).join("\n") + "\n\n";
    for (table, caption) in tables(comparison) {
        text += &format!("{}{caption}\n\n", table.to_text());
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    Presentation {
        text,
        records: records(comparison),
    }
}

/// What was compared, and what the comparison cannot say.
fn headings(comparison: &RunComparison) -> Vec<String> {
    let run = |run: &RunScore| {
        let s = if run.seeds.len() == 1 { "" } else { "s" };
        let verdict = (run.verdict.as_ref())
            .map_or_else(String::new, |verdict| format!("; {}", verdict.line()));
        format!(
            "{}: {}, {} training seed{s}, {} held-out calls per policy{verdict}",
            run.name,
            run.scenario,
            run.seeds.len(),
            run.n_calls
        )
    };
    let mut lines: Vec<String> = comparison.runs.iter().map(run).collect();
    if comparison.is_mixed() {
        lines.push(
            "THESE RUNS ARE OF DIFFERENT SCENARIOS: their figures stand beside each other and say nothing of which \
             is better"
                .into(),
        );
    }
    lines.extend(comparison.pairs.iter().filter(|pair| !pair.is_paired).map(|pair| {
        format!(
            "{} did not play the same calls (scenario text, channel, seeds or number of calls differ): the differences \
             are not paired",
            names(comparison, pair, " and ")
        )
    }));
    lines
}

/// The second run of a pair, then the first.
fn names(comparison: &RunComparison, pair: &RunPair, between: &str) -> String {
    let [a, b] = pair.runs.map(|at| comparison.runs[at].name.as_str());
    format!("{b}{between}{a}")
}

/// The tables, each with what stands below it.
fn tables(comparison: &RunComparison) -> Vec<(TextTable, &'static str)> {
    let mut tables = Vec::new();
    if !comparison.settings.is_empty() {
        tables.push((settings(comparison), "what the configs say differently"));
    }
    let figures = figures(comparison);
    tables.push((key_table::table(&figures, &SHOWN), UNITS));
    tables.push((key_table::outcomes(&figures), "how calls end, of 100 %"));
    if let Some(by) = &comparison.by {
        tables.push((
            segments::figures(comparison, by),
            "for the callers of each kind; each interval of 95 % by itself",
        ));
        if !comparison.pairs.is_empty() {
            tables.push((
                segments::differences(comparison, by),
                "differences for the callers of each kind; the first interval of each holds together with those of all \
                 kinds with 95 % (Bonferroni), the second one is of 95 % by itself. Not paired: by itself alone",
            ));
        }
    }
    if !comparison.pairs.is_empty() {
        tables.push((
            differences(comparison),
            "differences with 95 % intervals, call by call where both runs played the same calls; without interval \
             where no call differs. Probability of improvement: that a seed of the one completes more than a seed of \
             the other, 50 % where they are alike",
        ));
    }
    tables
}

fn settings(comparison: &RunComparison) -> TextTable {
    let names = comparison.runs.iter().map(|run| run.name.clone());
    let rows = comparison.settings.iter().map(|setting| {
        let value = |value: &Option<String>| Cell::Text(value.clone().unwrap_or_default());
        let values = setting.values.iter().map(value);
        [Cell::Text(setting.key.clone())]
            .into_iter()
            .chain(values)
            .collect()
    });
    TextTable {
        columns: ["setting".to_owned()].into_iter().chain(names).collect(),
        rows: rows.collect(),
    }
}

/// Every figure of every policy of every run, by the name of both.
fn figures(comparison: &RunComparison) -> Vec<(String, Vec<Option<Estimate>>)> {
    let of_run = |run: &RunScore| {
        let entries = COMPARED.into_iter().filter_map(|policy| run.entry(policy));
        let figures = entries.map(|entry| {
            let estimates = KEY_FIGURES.iter().map(|figure| entry.estimate(figure));
            let name = format!("{} of {}", entry.contestant.name(), run.name);
            (name, estimates.collect())
        });
        figures.collect::<Vec<_>>()
    };
    comparison.runs.iter().flat_map(of_run).collect()
}

fn differences(comparison: &RunComparison) -> TextTable {
    let rows = comparison.pairs.iter().flat_map(|pair| {
        COMPARED.into_iter().filter_map(move |policy| {
            let own = || pair.differences.iter().filter(move |d| d.policy == policy);
            own().next()?;
            let cell = |metric: &str| {
                let found = own().find(|d| d.metric == metric);
                found.map_or(Cell::Missing, |d| Cell::value(Some(d.estimate), &d.unit))
            };
            let paired = if pair.is_paired { "" } else { ", not paired" };
            let name = format!(
                "{}: {}{paired}",
                policy.name(),
                names(comparison, pair, " - ")
            );
            let cells = DIFFERENCES.map(cell);
            Some([Cell::Text(name)].into_iter().chain(cells).collect())
        })
    });
    TextTable {
        columns: ["difference"]
            .into_iter()
            .chain(DIFFERENCES)
            .map(|name| name.replace('_', " "))
            .collect(),
        rows: rows.collect(),
    }
}

fn records(comparison: &RunComparison) -> Vec<Record> {
    let of_runs = comparison.runs.iter().flat_map(|run| {
        let entries = COMPARED.into_iter().filter_map(|policy| run.entry(policy));
        entries.flat_map(move |entry| {
            KEY_FIGURES.iter().filter_map(move |figure| {
                let place = [
                    ("run", Value::from(run.name.as_str())),
                    ("scenario", Value::from(run.scenario.as_str())),
                    ("policy", Value::from(entry.contestant.name())),
                    ("n_seeds", Value::from(run.seeds.len())),
                ];
                let estimate = entry.estimate(figure)?;
                Some(Record::new(
                    figure.name,
                    estimate,
                    run.n_calls,
                    &figure.unit(),
                    place,
                ))
            })
        })
    });
    let of_pairs = comparison.pairs.iter().flat_map(|pair| {
        let [a, b] = pair.runs.map(|at| &comparison.runs[at]);
        pair.differences.iter().map(move |found| {
            let place = [
                ("run", Value::from(b.name.as_str())),
                ("against", Value::from(a.name.as_str())),
                ("policy", Value::from(found.policy.name())),
                ("paired", Value::from(pair.is_paired)),
            ];
            let n_calls = a.n_calls.min(b.n_calls);
            Record::new(found.metric, found.estimate, n_calls, &found.unit, place)
        })
    });
    let verdicts = comparison.runs.iter().filter_map(|run| {
        let place = [
            ("run", Value::from(run.name.as_str())),
            ("scenario", Value::from(run.scenario.as_str())),
        ];
        Some(verdict::record(run.verdict.as_ref()?, run.n_calls, place))
    });
    let by_segment = segments::records(comparison);
    of_runs
        .chain(of_pairs)
        .chain(by_segment)
        .chain(verdicts)
        .collect()
}

/// Pictures and page by name.
///
/// # Errors
/// If a picture cannot be drawn.
pub fn render(comparison: &RunComparison) -> Result<Vec<(&'static str, Vec<u8>)>, PlotError> {
    let n_seeds: Vec<usize> = comparison.runs.iter().map(|run| run.seeds.len()).collect();
    let seeds: Vec<String> = n_seeds.iter().map(ToString::to_string).collect();
    let seeds = seeds.join(", ");
    let band = band(&n_seeds).map_or_else(String::new, |band| format!(", band = {band}"));
    let curves = completion_chart(
        "calls completed while learning".into(),
        format!("interquartile mean over seeds ({seeds}){band}"),
        comparison.curve.clone(),
    );
    let completion = KEY_FIGURES.iter().position(|f| f.name == "completion");
    let row = |(name, estimates): (String, Vec<Option<Estimate>>)| Row {
        name,
        estimate: completion.and_then(|at| estimates[at]),
    };
    let forest = Forest {
        title: "completion on held-out calls".into(),
        subtitle: format!(
            "mean over seeds ({seeds}) with its 95 % interval, as in each run's summary"
        ),
        x_label: "calls completed".into(),
        unit: Unit::share(),
        rows: figures(comparison).into_iter().map(row).collect(),
        mark: None,
    };
    let (curve_svg, forest_svg) = (curves.svg()?, forest.svg()?);
    let figure = |svg: &str, caption: &str| Block::Figure {
        svg: svg.into(),
        caption: caption.into(),
    };
    let mut blocks: Vec<Block> = headings(comparison)
        .into_iter()
        .map(Block::Paragraph)
        .collect();
    blocks.push(figure(&forest_svg, "Completion on held-out calls"));
    blocks.push(figure(&curve_svg, "Completion while learning"));
    blocks.extend(
        tables(comparison)
            .into_iter()
            .map(|(table, caption)| Block::Table {
                table,
                caption: caption.into(),
            }),
    );
    let page = Page {
        title: "Comparison of runs".into(),
        subtitle: format!("{} runs, seeds: {seeds}", comparison.runs.len()),
        blocks,
    };
    Ok(vec![
        ("curve.svg", curve_svg.into_bytes()),
        ("curve.png", curves.png()?),
        ("forest.svg", forest_svg.into_bytes()),
        ("forest.png", forest.png()?),
        ("report.html", page.to_html().into_bytes()),
    ])
}
