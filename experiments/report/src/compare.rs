//! Runs side by side: table, records, pictures and page.

use offhook_lab::compare::RunComparison;
use offhook_lab::unit::Unit;

use crate::Presentation;
use crate::page::{Block, Page};
use crate::plot::{Drawing, Forest, PlotError, Row};
use crate::record::Record;
use crate::run::{band, completion_chart};
use crate::text_table::{Cell, TextTable};

/// Final scores.
pub fn present(comparison: &RunComparison) -> Presentation {
    let records = comparison.runs.iter().flat_map(|run| {
        let named = [
            ("completion", run.completion),
            ("probability_of_improvement", run.improvement),
        ];
        let n = run.finals.len() as u64;
        named.into_iter().filter_map(move |(metric, estimate)| {
            let place = [("run", run.name.as_str())];
            Some(Record::new(metric, estimate?, n, &Unit::share(), place))
        })
    });
    Presentation {
        text: table(comparison).to_text(),
        records: records.collect(),
    }
}

/// Pictures and page by name.
///
/// # Errors
/// If a picture cannot be drawn.
pub fn render(comparison: &RunComparison) -> Result<Vec<(&'static str, Vec<u8>)>, PlotError> {
    let seeds = seeds(comparison);
    let n_seeds: Vec<usize> = comparison.runs.iter().map(|run| run.finals.len()).collect();
    let drawn =
        |what: &str| band(&n_seeds).map_or_else(String::new, |band| format!("{what}{band}"));
    let curves = completion_chart(
        "calls completed while learning".into(),
        format!(
            "interquartile mean over seeds ({seeds}){}",
            drawn(", band = ")
        ),
        comparison.curve.clone(),
    );
    let row = |run: &offhook_lab::compare::RunScore| Row {
        name: run.name.clone(),
        estimate: run.completion,
    };
    let forest = Forest {
        title: "final completion".into(),
        subtitle: format!("interquartile mean over seeds ({seeds}){}", drawn(" with ")),
        x_label: "calls completed".into(),
        unit: Unit::share(),
        rows: comparison.runs.iter().map(row).collect(),
        mark: None,
    };
    let (curve_svg, forest_svg) = (curves.svg()?, forest.svg()?);
    let figure = |svg: &str, caption: &str| Block::Figure {
        svg: svg.into(),
        caption: caption.into(),
    };
    let page = Page {
        title: "Comparison of runs".into(),
        subtitle: format!("{} runs, seeds: {seeds}", comparison.runs.len()),
        blocks: vec![
            figure(&curve_svg, "Completion while learning"),
            figure(&forest_svg, "Final completion"),
            Block::Table {
                table: table(comparison),
                caption: "Final scores".into(),
            },
        ],
    };
    Ok(vec![
        ("curve.svg", curve_svg.into_bytes()),
        ("curve.png", curves.png()?),
        ("forest.svg", forest_svg.into_bytes()),
        ("forest.png", forest.png()?),
        ("report.html", page.to_html().into_bytes()),
    ])
}

fn seeds(comparison: &RunComparison) -> String {
    let seeds = comparison
        .runs
        .iter()
        .map(|run| run.finals.len().to_string());
    seeds.collect::<Vec<_>>().join(", ")
}

fn table(comparison: &RunComparison) -> TextTable {
    let first = comparison.runs.first().map_or("", |run| &run.name);
    let head = [
        "run".to_owned(),
        "seeds".to_owned(),
        "completion (IQM)".to_owned(),
        format!("probability of improvement over {first}"),
    ];
    let rows = comparison.runs.iter().enumerate().map(|(k, run)| {
        vec![
            Cell::Text(run.name.clone()),
            Cell::Text(run.finals.len().to_string()),
            Cell::value(run.completion, &Unit::share()),
            if k == 0 {
                Cell::Missing
            } else {
                Cell::value(run.improvement, &Unit::share())
            },
        ]
    });
    TextTable {
        columns: head.to_vec(),
        rows: rows.collect(),
    }
}
