//! The files of a finished run.

use offhook_table::Format;

use super::judge::{Line, Summary};
use super::metrics::{self, Row};
use super::seed::SeedResult;
use super::{curve, gap, provenance, stability};
use crate::config::Config;
use crate::error::Failure;
use crate::figures::{self, Figure};
use crate::plot::{Drawing, Reference};
use crate::report::{Block, Report};
use crate::run_dir::RunDir;
use crate::world::Loaded;

/// The files of a run that its reader looks for, in the order they are printed.
pub const FILES: [&str; 9] = [
    "metrics.csv",
    "summary.csv",
    "curve.csv",
    "curve.svg",
    "curve.png",
    "table.json",
    "table.csv",
    "report.html",
    "manifest.json",
];

/// Writes every file of the run.
///
/// # Errors
/// If the disk says no.
pub fn write(
    config: &Config,
    loaded: &Loaded,
    dir: &RunDir,
    results: &[SeedResult],
    summary: &Summary,
) -> Result<(), Failure> {
    let rows: Vec<Row> = results.iter().flat_map(|r| r.rows.clone()).collect();
    dir.write("scenario.toml", loaded.text.main.text.as_bytes())?;
    for (name, part) in &loaded.text.library {
        dir.write(&format!("library/{name}.toml"), part.text.as_bytes())?;
    }
    dir.write("metrics.csv", metrics::to_csv(&rows).as_bytes())?;
    dir.write("summary.csv", summary_csv(summary).as_bytes())?;

    let completion = Figure::named("completion");
    // `random` is left to the table: next to it no curve would be seen to move.
    let script = summary.policy("script").estimate(completion);
    let references = script.map(|y| Reference {
        name: "script".to_owned(),
        y,
    });
    let curve = curve::collect("reinforcement", &rows, "evaluate/completion");
    let figure = curve::figure(
        &loaded.world.scenario.name,
        results.len(),
        config.evaluation.curve_calls,
        vec![curve],
        references.into_iter().collect(),
    );
    let svg = figure.svg()?;
    dir.write("curve.csv", curve::to_csv(&figure).as_bytes())?;
    dir.write("curve.svg", svg.as_bytes())?;
    dir.write("curve.png", &figure.png()?)?;

    let chosen = &results[summary.chosen];
    let table = provenance::judged(&chosen.table, summary, &loaded.world.scenario)?;
    dir.write("table.json", table.to_json().as_bytes())?;
    dir.write("table.csv", &Format::Csv.export(&table))?;
    let checkpoint = dir.join(&format!(
        "checkpoints/seed_{}/reinforcement.safetensors",
        chosen.seed
    ));
    // A tabular learner has none; its policy lives on as the table.
    if checkpoint.is_file() {
        dir.write("policy.safetensors", &std::fs::read(checkpoint)?)?;
    }
    dir.write(
        "report.html",
        report(config, loaded, summary, svg).to_html().as_bytes(),
    )?;
    Ok(())
}

fn summary_csv(summary: &Summary) -> String {
    let mut text = String::from("policy,metric,value,low,high,unit,n_seeds,n_calls\n");
    let (seeds, calls) = (summary.n_seeds(), summary.n_calls());
    for Line {
        policy,
        metric,
        estimate,
        unit,
    } in summary.lines()
    {
        let (low, high) = estimate
            .bounds
            .map_or(Default::default(), |(l, h)| (l.to_string(), h.to_string()));
        text += &format!(
            "{policy},{metric},{},{low},{high},\"{}\",{seeds},{calls}\n",
            estimate.value,
            unit.name()
        );
    }
    text
}

fn report(config: &Config, loaded: &Loaded, summary: &Summary, svg: String) -> Report {
    let table = |table, caption: &str| Block::Table {
        table,
        caption: caption.into(),
    };
    let mut report = Report {
        title: format!("{}: {}", config.name, config.scenario),
        subtitle: summary.measured_on(),
        blocks: vec![
            Block::Paragraph(loaded.world.scenario.purpose.clone()),
            Block::Heading("Learning curve".into()),
            Block::Figure {
                svg,
                caption: "Completion on held-out calls while learning in simulation".into(),
            },
            Block::Paragraph(format!("{}.", stability::line(&summary.stability))),
            table(
                stability::table(&summary.stability),
                "Learning, seed by seed",
            ),
            Block::Heading("Policies on held-out calls".into()),
            table(summary.key_table(), figures::UNITS),
            table(summary.difference_table(), "Differences on the same calls"),
        ],
    };
    if !summary.gap.is_empty() {
        report.blocks.push(table(
            gap::table(&summary.gap),
            "What seeing the hidden customer would be worth, on fewer of the same calls",
        ));
    }
    report.blocks.extend([
        Block::Heading("Decision table".into()),
        Block::Paragraph(summary.proof_line()),
    ]);
    report
}
