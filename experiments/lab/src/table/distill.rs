//! Policies as tables by several methods and budgets, and what each loses.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_env::call::outcome::CallSummary;
use offhook_env::policy::Policy;
use offhook_env::rng::Stream;
use offhook_policy::distill::{DistillConfig, Method};
use offhook_simulator::world::{self, LoadedScenario};
use offhook_stats::{self as stats, Estimate};
use offhook_table::agent::prove;
use offhook_table::{DecisionTable, Format, Provenance};
use serde_json::json;

use crate::config::{CONFIGS, Config};
use crate::distill::distill_table;
use crate::error::Failure;
use crate::key_figure::KeyFigure;
use crate::play::{self, Choice, Plan};
use crate::policies::{PolicySource, TablePolicy};
use crate::run::hash::{hashes, scenario_hash};
use crate::run::run_dir::RunFile;
use crate::run::stored::StoredRun;
use crate::threads;

/// Figures of which it is said what a table loses.
pub const LOST: [&str; 2] = ["completion", "return"];

/// What is distilled, and how.
#[derive(Clone, Copy, Debug)]
pub struct DistillPlan<'a> {
    /// Run directories or checkpoints, at least one, all of one scenario.
    pub policies: &'a [PathBuf],
    /// The scenario; the first run's own if not given.
    pub scenario: Option<&'a str>,
    /// The config whose `[distill]` counts; the first run's own if not given.
    pub config: Option<&'a str>,
    /// Methods; that of the config if empty.
    pub methods: &'a [Method],
    /// Budgets; that of the config if empty.
    pub max_rules: &'a [usize],
    /// Held-out calls that table and network are compared on, for each policy.
    pub n_calls: u64,
    /// Seed of the first policy's calls; the others' follow.
    pub seed: u64,
    /// Revision of the code that built the program, for the tables' provenance.
    pub revision: &'a str,
}

/// Everything that is needed to distill, read and checked.
pub struct Distillation<'a> {
    plan: DistillPlan<'a>,
    loaded: LoadedScenario,
    policies: Vec<Arc<dyn Policy>>,
    configs: Vec<DistillConfig>,
}

/// What came of a plan.
pub struct DistillComparison {
    /// Name of the scenario.
    pub scenario: String,
    /// Number of policies.
    pub n_policies: usize,
    /// Held-out calls of all policies together.
    pub n_calls: u64,
    /// The ways to distill, budget by budget.
    pub trials: Vec<DistillTrial>,
}

/// One way to distill, and what came of it.
pub struct DistillTrial {
    /// The way.
    pub config: DistillConfig,
    /// By policy.
    pub tables: Vec<DecisionTable>,
    /// The same held-out calls with the table and with its network, by policy.
    calls: Vec<(Vec<CallSummary>, Vec<CallSummary>)>,
}

impl<'a> Distillation<'a> {
    /// Reads scenario, settings and policies.
    ///
    /// # Errors
    /// If a file cannot be read, or a policy was made for another scenario.
    pub fn open(plan: DistillPlan<'a>) -> Result<Self, Failure> {
        let first = &plan.policies[0];
        let run = first.is_dir().then(|| StoredRun::of(first)).flatten();
        let loaded = match (plan.scenario, &run) {
            (Some(name), _) => world::load(name, None)?,
            (None, Some(run)) => run.load()?,
            (None, None) => {
                return Err(Failure::usage(format!(
                    "'{}' is not a run directory; say with --scenario where to distill it",
                    first.display()
                )));
            }
        };
        let base = settings(plan.config, run.as_ref())?;
        let policies = (plan.policies.iter())
            .map(|path| network(path, &loaded))
            .collect::<Result<Vec<_>, _>>()?;
        let methods = given_or(plan.methods, base.method);
        let budgets = given_or(plan.max_rules, base.max_rules);
        let ways = (budgets.iter())
            .flat_map(|&max_rules| methods.iter().map(move |&method| (method, max_rules)));
        let configs = ways.map(|(method, max_rules)| DistillConfig {
            method,
            max_rules,
            ..base.clone()
        });
        Ok(Self {
            configs: configs.collect(),
            plan,
            loaded,
            policies,
        })
    }

    /// Rounds of all ways and policies together.
    pub fn n_rounds(&self) -> u64 {
        let of_one: u64 = self.configs.iter().map(DistillConfig::n_rounds).sum();
        of_one * self.policies.len() as u64
    }

    /// Distills and compares on `n_threads`, or one per processor; `progress` is told the method and how many rounds
    /// were done since it was told last.
    ///
    /// # Errors
    /// A setting out of range, or a table that is not proved.
    pub fn run(
        &self,
        n_threads: Option<u16>,
        progress: &mut (dyn FnMut(Method, u64) + Send),
    ) -> Result<DistillComparison, Failure> {
        threads::install(n_threads, || self.distill(progress))
    }

    fn distill(&self, progress: &mut dyn FnMut(Method, u64)) -> Result<DistillComparison, Failure> {
        let trial = |config: &DistillConfig| DistillTrial {
            config: config.clone(),
            tables: Vec::new(),
            calls: Vec::new(),
        };
        let mut trials: Vec<DistillTrial> = self.configs.iter().map(trial).collect();
        let (plan, world) = (&self.plan, &self.loaded.world);
        for (policy, seed) in self.policies.iter().zip(plan.seed..) {
            let calls = Plan {
                seed,
                stream: Stream::Evaluate,
                first: 0,
                n_calls: plan.n_calls,
                choice: Choice::Best,
            };
            let network = play::evaluate(world, &**policy, calls);
            for DistillTrial {
                config,
                tables,
                calls: played,
            } in &mut trials
            {
                progress(config.method, 0);
                let on_round = &mut |_| progress(config.method, 1);
                let made = self.provenance(config, seed);
                let (table, _) = distill_table(world, &**policy, config, seed, made, on_round)?;
                let proof = prove(&table, &world.scenario)?;
                if !proof.ok() {
                    return Err(Failure::failed(format!("a table is not proved: {proof}")));
                }
                let player = TablePolicy::new(table.clone(), &world.scenario)?;
                played.push((play::evaluate(world, &player, calls), network.clone()));
                tables.push(table);
            }
        }
        let n_policies = self.policies.len();
        Ok(DistillComparison {
            scenario: world.scenario.name.clone(),
            n_policies,
            n_calls: plan.n_calls * n_policies as u64,
            trials,
        })
    }

    /// Where a table comes from that no run has made; the keys are those of a run's table.
    fn provenance(&self, config: &DistillConfig, seed: u64) -> Provenance {
        let scenario = scenario_hash(&hashes(&self.loaded.text));
        let entries = [
            (
                "program",
                json!(concat!("offhook ", env!("CARGO_PKG_VERSION"))),
            ),
            ("revision", json!(self.plan.revision)),
            ("distill", json!(config)),
            ("scenario", json!(scenario)),
            ("seeds", json!({"choose": seed, "evaluate": seed})),
        ];
        let entries = entries.into_iter();
        entries
            .map(|(key, value)| (key.to_owned(), value))
            .collect()
    }
}

fn given_or<T: Copy>(given: &[T], own: T) -> Vec<T> {
    match given.is_empty() {
        true => vec![own],
        false => given.to_vec(),
    }
}

/// The settings of a config, or of a run.
fn settings(config: Option<&str>, run: Option<&StoredRun>) -> Result<DistillConfig, Failure> {
    let own = || {
        let config = run?.join(RunFile::Config);
        config.is_file().then(|| config.display().to_string())
    };
    let Some(name) = config.map(str::to_owned).or_else(own) else {
        return Ok(DistillConfig::default());
    };
    let config = Config::parse(&CONFIGS.find(&name, None)?)?;
    Ok(config.distill.unwrap_or_default())
}

/// The network of a run or a checkpoint.
fn network(path: &Path, loaded: &LoadedScenario) -> Result<Arc<dyn Policy>, Failure> {
    let file = match path.is_dir() {
        true => path.join(RunFile::Policy.name()),
        false => path.to_owned(),
    };
    let opened = PolicySource::open(&file.display().to_string())?;
    match opened.for_scenario(&loaded.world.scenario)? {
        (policy, Choice::Best) => Ok(policy),
        _ => Err(Failure::usage(format!(
            "'{}' sees the hidden customer; a table cannot",
            file.display()
        ))),
    }
}

impl DistillTrial {
    /// What the tables lose of a figure against their networks.
    pub fn lost(&self, metric: &str) -> Option<Estimate> {
        let figure = KeyFigure::named(metric);
        let (table, network): (Vec<_>, Vec<_>) = (self.calls.iter())
            .map(|(table, network)| (figure.values(table), figure.values(network)))
            .unzip();
        stats::paired_difference(&network, &table)
    }

    /// Share of the tables' turns in which their networks find the same action best, `[0, 1]`.
    pub fn agreement(&self) -> f64 {
        let rules = self.tables.iter().flat_map(DecisionTable::rules);
        let (mut same, mut all) = (0.0, 0.0);
        for rule in rules {
            same += rule.support as f64 * rule.fidelity.unwrap_or(0.0);
            all += rule.support as f64;
        }
        same / f64::max(all, 1.0)
    }

    /// Most rules of any of the tables.
    pub fn most_rules(&self) -> usize {
        let rules = self.tables.iter().map(|table| table.rules().len());
        rules.max().unwrap_or(0)
    }

    /// Most bytes of any of the tables in the binary format.
    pub fn most_bytes(&self) -> usize {
        let bytes = (self.tables.iter()).map(|table| Format::Dpt.export(table).len());
        bytes.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_the_names_that_configs_write() {
        for method in Method::ALL {
            let text = format!("method = \"{}\"", method.name());
            let config: DistillConfig = toml::from_str(&text).expect("a method");
            assert_eq!(config.method, method);
            assert_eq!(method.name().parse(), Ok(method));
        }
    }
}
