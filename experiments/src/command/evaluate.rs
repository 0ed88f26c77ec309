//! `offhook evaluate`: policies against scenarios and user models, and how far user models agree on
//! which policy is better.

use std::path::Path;

use offhook_env::rng::Stream;
use serde_json::{Value, json};

use crate::cli::EvaluateArgs;
use crate::terminal::{out, outln};
use offhook_lab::error::Failure;
use offhook_lab::key_figure::KEY_FIGURES;
use offhook_lab::play::{self, Plan};
use offhook_lab::policies::{self, Opened};
use offhook_lab::run::stored;
use offhook_lab::threads;
use offhook_lab::unit::Unit;
use offhook_lab::user_models::populate;
use offhook_report::key_table;
use offhook_report::record::Record;
use offhook_report::text_table::{Cell, TextTable};
use offhook_simulator::bundled;
use offhook_simulator::world::{self, LoadedScenario};
use offhook_stats::{self as stats, Estimate};
use offhook_table::agent::prove;

/// The figures of the printed matrix; `--json` has all.
const SHOWN: [&str; 5] = [
    "completion",
    "satisfaction",
    "return",
    "rules_broken",
    "harms",
];

/// Runs the command.
///
/// # Errors
/// If a name is neither policy nor scenario or both, something cannot be read, or a policy fits none
/// of the scenarios.
pub fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    threads::install(args.threads, || evaluate(args))
}

fn evaluate(args: &EvaluateArgs) -> Result<(), Failure> {
    let (policy_names, scenario_names) = sort(&args.names)?;
    distinct(
        &args
            .user_models
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
    )?;
    let policies: Vec<(String, Opened)> = policy_names
        .into_iter()
        .map(|name| Ok((name.clone(), Opened::open(&name)?)))
        .collect::<Result<_, Failure>>()?;
    let load = |name: String| {
        let loaded = world::load(&name, None)?;
        Ok((name, loaded))
    };
    let scenarios = match scenario_names.is_empty() {
        true => stored::load_all(policies.iter().map(|(name, _)| &**name))?,
        false => (scenario_names.into_iter().map(load)).collect::<Result<_, Failure>>()?,
    };
    if scenarios.is_empty() {
        return Err(Failure::usage(
            "no scenario among the names; add a bundled one or a .toml file",
        ));
    }
    let scenarios: Vec<(String, LoadedScenario)> = (scenarios.into_iter())
        .map(|(name, loaded)| Ok((name, loaded.with_noise(args.noise)?)))
        .collect::<Result<_, Failure>>()?;
    for (_, policy) in &policies {
        // A policy that fits nowhere is a mistake; one that fits elsewhere leaves its cell empty.
        let fits =
            |(_, loaded): &(String, LoadedScenario)| policy.for_scenario(&loaded.world.scenario);
        let mut refusals = Vec::new();
        for scenario in &scenarios {
            refusals.extend(fits(scenario).err());
        }
        if refusals.len() == scenarios.len() {
            return Err(refusals.swap_remove(0));
        }
    }
    for (k, (name, loaded)) in scenarios.iter().enumerate() {
        if k > 0 && !args.json {
            outln!();
        }
        let matrix = Matrix::play(args, name, loaded, &policies)?;
        if args.json {
            matrix.print_json(args);
        } else {
            matrix.print(args);
        }
    }
    Ok(())
}

/// Policies and scenarios among the names, each in the order given.
fn sort(names: &[String]) -> Result<(Vec<String>, Vec<String>), Failure> {
    distinct(names)?;
    let (mut policies, mut scenarios) = (Vec::new(), Vec::new());
    for name in names {
        let path = Path::new(name);
        let is_toml = path.extension().is_some_and(|ending| ending == "toml") && path.is_file();
        let is_bundled = bundled::SCENARIOS
            .files
            .iter()
            .any(|file| file.name == name);
        let is_policy = policies::is_built_in(name) || path.exists() && !is_toml;
        match (is_policy, is_toml || is_bundled) {
            (true, false) => policies.push(name.clone()),
            (false, true) => scenarios.push(name.clone()),
            (true, true) => {
                return Err(Failure::usage(format!(
                    "'{name}' is a bundled scenario and a policy's path; write the path as './{name}'"
                )));
            }
            (false, false) => {
                let known: Vec<_> = bundled::SCENARIOS
                    .files
                    .iter()
                    .map(|file| file.name)
                    .collect();
                return Err(Failure::usage(format!(
                    "'{name}' is neither a policy (random, script, privileged, a run directory, a checkpoint or a table) \
                     nor a scenario (a .toml file, {})",
                    known.join(", ")
                )));
            }
        }
    }
    if policies.is_empty() {
        return Err(Failure::usage(
            "no policy among the names; add random, script or the path of one",
        ));
    }
    Ok((policies, scenarios))
}

fn distinct(names: &[String]) -> Result<(), Failure> {
    let twice = (1..names.len()).find(|&k| names[..k].contains(&names[k]));
    twice.map_or(Ok(()), |k| {
        Err(Failure::usage(format!("'{}' is named twice", names[k])))
    })
}

/// What was measured in one scenario.
struct Matrix<'a> {
    scenario: &'a str,
    /// Policy, user model, and the estimate of every figure; `None` where the policy is for another
    /// scenario.
    cells: Vec<(&'a str, String, Vec<Option<Estimate>>)>,
    user_models: Vec<String>,
    /// What user models were fitted to, and whether tables are proved.
    notes: Vec<String>,
}

impl<'a> Matrix<'a> {
    fn play(
        args: &EvaluateArgs,
        scenario: &'a str,
        loaded: &LoadedScenario,
        policies: &'a [(String, Opened)],
    ) -> Result<Self, Failure> {
        let mut worlds = Vec::new();
        let mut notes = Vec::new();
        for named in &args.user_models {
            let populated = populate(loaded, named, args.seed)?;
            notes.extend(populated.source.map(|s| format!("{named}: fitted to {s}")));
            worlds.push((named.to_string(), populated.world));
        }
        let mut cells = Vec::new();
        for (name, policy) in policies {
            let fitting = policy.for_scenario(&loaded.world.scenario).ok();
            if let (Opened::Table(table), Some(_)) = (policy, &fitting) {
                notes.push(proof_note(name, prove(table, &loaded.world.scenario)?.ok()));
            }
            for (user_model, world) in &worlds {
                let estimates = match &fitting {
                    None => vec![None; KEY_FIGURES.len()],
                    Some((policy, choice)) => {
                        let plan = Plan {
                            seed: args.seed,
                            stream: Stream::Evaluate,
                            first: 0,
                            n_calls: args.calls,
                            choice: *choice,
                        };
                        let calls = play::evaluate(world, &**policy, plan);
                        KEY_FIGURES.iter().map(|f| f.estimate(&[&calls])).collect()
                    }
                };
                cells.push((name.as_str(), user_model.clone(), estimates));
            }
        }
        Ok(Self {
            scenario,
            cells,
            user_models: worlds.into_iter().map(|(name, _)| name).collect(),
            notes,
        })
    }

    /// Values of the metric under a user model, policy by policy.
    fn values(&self, metric: &str, user_model: &str) -> Vec<f64> {
        let at = KEY_FIGURES.iter().position(|f| f.name == metric);
        let of_model = self
            .cells
            .iter()
            .filter(|(_, model, _)| model == user_model);
        of_model
            .filter_map(|(_, _, estimates)| estimates[at?].map(|e| e.value))
            .collect()
    }

    /// Kendall's tau-b between two user models and the number of policies ranked.
    fn agreement(&self, metric: &str, one: &str, other: &str) -> (Option<f64>, usize) {
        let (x, y) = (self.values(metric, one), self.values(metric, other));
        (stats::kendall_tau_b(&x, &y), x.len())
    }

    fn print(&self, args: &EvaluateArgs) {
        outln!(
            "{}: {} calls per policy and user model, seed {}, 95 % intervals",
            self.scenario,
            args.calls,
            args.seed
        );
        for note in &self.notes {
            outln!("{note}");
        }
        let metric = args.metric.as_str();
        let extra = (!SHOWN.contains(&metric)).then_some(metric);
        let names: Vec<&str> = SHOWN.into_iter().chain(extra).collect();
        let rows: Vec<_> = self
            .cells
            .iter()
            .map(|(policy, _, estimates)| ((*policy).to_owned(), estimates.clone()))
            .collect();
        let mut table = key_table::table(&rows, &names);
        table.columns.insert(1, "user model".into());
        for (row, (_, user_model, _)) in table.rows.iter_mut().zip(&self.cells) {
            row.insert(1, Cell::from(user_model.as_str()));
        }
        out!("{}", table.to_text());
        outln!("{}", key_table::UNITS);
        let n_ranked = self.values(metric, &self.user_models[0]).len();
        if n_ranked < 2 || self.user_models.len() < 2 {
            return;
        }
        outln!("\nKendall's tau-b between user models, of {n_ranked} policies ranked by {metric}");
        let (first, others) = (&self.user_models[0], &self.user_models[1..]);
        let columns = std::iter::once("user model".to_owned()).chain(others.iter().cloned());
        let models = std::iter::once(first).chain(others);
        let rows = models.take(others.len()).enumerate().map(|(k, one)| {
            let taus = others.iter().enumerate().map(|(j, other)| {
                let tau = (j >= k).then(|| self.agreement(metric, one, other).0);
                Cell::value(tau.flatten().map(Estimate::point), &tau_unit())
            });
            std::iter::once(Cell::from(one.as_str()))
                .chain(taus)
                .collect()
        });
        let table = TextTable {
            rows: rows.collect(),
            columns: columns.collect(),
        };
        out!("{}", table.to_text());
    }

    fn print_json(&self, args: &EvaluateArgs) {
        for (policy, user_model, estimates) in &self.cells {
            for (figure, estimate) in KEY_FIGURES.iter().zip(estimates) {
                let Some(estimate) = estimate else { continue };
                let place = [
                    ("scenario", self.scenario),
                    ("policy", policy),
                    ("user_model", user_model),
                ];
                outln!(
                    "{}",
                    Record::new(figure.name, *estimate, args.calls, &figure.unit(), place)
                        .to_json()
                );
            }
        }
        for (k, one) in self.user_models.iter().enumerate() {
            for other in &self.user_models[k + 1..] {
                let (Some(tau), n) = self.agreement(&args.metric, one, other) else {
                    continue;
                };
                let place: [(&'static str, Value); 3] = [
                    ("scenario", json!(self.scenario)),
                    ("ranked_by", json!(args.metric)),
                    ("user_model", json!([one, other])),
                ];
                let record = Record::new(
                    "kendall_tau",
                    Estimate::point(tau),
                    n as u64,
                    &tau_unit(),
                    place,
                );
                outln!("{}", record.to_json());
            }
        }
    }
}

/// A table that breaks a rule is held back while it plays, so that none is counted as broken.
fn proof_note(name: &str, proved: bool) -> String {
    match proved {
        true => format!("table {name} is proved to break no rule in any cell"),
        false => format!(
            "table {name} is NOT proved; where it breaks a rule the first allowed action was taken instead"
        ),
    }
}

fn tau_unit() -> Unit {
    Unit::plain("tau-b", 2)
}
