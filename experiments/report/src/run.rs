//! A finished training run: its table, its records, its pictures and its page.

use std::fmt::Write;

use offhook_lab::error::Failure;
use offhook_lab::key_figure::{KEY_FIGURES, KeyFigure};
use offhook_lab::run::TrainResult;
use offhook_lab::run::curve::LearningCurve;
use offhook_lab::run::gap::{Bound, GapLine, LEARNED};
use offhook_lab::run::judge::{Contestant, DIFFERENCE_METRICS, DIFFERENCES, Entry, Judgement};
use offhook_lab::run::run_dir::RunFile;
use offhook_lab::run::stability::{SeedStability, Stability};
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;
use offhook_stats::bootstrap::MIN_BOOTSTRAPPED;
use serde_json::Value;

use crate::Presentation;
use crate::key_table::{self, UNITS};
use crate::page::{Block, Page};
use crate::plot::{Chart, Drawing};
use crate::record::Record;
use crate::text_table::{Cell, TextTable};
use crate::verdict;

/// Figures of the policies that are shown; all stand in `summary.csv`.
pub const SHOWN: [&str; 7] = [
    "completion",
    "completion_attainable",
    "satisfied",
    "return",
    "rules_broken",
    "held_back",
    "harms",
];

/// What a run found.
pub fn present(result: &TrainResult) -> Presentation {
    Presentation {
        text: text(result),
        records: records(result),
    }
}

fn text(result: &TrainResult) -> String {
    let judgement = &result.judgement;
    let mut text = format!("{}: {}\n", result.scenario, measured_on(judgement));
    let mut add = |part: String| {
        // A String takes every write.
        let _ = writeln!(text, "{part}");
    };
    add(format!("{}{UNITS}\n", key_table(judgement).to_text()));
    add(outcome_table(judgement).to_text());
    add(difference_table(judgement).to_text());
    for bound in Bound::ALL {
        if let Some(table) = gap_table(bound, &judgement.gap) {
            add(table.to_text());
        }
    }
    add(stability_line(&judgement.stability));
    add(proof_line(judgement));
    text
}

fn records(result: &TrainResult) -> Vec<Record> {
    let judgement = &result.judgement;
    let record = |line: offhook_lab::run::summary::SummaryLine| {
        // Of the exported table it is known whether it is proved; one that is not is told by each of its records.
        let is_table = line.policy == Contestant::Table.name();
        let proved = is_table.then(|| judgement.proof.ok());
        let place = [
            ("scenario", Value::from(result.scenario.as_str())),
            ("policy", Value::from(line.policy)),
            ("n_seeds", Value::from(judgement.n_seeds())),
        ];
        let place = (place.into_iter()).chain(key_table::unproved(proved));
        let n_calls = judgement.n_calls();
        Record::new(line.metric, line.estimate, n_calls, &line.unit, place)
    };
    let records = judgement.lines().into_iter().map(record);
    let place = [("scenario", Value::from(result.scenario.as_str()))];
    let n_calls = judgement.n_calls_of_exported() as u64;
    let verdict = verdict::record(&result.verdict, n_calls, place);
    let closed = gap_records(result);
    records.chain(closed).chain([verdict]).collect()
}

/// What share of the way from script to bound each learned policy has gone, in return.
fn gap_records(result: &TrainResult) -> Vec<Record> {
    let of_return = (result.judgement.gap.iter()).filter(|line| line.metric == "return");
    let mut records = Vec::new();
    for line in of_return {
        for (learned, closed) in LEARNED.iter().zip(line.closed) {
            let Some(closed) = closed else { continue };
            let place = [
                ("scenario", Value::from(result.scenario.as_str())),
                ("policy", Value::from(learned.name())),
                ("bound", Value::from(line.bound.name())),
                ("n_seeds", Value::from(result.judgement.n_seeds())),
            ];
            let unit = Unit::share();
            records.push(Record::new(
                "gap_closed",
                closed,
                line.n_calls,
                &unit,
                place,
            ));
        }
    }
    records
}

/// Pictures and page of a run, for the laboratory to write.
///
/// # Errors
/// If a picture cannot be drawn.
pub fn render(result: &TrainResult) -> Result<Vec<(RunFile, Vec<u8>)>, Failure> {
    let chart = chart(result);
    let svg = chart.svg()?;
    let png = chart.png()?;
    let page = page(result, svg.clone()).to_html();
    Ok(vec![
        (RunFile::CurveSvg, svg.into_bytes()),
        (RunFile::CurvePng, png),
        (RunFile::Report, page.into_bytes()),
    ])
}

fn chart(result: &TrainResult) -> Chart {
    let n_seeds = result.judgement.n_seeds();
    let band = band(&[n_seeds]).map_or_else(String::new, |band| format!(", band = {band}"));
    let calls = result.curve_calls;
    let measured = format!(
        "{}{band}; {calls} held-out calls a point and seed",
        seeds(n_seeds)
    );
    completion_chart(
        format!("{}: calls completed while learning", result.scenario_name),
        format!("interquartile mean of {measured}"),
        result.curve.clone(),
    )
}

/// What is drawn around the interquartile means of curves over so many seeds; `None` for single seeds.
pub fn band(n_seeds: &[usize]) -> Option<&'static str> {
    let few = n_seeds.iter().any(|n| (2..MIN_BOOTSTRAPPED).contains(n));
    let many = n_seeds.iter().any(|n| *n >= MIN_BOOTSTRAPPED);
    match (few, many) {
        (false, false) => None,
        (true, false) => Some("Student's 95 % interval"),
        (false, true) => Some("95 % interval by the expanded bootstrap"),
        (true, true) => {
            Some("95 % interval, Student's below 5 seeds, else by the expanded bootstrap")
        }
    }
}

/// The chart of completion over simulated calls.
pub fn completion_chart(title: String, subtitle: String, curve: LearningCurve) -> Chart {
    Chart {
        title,
        subtitle,
        x_label: "simulated training calls".into(),
        y_label: "calls completed".into(),
        unit: Unit::share(),
        curve,
    }
}

fn page(result: &TrainResult, svg: String) -> Page {
    let judgement = &result.judgement;
    let table = |table, caption: &str| Block::Table {
        table,
        caption: caption.into(),
    };
    let mut page = Page {
        title: format!("{}: {}", result.name, result.scenario),
        subtitle: measured_on(judgement),
        blocks: vec![
            Block::Paragraph(result.purpose.clone()),
            Block::Heading(format!(
                "Verdict: {}",
                result.verdict.status.name().replace('_', " ")
            )),
            Block::List(result.verdict.reasons.clone()),
            Block::Heading("Learning curve".into()),
            Block::Figure {
                svg,
                caption: "Completion on held-out calls while learning in simulation".into(),
            },
            Block::Paragraph(format!("{}.", stability_line(&judgement.stability))),
            table(
                stability_table(&judgement.stability),
                "Learning, seed by seed",
            ),
            Block::Heading("Policies on held-out calls".into()),
            table(key_table(judgement), UNITS),
            table(
                outcome_table(judgement),
                "How calls end; each column sums to 100 %",
            ),
            table(difference_table(judgement), "Differences on the same calls"),
        ],
    };
    for bound in Bound::ALL {
        let Some(of_bound) = gap_table(bound, &judgement.gap) else {
            continue;
        };
        page.blocks.push(table(
            of_bound,
            match bound {
                Bound::InformationSet => {
                    "How much can be won by knowing no more than a phone knows, on fewer of the same calls: a planner \
                     that supposes customers given what was heard, what it has over the script, and the shares of that \
                     which were learned"
                }
                Bound::Privileged => {
                    "What seeing the hidden customer would be worth, which none on the phone can reach: a planner that \
                     sees it, what it has over the script, and the shares of that which were learned"
                }
            },
        ));
    }
    page.blocks.extend([
        Block::Heading("Decision table".into()),
        Block::Paragraph(proof_line(judgement)),
    ]);
    page
}

fn key_table(judgement: &Judgement) -> TextTable {
    key_table::table(&all_figures(judgement), &SHOWN)
}

/// How calls end, a column a policy.
fn outcome_table(judgement: &Judgement) -> TextTable {
    key_table::outcomes(&all_figures(judgement)).transposed()
}

/// Every figure of every policy; a table that is not proved is called so.
fn all_figures(judgement: &Judgement) -> Vec<(String, Vec<Option<Estimate>>)> {
    let figures = |entry: &Entry| {
        let estimates = KEY_FIGURES.iter().map(|figure| entry.estimate(figure));
        let is_table = entry.contestant == Contestant::Table;
        let name = match is_table && !judgement.proof.ok() {
            true => "table (NOT proved)",
            false => entry.contestant.name(),
        };
        (name.to_owned(), estimates.collect())
    };
    judgement.entries.iter().map(figures).collect()
}

fn difference_table(judgement: &Judgement) -> TextTable {
    let head = ["paired difference"].into_iter().chain(DIFFERENCE_METRICS);
    let rows = DIFFERENCES.into_iter().map(|(a, b)| {
        let name = Cell::Text(format!("{} - {}", a.name(), b.name()));
        let cells = DIFFERENCE_METRICS.map(|metric| {
            let unit = KeyFigure::named(metric).unit();
            Cell::value(judgement.difference(a, b, metric), &unit)
        });
        std::iter::once(name).chain(cells).collect()
    });
    TextTable {
        columns: head.map(str::to_owned).collect(),
        rows: rows.collect(),
    }
}

/// The figures of a planner that knows so much, a column each; where it is not above the script, no room was seen.
/// `None` where it did not play.
fn gap_table(bound: Bound, lines: &[GapLine]) -> Option<TextTable> {
    let lines: Vec<&GapLine> = lines.iter().filter(|line| line.bound == bound).collect();
    let name = bound.name();
    let mut rows = vec![
        vec![Cell::from(name)],
        vec![Cell::Text(format!("{name} - script"))],
    ];
    rows.extend(LEARNED.map(|learned| vec![Cell::Text(format!("{} of {name}", learned.name()))]));
    for line in &lines {
        let unit = KeyFigure::named(line.metric).unit();
        let closed = line.closed.map(|closed| match closed {
            Some(closed) => Cell::value(Some(closed), &Unit::share()),
            None => Cell::from("no room seen"),
        });
        let own = [line.planned, line.gap].map(|e| Cell::value(Some(e), &unit));
        for (row, cell) in rows.iter_mut().zip(own.into_iter().chain(closed)) {
            row.push(cell);
        }
    }
    let first = lines.first()?;
    let head = format!("{name} bound, {} calls", first.n_calls);
    let columns = [head]
        .into_iter()
        .chain(lines.iter().map(|line| line.metric.to_owned()));
    Some(TextTable {
        columns: columns.collect(),
        rows,
    })
}

fn measured_on(judgement: &Judgement) -> String {
    let (n_seeds, calls) = (judgement.n_seeds(), judgement.n_calls());
    let s = if n_seeds == 1 { "" } else { "s" };
    let attainable = KeyFigure::named("attainable");
    let can = (judgement.entry(Contestant::Script))
        .and_then(|script| script.estimate(attainable))
        .map_or_else(String::new, |e| {
            format!(
                ", of which {} can complete",
                attainable.unit().text(e.value)
            )
        });
    format!("{n_seeds} training seed{s}, {calls} held-out calls per policy{can}; 95 % intervals")
}

fn seeds(n: usize) -> String {
    format!("{n} seed{}", if n == 1 { "" } else { "s" })
}

fn proof_line(judgement: &Judgement) -> String {
    let rules: Vec<String> = judgement.n_rules.iter().map(ToString::to_string).collect();
    let state = if judgement.proof.ok() {
        "proved: no overlap, no gap, every rule of conduct and mask holds in every cell"
    } else {
        "NOT proved; see `offhook table verify`"
    };
    format!(
        "table: {} rules by seed, exported is number {}; {state}",
        rules.join(", "),
        judgement.chosen + 1
    )
}

/// How many seeds never collapsed, and the worst fall of all, in one sentence.
fn stability_line(seeds: &[SeedStability]) -> String {
    let Stability {
        n_seeds,
        n_stable,
        worst,
    } = Stability::of(seeds);
    let fall = 100.0 * worst;
    match seeds {
        [only] => format!(
            "stability: once at 90 % of its final completion, the only seed, {}, fell by {fall:.1} points at most",
            only.seed
        ),
        _ => format!(
            "stability: once at 90 % of its final completion, {n_stable} of {n_seeds} seeds never fell by more \
             than 10 points; the largest fall was {fall:.1} points"
        ),
    }
}

/// One row a seed.
fn stability_table(seeds: &[SeedStability]) -> TextTable {
    let row = |s: &SeedStability| {
        [
            s.seed.to_string(),
            format!("{:.1} %", 100.0 * s.last),
            s.calls_to_arrive.to_string(),
            format!("{:.1} points", 100.0 * s.largest_fall),
        ]
        .map(Cell::Text)
        .to_vec()
    };
    let columns = [
        "seed",
        "final completion",
        "calls to 90 % of it",
        "largest fall after",
    ];
    TextTable {
        columns: columns.map(str::to_owned).to_vec(),
        rows: seeds.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_not_called_so_many_of_so_many() {
        let seed = SeedStability {
            seed: 4,
            last: 0.6,
            calls_to_arrive: 0,
            largest_fall: 0.15,
        };
        let words = stability_line(&[seed]);
        assert!(
            words.ends_with("the only seed, 4, fell by 15.0 points at most"),
            "{words}"
        );
        let words = stability_line(&[seed; 2]);
        assert!(words.contains("0 of 2 seeds never fell"), "{words}");
    }

    #[test]
    fn the_band_is_called_what_is_drawn() {
        assert_eq!(band(&[1]), None);
        assert_eq!(band(&[3]), Some("Student's 95 % interval"));
        assert!(band(&[5, 1]).is_some_and(|words| words.contains("expanded bootstrap")));
        assert!(band(&[3, 10]).is_some_and(|words| words.contains("below 5 seeds")));
    }
}
