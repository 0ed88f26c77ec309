//! The end of a run: every policy on held-out calls, the files, and the figures on the screen.

use offhook_env::outcome::CallSummary;
use offhook_env::policy::{Policy, RandomPolicy};
use offhook_env::rng::Stream;
use offhook_table::Format;
use serde_json::Value;

use super::curve;
use super::metrics::{self, Row};
use super::seed::SeedResult;
use crate::command::table::prove;
use crate::config::Config;
use crate::error::Failure;
use crate::figures::{self, FIGURES, Figure};
use crate::play::{self, Choice, Plan};
use crate::plot::Drawing;
use crate::plot::Reference;
use crate::policies::TablePolicy;
use crate::record::Record;
use crate::report::{Block, Report};
use crate::run_dir::RunDir;
use crate::stats::{self, Estimate};
use crate::table_print::{Cell, Table};
use crate::terminal::outln;
use crate::unit::Unit;
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

/// Pairs of policies whose difference is reported.
const DIFFERENCES: [(&str, &str); 4] = [
    ("imitation", "script"),
    ("reinforcement", "script"),
    ("table", "script"),
    ("table", "reinforcement"),
];

/// One policy on the held-out calls.
struct Judged {
    name: &'static str,
    /// Calls by training seed; seed `k` plays its own held-out calls, the same ones for every policy.
    calls: Vec<Vec<CallSummary>>,
    /// Whether each seed trained a policy of its own; a fixed policy is one cluster of calls.
    trained: bool,
}

impl Judged {
    fn estimate(&self, figure: &Figure) -> Option<Estimate> {
        if self.trained {
            figure.estimate(&self.calls)
        } else {
            figure.estimate(&[self.calls.concat()])
        }
    }
}

/// What is known at the end of a run.
pub struct Summary {
    policies: Vec<Judged>,
    /// Position of the seed whose table is exported.
    chosen: usize,
    /// Rules of every seed's table.
    n_rules: Vec<usize>,
    /// The proof of the exported table.
    proof: offhook_table::Report,
}

/// Plays the held-out calls with every policy.
///
/// # Errors
/// If a table is not for this scenario.
pub fn judge(config: &Config, loaded: &Loaded, results: &[SeedResult]) -> Result<Summary, Failure> {
    let world = &*loaded.world;
    let scenario = &*world.scenario;
    let n_calls = config.evaluation.calls;
    let play = |policy: &dyn Policy, seed: u64, stream: Stream, choice: Choice| {
        play::evaluate(
            world,
            policy,
            Plan {
                seed,
                stream,
                first: 0,
                n_calls,
                choice,
            },
        )
    };
    let mut policies = [
        ("random", false),
        ("script", false),
        ("imitation", true),
        ("reinforcement", true),
        ("table", true),
    ]
    .map(|(name, trained)| Judged {
        name,
        calls: Vec::new(),
        trained,
    });
    let script = scenario.script();
    let mut best = (0, f64::NEG_INFINITY);
    for (k, result) in results.iter().enumerate() {
        let table = TablePolicy::new(result.table.clone(), scenario)?;
        let all: [(&dyn Policy, Choice); 5] = [
            (&RandomPolicy, Choice::Sample),
            (&script, Choice::Best),
            (&*result.imitation, Choice::Best),
            (&*result.reinforcement, Choice::Best),
            (&table, Choice::Best),
        ];
        for (judged, (policy, choice)) in policies.iter_mut().zip(all) {
            judged
                .calls
                .push(play(policy, result.seed, Stream::Evaluate, choice));
        }
        // The exported table is chosen on other calls than those that judge it.
        let chosen_on = play(&table, result.seed, Stream::Choose, Choice::Best);
        let mean = chosen_on.iter().map(|c| f64::from(c.return_)).sum::<f64>() / n_calls as f64;
        if mean > best.1 {
            best = (k, mean);
        }
    }
    let chosen = best.0;
    let proof = prove(&results[chosen].table, scenario)?;
    let n_rules = results.iter().map(|r| r.table.rules().len()).collect();
    Ok(Summary {
        policies: policies.into(),
        chosen,
        n_rules,
        proof,
    })
}

/// A line of the summary: a policy (or the difference of two), a figure, its estimate.
struct Line {
    policy: String,
    metric: &'static str,
    estimate: Estimate,
    unit: Unit,
}

impl Summary {
    fn n_seeds(&self) -> usize {
        self.n_rules.len()
    }

    fn n_calls(&self) -> u64 {
        self.policies[0].calls.iter().map(|c| c.len() as u64).sum()
    }

    fn policy(&self, name: &str) -> &Judged {
        self.policies
            .iter()
            .find(|p| p.name == name)
            .expect("the name is one of the five")
    }

    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for judged in &self.policies {
            for figure in FIGURES {
                let Some(estimate) = judged.estimate(figure) else {
                    continue;
                };
                lines.push(Line {
                    policy: judged.name.into(),
                    metric: figure.name,
                    estimate,
                    unit: figure.unit(),
                });
            }
        }
        for (a, b) in DIFFERENCES {
            for metric in ["completion", "return"] {
                let Some(estimate) = self.difference(a, b, metric) else {
                    continue;
                };
                let unit = Figure::named(metric).unit();
                lines.push(Line {
                    policy: format!("{a} - {b}"),
                    metric,
                    estimate,
                    unit,
                });
            }
        }
        lines
    }

    fn difference(&self, a: &str, b: &str, metric: &str) -> Option<Estimate> {
        let figure = Figure::named(metric);
        let values = |name| {
            self.policy(name)
                .calls
                .iter()
                .map(|c| figure.values(c))
                .collect::<Vec<_>>()
        };
        stats::paired_difference(&values(a), &values(b))
    }

    fn key_table(&self) -> Table {
        let rows: Vec<_> = (self.policies.iter())
            .map(|p| {
                (
                    p.name.to_owned(),
                    FIGURES.iter().map(|f| p.estimate(f)).collect(),
                )
            })
            .collect();
        figures::table(
            &rows,
            &[
                "completion",
                "satisfaction",
                "hang_up",
                "return",
                "rules_broken",
                "harms",
            ],
        )
    }

    fn difference_table(&self) -> Table {
        let row = |(a, b): &(&str, &str)| {
            let cell =
                |metric| Cell::value(self.difference(a, b, metric), &Figure::named(metric).unit());
            vec![
                Cell::Text(format!("{a} - {b}")),
                cell("completion"),
                cell("return"),
            ]
        };
        let columns = ["paired difference", "completion", "return"]
            .map(str::to_owned)
            .to_vec();
        Table {
            columns,
            rows: DIFFERENCES.iter().map(row).collect(),
        }
    }

    fn measured_on(&self) -> String {
        let (seeds, calls) = (self.n_seeds(), self.n_calls());
        format!(
            "{seeds} training seed{}, {calls} held-out calls per policy, 95 % intervals",
            if seeds == 1 { "" } else { "s" }
        )
    }

    fn proof_line(&self) -> String {
        let rules: Vec<String> = self.n_rules.iter().map(ToString::to_string).collect();
        let state = if self.proof.ok() {
            "proved: no overlap, no gap, every rule of conduct and mask holds in every cell"
        } else {
            "NOT proved; see `offhook table verify`"
        };
        format!(
            "table: {} rules by seed, exported is number {}; {state}",
            rules.join(", "),
            self.chosen + 1
        )
    }

    /// Prints the key figures.
    pub fn print(&self, config: &Config, json: bool) {
        if json {
            for line in self.lines() {
                let place = [
                    ("scenario", Value::from(config.scenario.as_str())),
                    ("policy", Value::from(line.policy)),
                    ("n_seeds", Value::from(self.n_seeds())),
                ];
                outln!(
                    "{}",
                    Record::new(
                        line.metric,
                        line.estimate,
                        self.n_calls(),
                        &line.unit,
                        place
                    )
                    .to_json()
                );
            }
            return;
        }
        outln!("{}: {}", config.scenario, self.measured_on());
        outln!("{}{}\n", self.key_table().to_text(), figures::UNITS);
        outln!("{}", self.difference_table().to_text());
        outln!("{}", self.proof_line());
    }
}

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
    dir.write("table.json", chosen.table.to_json().as_bytes())?;
    dir.write("table.csv", &Format::Csv.export(&chosen.table))?;
    let checkpoint = std::fs::read(dir.join(&format!(
        "checkpoints/seed_{}/reinforcement.safetensors",
        chosen.seed
    )))?;
    dir.write("policy.safetensors", &checkpoint)?;
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
    Report {
        title: format!("{}: {}", config.name, config.scenario),
        subtitle: summary.measured_on(),
        blocks: vec![
            Block::Paragraph(loaded.world.scenario.purpose.clone()),
            Block::Heading("Learning curve".into()),
            Block::Figure {
                svg,
                caption: "Completion on held-out calls while learning in simulation".into(),
            },
            Block::Heading("Policies on held-out calls".into()),
            table(summary.key_table(), figures::UNITS),
            table(summary.difference_table(), "Differences on the same calls"),
            Block::Heading("Decision table".into()),
            Block::Paragraph(summary.proof_line()),
        ],
    }
}
