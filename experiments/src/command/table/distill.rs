//! `offhook table distill`: policies as tables by several methods and budgets, and what each loses.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use offhook_env::outcome::CallSummary;
use offhook_env::policy::Policy;
use offhook_env::rng::Stream;
use offhook_policy::distill::DistillConfig;
use offhook_table::agent::prove;
use offhook_table::{DecisionTable, Format, Provenance};
use serde_json::json;

use crate::cli::DistillArgs;
use crate::config::Config;
use crate::distillery::distill_table;
use crate::error::Failure;
use crate::figures::Figure;
use crate::manifest::REVISION;
use crate::pipeline::provenance::scenario_hash;
use crate::play::{self, Choice, Plan};
use crate::policies::{Opened, TablePolicy};
use crate::record::Record;
use crate::stats::{self, Estimate};
use crate::table_print::{Cell, Table};
use crate::terminal::{out, outln};
use crate::unit::Unit;
use crate::world::{self, Loaded};
use crate::{atomic, bundled, threads};

/// Figures of which it is said what the table loses.
const LOST: [&str; 2] = ["completion", "return"];

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read, a policy was made for another scenario, or a setting is out of range.
pub fn run(args: &DistillArgs) -> Result<(), Failure> {
    if let Some(out) = &args.out {
        atomic::check_free(out, args.force)?;
        if args.policies.len() * args.method.len().max(1) * args.max_rules.len().max(1) > 1 {
            return Err(Failure::usage(
                "--out takes one table: expected one policy, one --method and one --max-rules",
            ));
        }
    }
    threads::install(args.threads, || distill(args))
}

fn distill(args: &DistillArgs) -> Result<(), Failure> {
    let first = &args.policies[0];
    let scenario = match (&args.scenario, first.join("scenario.toml")) {
        (Some(name), _) => name.clone(),
        (None, own) if own.is_file() => own.display().to_string(),
        (None, _) => {
            return Err(Failure::usage(format!(
                "'{}' is not a run directory; say with --scenario where to distill it",
                first.display()
            )));
        }
    };
    let loaded = world::load(&scenario, None)?;
    let base = settings(args.config.as_deref(), first)?;
    let policies = (args.policies.iter())
        .map(|path| network(path, &loaded))
        .collect::<Result<Vec<_>, _>>()?;
    let methods = match args.method.is_empty() {
        true => vec![base.method],
        false => args.method.iter().map(|method| (*method).into()).collect(),
    };
    let budgets = match args.max_rules.is_empty() {
        true => vec![base.max_rules],
        false => args.max_rules.clone(),
    };
    let configs: Vec<DistillConfig> = (budgets.iter())
        .flat_map(|&max_rules| {
            let base = &base;
            methods.iter().map(move |&method| DistillConfig {
                method,
                max_rules,
                ..base.clone()
            })
        })
        .collect();
    let n_rounds: u64 = configs.iter().map(DistillConfig::n_rounds).sum();
    let bar = ProgressBar::new(n_rounds * policies.len() as u64).with_style(
        ProgressStyle::with_template("{msg:14} {wide_bar} {pos}/{len} rounds {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut judged: Vec<Judged> = configs
        .iter()
        .map(|config| Judged::new(config.clone()))
        .collect();
    for (k, policy) in policies.iter().enumerate() {
        let seed = args.seed + k as u64;
        let plan = Plan {
            seed,
            stream: Stream::Evaluate,
            first: 0,
            n_calls: args.calls,
            choice: Choice::Best,
        };
        let network = play::evaluate(&loaded.world, &**policy, plan);
        for judged in &mut judged {
            bar.set_message(format!("{:?}", judged.config.method).to_lowercase());
            let provenance = provenance(&loaded, &judged.config, seed);
            let on_round = &mut |_| bar.inc(1);
            let (table, _) = distill_table(
                &loaded.world,
                &**policy,
                &judged.config,
                seed,
                provenance,
                on_round,
            )?;
            let proof = prove(&table, &loaded.world.scenario)?;
            if !proof.ok() {
                return Err(Failure::failed(format!("a table is not proved: {proof}")));
            }
            let player = TablePolicy::new(table.clone(), &loaded.world.scenario)?;
            let calls = play::evaluate(&loaded.world, &player, plan);
            judged.tables.push(table);
            judged.calls.push((calls, network.clone()));
        }
    }
    bar.finish_and_clear();
    if let (Some(out), [one]) = (&args.out, &judged[..]) {
        atomic::write(out, one.tables[0].to_json().as_bytes())?;
    }
    print(args, &loaded, &judged);
    Ok(())
}

/// Where a table comes from that no run has made; the keys are those of a run's table.
fn provenance(loaded: &Loaded, config: &DistillConfig, seed: u64) -> Provenance {
    Provenance::from([
        (
            "program".to_owned(),
            json!(concat!("offhook ", env!("CARGO_PKG_VERSION"))),
        ),
        ("revision".to_owned(), json!(REVISION)),
        ("distill".to_owned(), json!(config)),
        ("scenario".to_owned(), json!(scenario_hash(&loaded.inputs))),
        (
            "seeds".to_owned(),
            json!({"choose": seed, "evaluate": seed}),
        ),
    ])
}

/// The settings of a config, or of a run.
fn settings(config: Option<&str>, run: &Path) -> Result<DistillConfig, Failure> {
    let own = run.join("config.toml");
    let name = match config {
        Some(name) => name.to_owned(),
        None if own.is_file() => own.display().to_string(),
        None => return Ok(DistillConfig::default()),
    };
    let config = Config::parse(&bundled::find("configs", &name, None)?)?;
    Ok(config.distill.unwrap_or_default())
}

/// The network of a run or a checkpoint.
fn network(path: &Path, loaded: &Loaded) -> Result<std::sync::Arc<dyn Policy>, Failure> {
    let file = match path.is_dir() {
        true => path.join("policy.safetensors"),
        false => path.to_owned(),
    };
    let opened = Opened::open(&file.display().to_string())?;
    match opened.for_scenario(&loaded.world.scenario)? {
        (policy, Choice::Best) => Ok(policy),
        _ => Err(Failure::usage(format!(
            "'{}' sees the hidden customer; a table cannot",
            file.display()
        ))),
    }
}

/// One way to distill, and what came of it.
struct Judged {
    config: DistillConfig,
    /// By policy.
    tables: Vec<DecisionTable>,
    /// The same held-out calls with the table and with its network, by policy.
    calls: Vec<(Vec<CallSummary>, Vec<CallSummary>)>,
}

impl Judged {
    fn new(config: DistillConfig) -> Self {
        Self {
            config,
            tables: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// What the tables lose of a figure.
    fn lost(&self, metric: &str) -> Option<Estimate> {
        let figure = Figure::named(metric);
        let (table, network): (Vec<_>, Vec<_>) = (self.calls.iter())
            .map(|(table, network)| (figure.values(table), figure.values(network)))
            .unzip();
        stats::paired_difference(&network, &table)
    }

    /// Share of the tables' turns in which their networks find the same action best.
    fn agreement(&self) -> f64 {
        let rules = self.tables.iter().flat_map(DecisionTable::rules);
        let (mut same, mut all) = (0.0, 0.0);
        for rule in rules {
            same += rule.support as f64 * rule.fidelity.unwrap_or(0.0);
            all += rule.support as f64;
        }
        same / f64::max(all, 1.0)
    }

    /// Most rules, and most bytes in the binary format, of any of the tables.
    fn size(&self) -> (usize, usize) {
        let rules = self.tables.iter().map(|table| table.rules().len());
        let bytes = (self.tables.iter()).map(|table| Format::Dpt.export(table).len());
        (rules.max().unwrap_or(0), bytes.max().unwrap_or(0))
    }

    fn figures(&self) -> Vec<(String, Estimate, Unit)> {
        let (rules, bytes) = self.size();
        let mut figures = vec![
            (
                "rules".to_owned(),
                Estimate::point(rules as f64),
                Unit::plain("rules", 0),
            ),
            (
                "bytes".to_owned(),
                Estimate::point(bytes as f64),
                Unit::plain("bytes", 0),
            ),
        ];
        for metric in LOST {
            let unit = Figure::named(metric).unit();
            figures.extend(
                self.lost(metric)
                    .map(|lost| (format!("{metric}_lost"), lost, unit)),
            );
        }
        let agreement = Estimate::point(self.agreement());
        figures.push(("agreement".to_owned(), agreement, Unit::share()));
        figures
    }

    fn method(&self) -> String {
        format!("{:?}", self.config.method).to_lowercase()
    }
}

fn print(args: &DistillArgs, loaded: &Loaded, judged: &[Judged]) {
    let n_calls = args.calls * args.policies.len() as u64;
    let scenario = &loaded.world.scenario.name;
    if args.json {
        for judged in judged {
            for (metric, estimate, unit) in judged.figures() {
                let place = [
                    ("scenario", json!(scenario)),
                    ("method", json!(judged.method())),
                    ("max_rules", json!(judged.config.max_rules)),
                    ("n_policies", json!(args.policies.len())),
                ];
                outln!(
                    "{}",
                    Record::new(&metric, estimate, n_calls, &unit, place).to_json()
                );
            }
        }
        return;
    }
    outln!(
        "{scenario}: {} {}, {n_calls} held-out calls each for table and network, 95 % intervals",
        args.policies.len(),
        if args.policies.len() == 1 {
            "policy"
        } else {
            "policies"
        },
    );
    let columns = [
        "method",
        "budget",
        "rules",
        "bytes",
        "completion lost",
        "return lost",
        "agreement",
    ];
    let row = |judged: &Judged| {
        let budget = Estimate::point(judged.config.max_rules as f64);
        let figures = judged
            .figures()
            .into_iter()
            .map(|(_, estimate, unit)| Cell::Value(estimate, unit));
        [
            Cell::Text(judged.method()),
            Cell::Value(budget, Unit::plain("rules", 0)),
        ]
        .into_iter()
        .chain(figures)
        .collect()
    };
    let table = Table {
        columns: columns.map(str::to_owned).to_vec(),
        rows: judged.iter().map(row).collect(),
    };
    out!("{}", table.to_text());
}
