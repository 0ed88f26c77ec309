//! Every policy of a run on held-out calls, and what the figures say.

use offhook_env::outcome::CallSummary;
use offhook_env::policy::{Policy, RandomPolicy};
use offhook_env::rng::Stream;
use offhook_table::agent::prove;
use serde_json::Value;

use super::gap::{self, SeedGap};
use super::seed::SeedResult;
use super::stability::{self, SeedStability};
use crate::config::Config;
use crate::error::Failure;
use crate::figures::{self, FIGURES, Figure};
use crate::play::{self, Choice, Plan};
use crate::policies::TablePolicy;
use crate::record::Record;
use crate::stats::{self, Estimate};
use crate::table_print::{Cell, Table};
use crate::terminal::outln;
use crate::unit::Unit;
use crate::world::Loaded;

/// Pairs of policies whose difference is reported.
const DIFFERENCES: [(&str, &str); 4] = [
    ("imitation", "script"),
    ("reinforcement", "script"),
    ("table", "script"),
    ("table", "reinforcement"),
];

/// One policy on the held-out calls.
pub struct Judged {
    name: &'static str,
    /// Calls by training seed; seed `k` plays its own held-out calls, the same ones for every policy.
    calls: Vec<Vec<CallSummary>>,
    /// Whether each seed trained a policy of its own; a fixed policy is one cluster of calls.
    trained: bool,
}

impl Judged {
    /// A figure over its calls.
    pub fn estimate(&self, figure: &Figure) -> Option<Estimate> {
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
    pub chosen: usize,
    /// Rules of every seed's table.
    n_rules: Vec<usize>,
    /// The proof of the exported table.
    pub proof: offhook_table::ProofReport,
    /// How steadily each seed learned.
    pub stability: Vec<SeedStability>,
    /// What a planner that sees the customer has over the script, if it was asked to play.
    pub gap: Vec<gap::Line>,
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
    let mut policies: Vec<Judged> = Vec::new();
    let script = scenario.script();
    let mut best = (0, f64::NEG_INFINITY);
    let mut gaps = Vec::new();
    for (k, result) in results.iter().enumerate() {
        let table = TablePolicy::new(result.table.clone(), scenario)?;
        let all: [(&'static str, Option<&dyn Policy>, Choice, bool); 7] = [
            ("random", Some(&RandomPolicy), Choice::Sample, false),
            ("script", Some(&script), Choice::Best, false),
            ("imitation", Some(&*result.imitation), Choice::Best, true),
            ("teacher", result.teacher.as_deref(), Choice::Told, true),
            ("student", result.student.as_deref(), Choice::Best, true),
            (
                "reinforcement",
                Some(&*result.reinforcement),
                Choice::Best,
                true,
            ),
            ("table", Some(&table), Choice::Best, true),
        ];
        let there = all
            .into_iter()
            .filter_map(|(name, policy, choice, trained)| Some((name, policy?, choice, trained)));
        for (position, (name, policy, choice, trained)) in there.enumerate() {
            if k == 0 {
                let calls = Vec::new();
                policies.push(Judged {
                    name,
                    calls,
                    trained,
                });
            }
            let calls = play(policy, result.seed, Stream::Evaluate, choice);
            policies[position].calls.push(calls);
        }
        if config.evaluation.privileged_calls > 0 {
            let n_calls = config.evaluation.privileged_calls;
            let plan = Plan {
                seed: result.seed,
                stream: Stream::Evaluate,
                first: 0,
                n_calls,
                choice: Choice::Plan,
            };
            let first = |name| {
                let judged = policies.iter().find(|p| p.name == name);
                judged.map_or(Vec::new(), |p| p.calls[k][..n_calls as usize].to_vec())
            };
            gaps.push(SeedGap {
                script: first("script"),
                learned: first("reinforcement"),
                privileged: [&script as &dyn Policy, &*result.reinforcement]
                    .map(|base| play::evaluate(world, base, plan)),
            });
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
    let rows: Vec<_> = results.iter().flat_map(|r| r.rows.clone()).collect();
    let n_rules = results.iter().map(|r| r.table.rules().len()).collect();
    Ok(Summary {
        policies,
        chosen,
        n_rules,
        proof,
        stability: stability::of(&rows, results.iter().map(|r| r.seed)),
        gap: gap::lines(&gaps),
    })
}

/// A line of the summary: a policy (or the difference of two), a figure, its estimate.
pub struct Line {
    /// The policy, or `a - b`.
    pub policy: String,
    /// Name of the figure.
    pub metric: &'static str,
    /// The figure.
    pub estimate: Estimate,
    /// Its unit.
    pub unit: Unit,
}

impl Summary {
    pub fn n_seeds(&self) -> usize {
        self.n_rules.len()
    }

    pub fn n_calls(&self) -> u64 {
        self.policies[0].calls.iter().map(|c| c.len() as u64).sum()
    }

    /// Held-out calls that the exported table played.
    pub fn n_calls_of_exported(&self) -> usize {
        self.policy("table").calls[self.chosen].len()
    }

    /// A figure of the exported table alone.
    pub fn of_exported(&self, figure: &Figure) -> Option<Estimate> {
        figure.estimate(&[&self.policy("table").calls[self.chosen]])
    }

    /// What the exported table loses against the network that it was made from, on the same calls.
    pub fn lost_by_exported(&self, metric: &str) -> Option<Estimate> {
        let values = |name| Figure::named(metric).values(&self.policy(name).calls[self.chosen]);
        stats::paired_difference(&[values("reinforcement")], &[values("table")])
    }

    pub fn policy(&self, name: &str) -> &Judged {
        self.policies
            .iter()
            .find(|p| p.name == name)
            .expect("the name is one of those that every run has")
    }

    pub fn lines(&self) -> Vec<Line> {
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
        for line in &self.gap {
            lines.push(Line {
                policy: format!("privileged ({} goes on)", line.base),
                metric: line.metric,
                estimate: line.bound,
                unit: Figure::named(line.metric).unit(),
            });
            if let Some(closed) = line.closed {
                lines.push(Line {
                    policy: format!("reinforcement, of privileged ({} goes on)", line.base),
                    metric: match line.metric {
                        "completion" => "completion_gap_closed",
                        _ => "return_gap_closed",
                    },
                    estimate: closed,
                    unit: Unit::share(),
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

    pub fn key_table(&self) -> Table {
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

    pub fn difference_table(&self) -> Table {
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

    pub fn measured_on(&self) -> String {
        let (seeds, calls) = (self.n_seeds(), self.n_calls());
        format!(
            "{seeds} training seed{}, {calls} held-out calls per policy, 95 % intervals",
            if seeds == 1 { "" } else { "s" }
        )
    }

    pub fn proof_line(&self) -> String {
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
        if !self.gap.is_empty() {
            outln!("{}", gap::table(&self.gap).to_text());
        }
        outln!("{}", stability::line(&self.stability));
        outln!("{}", self.proof_line());
    }
}
