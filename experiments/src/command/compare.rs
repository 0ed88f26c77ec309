//! `offhook compare`: curves of several runs overlaid, final scores, probability of improvement.

use std::path::Path;
use std::slice::from_ref;

use crate::cli::CompareArgs;
use crate::terminal::{out, outln};
use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;
use offhook_lab::run::metrics::{self, Row};
use offhook_lab::run::{collect_curve, curve_csv};
use offhook_lab::unit::Unit;
use offhook_report::page::{Block, Report};
use offhook_report::plot::Drawing;
use offhook_report::plot::Figure;
use offhook_report::plot::{Forest, Row as ForestRow};
use offhook_report::record::Record;
use offhook_report::text_table::{Cell, TextTable};
use offhook_simulator::bundled;
use offhook_stats::Estimate;
use offhook_stats::bootstrap::{RESAMPLES, iqm, probability_of_improvement};

const METRIC: &str = "evaluate/completion";

/// One run to compare.
struct Run {
    name: String,
    rows: Vec<Row>,
}

impl Run {
    fn read(path: &Path) -> Result<Self, Failure> {
        let file = path.join("metrics.csv");
        let text = bundled::read(&file).map_err(|e| Failure {
            message: format!(
                "{}; '{}' is not the directory of a finished run",
                e.message,
                path.display()
            ),
            ..e
        })?;
        let rows = metrics::from_csv(&text.file, &text.text)?;
        let name = path.file_name().map_or_else(
            || path.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        );
        Ok(Self { name, rows })
    }

    /// Completion of every seed at its last evaluation.
    fn finals(&self) -> Vec<f64> {
        let mut seeds: Vec<u64> = self.rows.iter().map(|r| r.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let last = |seed: &u64| {
            let of_seed = self
                .rows
                .iter()
                .filter(|r| r.seed == *seed && r.metric == METRIC);
            of_seed
                .max_by_key(|r| (r.stage == "reinforcement", r.step))
                .map(|r| r.value)
        };
        seeds.iter().filter_map(last).collect()
    }
}

/// Runs the command.
///
/// # Errors
/// If a run cannot be read, or the folder is there or cannot be written.
pub fn run(args: &CompareArgs) -> Result<(), Failure> {
    if args.out.exists() && !args.force {
        return Err(Failure::failed(format!(
            "'{}' is already there; replace it with --force",
            args.out.display()
        )));
    }
    let runs = args
        .runs
        .iter()
        .map(|path| Run::read(path))
        .collect::<Result<Vec<_>, _>>()?;
    for (run, path) in runs.iter().zip(&args.runs) {
        if run.finals().is_empty() {
            return Err(Failure::failed(format!(
                "'{}' has no `{METRIC}` to compare",
                path.display()
            )));
        }
    }
    let finals: Vec<Vec<f64>> = runs.iter().map(Run::finals).collect();
    let scores: Vec<Option<Estimate>> = finals
        .iter()
        .map(|f| iqm(from_ref(f), RESAMPLES, 1))
        .collect();
    let better: Vec<Option<Estimate>> = finals
        .iter()
        .map(|f| probability_of_improvement(from_ref(f), &finals[..1], RESAMPLES, 1))
        .collect();
    if args.json {
        for ((run, f), (score, better)) in runs.iter().zip(&finals).zip(scores.iter().zip(&better))
        {
            let place = [("run", run.name.as_str())];
            for (metric, estimate) in [
                ("completion", score),
                ("probability_of_improvement", better),
            ] {
                let Some(estimate) = estimate else { continue };
                outln!(
                    "{}",
                    Record::new(metric, *estimate, f.len() as u64, &Unit::share(), place).to_json()
                );
            }
        }
    }
    write(args, &runs, &finals, &scores, &better)
}

fn write(
    args: &CompareArgs,
    runs: &[Run],
    finals: &[Vec<f64>],
    scores: &[Option<Estimate>],
    better: &[Option<Estimate>],
) -> Result<(), Failure> {
    let seeds = finals
        .iter()
        .map(|f| f.len().to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let curves = Figure {
        title: "calls completed while learning".into(),
        subtitle: format!(
            "interquartile mean over seeds ({seeds}), band = 95 % bootstrap interval"
        ),
        x_label: "simulated training calls".into(),
        y_label: "calls completed".into(),
        unit: Unit::share(),
        curves: runs
            .iter()
            .map(|run| collect_curve(&run.name, &run.rows, METRIC))
            .collect(),
        references: Vec::new(),
    };
    let forest = Forest {
        title: "final completion".into(),
        subtitle: format!("interquartile mean over seeds ({seeds}) with 95 % bootstrap interval"),
        x_label: "calls completed".into(),
        unit: Unit::share(),
        rows: runs
            .iter()
            .zip(scores)
            .map(|(run, e)| ForestRow {
                name: run.name.clone(),
                estimate: *e,
            })
            .collect(),
        mark: None,
    };
    let against = format!("probability of improvement over {}", runs[0].name);
    let table = TextTable {
        columns: vec![
            "run".into(),
            "seeds".into(),
            "completion (IQM)".into(),
            against,
        ],
        rows: (0..runs.len())
            .map(|k| {
                vec![
                    Cell::Text(runs[k].name.clone()),
                    Cell::Text(finals[k].len().to_string()),
                    Cell::value(scores[k], &Unit::share()),
                    if k == 0 {
                        Cell::Missing
                    } else {
                        Cell::value(better[k], &Unit::share())
                    },
                ]
            })
            .collect(),
    };
    let mut csv = String::from("run,n_seeds,completion_iqm,low,high\n");
    for ((run, f), score) in runs.iter().zip(finals).zip(scores) {
        let Some(Estimate { value, bounds }) = score else {
            continue;
        };
        let (low, high) =
            bounds.map_or(Default::default(), |(l, h)| (l.to_string(), h.to_string()));
        csv += &format!("\"{}\",{},{value},{low},{high}\n", run.name, f.len());
    }
    let (curve_svg, forest_svg) = (curves.svg()?, forest.svg()?);
    let report = Report {
        title: "Comparison of runs".into(),
        subtitle: format!("{} runs, seeds: {seeds}", runs.len()),
        blocks: vec![
            Block::Figure {
                svg: curve_svg.clone(),
                caption: "Completion while learning".into(),
            },
            Block::Figure {
                svg: forest_svg.clone(),
                caption: "Final completion".into(),
            },
            Block::Table {
                table: table.clone(),
                caption: "Final scores".into(),
            },
        ],
    };
    let files: [(&str, Vec<u8>); 7] = [
        ("compare.csv", csv.into_bytes()),
        ("curve.csv", curve_csv(&curves).into_bytes()),
        ("curve.svg", curve_svg.into_bytes()),
        ("curve.png", curves.png()?),
        ("forest.svg", forest_svg.into_bytes()),
        ("forest.png", forest.png()?),
        ("report.html", report.to_html().into_bytes()),
    ];
    let cannot = |e| Failure::failed(format!("cannot create '{}': {e}", args.out.display()));
    std::fs::create_dir_all(&args.out).map_err(cannot)?;
    for (name, bytes) in &files {
        atomic::write(&args.out.join(name), bytes)?;
    }
    if !args.json {
        out!("{}", table.to_text());
        outln!("\nwritten to {}", args.out.display());
    }
    Ok(())
}
