//! Imitation from a log of real calls: how well the next robot act is predicted on other callers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use offhook_env::action::ActionId;
use offhook_env::rng::{Stream, derive};
use offhook_env::scenario::Scenario;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::data::dataset::{Dataset, shuffle};
use offhook_policy::data::score::{Scores, score};
use offhook_policy::learner::imitation::imitate;
use offhook_policy::network::fused::FusedPolicy;
use offhook_policy::network::weights::Weights;
use rayon::prelude::*;
use serde_json::Value;

use super::confusions::{self, Confusions};
use super::metrics::{self, Row};
use super::take_dir;
use crate::cli::RunArgs;
use crate::config::Config;
use crate::error::Failure;
use crate::logs::Log;
use crate::manifest::{rfc3339, sha256};
use crate::record::Record;
use crate::run_dir::Progress;
use crate::stats::{self, Count, Estimate};
use crate::table_print::{Cell, Table};
use crate::terminal::{out, outln};
use crate::unit::Unit;
use crate::{threads, world};
use offhook_env::diagnostic::Text;

/// A replayed log: one row per decision, and what the baselines look at.
struct Replayed {
    data: Dataset,
    /// Caller of each group number, in the order of their names.
    n_callers: usize,
    /// Calls and steps read.
    n_calls: usize,
    /// What was said and heard before each decision, as `last act` and `last act, kind heard,
    /// what it was about`.
    contexts: Vec<[Vec<u8>; 3]>,
}

/// Shares of the decisions that a predictor finds at first and among its first three.
struct Accuracy {
    name: String,
    top_1: Option<Estimate>,
    top_3: Option<Estimate>,
    calibration_error: Option<Estimate>,
}

/// Runs a config that imitates a log.
///
/// # Errors
/// If the log or the scenario has mistakes, or a file cannot be written.
pub fn run(
    args: &RunArgs,
    config: &Config,
    text: &Text,
    base: Option<&Path>,
    log: &Path,
    out: &Path,
    now: fn() -> u64,
) -> Result<(), Failure> {
    let (scenario, scenario_text) = world::load_scenario(&config.scenario, base)?;
    let bytes = std::fs::read(log).map_err(|e| {
        Failure::failed(format!(
            "cannot read the log '{}': {e}; make it with `offhook import`",
            log.display()
        ))
    })?;
    let mut inputs = world::hashes(&scenario_text);
    inputs.insert(format!("data/{}", log.display()), sha256(&bytes));
    let calls = Log::read(&scenario, log, &config.imitation.of)?;
    let replayed = decisions(&scenario, &calls);
    let dir = take_dir(args, config, text, inputs, out, now)?;
    if dir.progress() == Progress::Finished {
        outln!("'{}' is finished; nothing is left to do", out.display());
        return Ok(());
    }
    let n_test = (config.imitation.test_share * replayed.n_callers as f64).round() as usize;
    let results: Vec<_> = threads::install(args.threads, || {
        let one = |&seed: &u64| clone_one(config, &scenario, &replayed, n_test, seed);
        config
            .seeds
            .par_iter()
            .with_max_len(1)
            .map(one)
            .collect::<Result<_, Failure>>()
    })?;

    let rows: Vec<Row> = results.iter().flat_map(|r| r.rows.clone()).collect();
    dir.write("metrics.csv", metrics::to_csv(&rows).as_bytes())?;
    for (result, seed) in results.iter().zip(&config.seeds) {
        dir.write(
            &format!("checkpoints/seed_{seed}/imitation.safetensors"),
            &result.checkpoint.to_bytes(),
        )?;
    }
    dir.write("policy.safetensors", &results[0].checkpoint.to_bytes())?;
    let accuracies = accuracies(&results);
    dir.write(
        "summary.csv",
        summary_csv(&accuracies, config.seeds.len()).as_bytes(),
    )?;
    let n_judged: usize = results.iter().map(|r| r.n_test_rows).sum();
    let ranked = confusions::ranked(results.into_iter().map(|r| r.confusions));
    let csv = confusions::to_csv(&ranked, &scenario.layout);
    dir.write("confusions.csv", csv.as_bytes())?;
    print(args, config, &replayed, &accuracies, n_test);
    if !args.json {
        let name = |action: ActionId| &scenario.layout.actions[action as usize];
        outln!("\nmost often mixed up, in % of {n_judged} decisions:");
        for ((taken, predicted), n) in ranked.iter().take(5) {
            let share = 100.0 * *n as f64 / n_judged as f64;
            outln!(
                "  {share:.1}  {} predicted for {}",
                name(*predicted),
                name(*taken)
            );
        }
        outln!("\nwritten to {}", out.display());
    }
    dir.finish(rfc3339(now()))?;
    Ok(())
}

/// The decisions of a log, with what the baselines look at.
fn decisions(scenario: &Scenario, log: &Log) -> Replayed {
    let feature = |name: &str| scenario.layout.feature(name).expect("every layout has it");
    let (heard, heard_about) = (feature("heard"), feature("heard_about"));
    let mut replayed = Replayed {
        data: Dataset::default(),
        n_callers: log.n_callers(),
        n_calls: log.calls.len(),
        contexts: Vec::new(),
    };
    for (call, &caller) in log.calls.iter().zip(&log.callers) {
        let steps = &call.episode.steps;
        // The first turn is the same greeting in every call; predicting it shows nothing.
        for (step, before) in steps.iter().skip(1).zip(steps) {
            let data = &mut replayed.data;
            data.codes.extend(&step.codes);
            data.masks.push(step.mask);
            data.actions.push(step.action);
            data.groups.push(caller);
            data.weights.push(1.0);
            let said = before.action;
            let full = vec![said, step.codes[heard], step.codes[heard_about]];
            replayed
                .contexts
                .push([full, vec![said, step.codes[heard]], vec![said]]);
        }
    }
    replayed
}

/// What one seed's split and training gave.
struct Cloned {
    rows: Vec<Row>,
    checkpoint: Checkpoint,
    n_test_rows: usize,
    majority: (f64, f64),
    bigram: (f64, f64),
    bigram_about: (f64, f64),
    network: Scores,
    confusions: Confusions,
}

fn clone_one(
    config: &Config,
    scenario: &Scenario,
    all: &Replayed,
    n_test: usize,
    seed: u64,
) -> Result<Cloned, Failure> {
    let layout = &scenario.layout;
    let mut callers: Vec<u32> = (0..all.n_callers as u32).collect();
    shuffle(&mut callers, &mut derive(seed, Stream::Choose, 0));
    let held_out: BTreeSet<u32> = callers[..n_test].iter().copied().collect();
    let (test, train): (Vec<u32>, Vec<u32>) = (0..all.data.len() as u32)
        .partition(|&row| held_out.contains(&all.data.groups[row as usize]));
    if test.is_empty() || train.is_empty() {
        return Err(Failure::failed(
            "too few callers to hold some out; lower or raise imitation.test_share",
        ));
    }
    let data = pick(&all.data, layout.n_features(), &train);
    let initial = Weights::initial(&config.network, layout, seed);
    let imitated = imitate(
        &data,
        layout,
        initial,
        &config.imitation.behavior_cloning,
        seed,
        &mut |_| {},
    )?;
    let policy = FusedPolicy::new(&imitated.weights, layout);
    let network = score(&policy, layout, &all.data, &test);
    let confusions = confusions::count(&policy, layout, &all.data, &test);
    let mut rows = Vec::new();
    let mut add = |step: u64, metric: &str, value: f32| {
        let calls = all.n_calls as u64;
        rows.push(Row {
            seed,
            stage: "imitation".into(),
            step,
            calls,
            metric: metric.into(),
            value: f64::from(value),
        });
    };
    for epoch in &imitated.epochs {
        add(epoch.epoch, "train/loss", epoch.train.loss);
        if let Some(validation) = &epoch.validation {
            add(epoch.epoch, "validation/loss", validation.loss);
            add(epoch.epoch, "validation/top_1", validation.top_1);
        }
    }
    add(imitated.best as u64, "test/top_1", network.top_1);
    add(imitated.best as u64, "test/top_3", network.top_3);
    Ok(Cloned {
        rows,
        checkpoint: Checkpoint {
            layout: layout.clone(),
            weights: imitated.weights,
            progress: None,
        },
        n_test_rows: test.len(),
        majority: count_baseline(all, &train, &test, layout.n_actions(), &[]),
        bigram: count_baseline(all, &train, &test, layout.n_actions(), &[1, 2]),
        bigram_about: count_baseline(all, &train, &test, layout.n_actions(), &[0, 1, 2]),
        network,
        confusions,
    })
}

fn pick(data: &Dataset, n_features: usize, rows: &[u32]) -> Dataset {
    let rows: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
    Dataset {
        codes: rows
            .iter()
            .flat_map(|&r| {
                data.codes[r * n_features..(r + 1) * n_features]
                    .iter()
                    .copied()
            })
            .collect(),
        masks: rows.iter().map(|&r| data.masks[r]).collect(),
        actions: rows.iter().map(|&r| data.actions[r]).collect(),
        groups: rows.iter().map(|&r| data.groups[r]).collect(),
        weights: rows.iter().map(|&r| data.weights[r]).collect(),
        returns: None,
        targets: None,
    }
}

/// Top-1 and top-3 share of counting: the commonest actions after the longest context seen in
/// training, of those in `levels`; with none of them the commonest actions at all.
fn count_baseline(
    all: &Replayed,
    train: &[u32],
    test: &[u32],
    n_actions: usize,
    levels: &[usize],
) -> (f64, f64) {
    let mut counts: BTreeMap<(usize, &[u8]), Vec<u32>> = BTreeMap::new();
    const NO_CONTEXT: (usize, &[u8]) = (usize::MAX, &[]);
    for &row in train {
        let contexts = &all.contexts[row as usize];
        for key in levels
            .iter()
            .map(|&l| (l, contexts[l].as_slice()))
            .chain([NO_CONTEXT])
        {
            counts.entry(key).or_insert_with(|| vec![0; n_actions])
                [all.data.actions[row as usize] as usize] += 1;
        }
    }
    let (mut top_1, mut top_3) = (0, 0);
    for &row in test {
        let contexts = &all.contexts[row as usize];
        let mut keys = levels
            .iter()
            .map(|&l| (l, contexts[l].as_slice()))
            .chain([NO_CONTEXT]);
        let Some(seen) = keys.find_map(|key| counts.get(&key)) else {
            continue;
        };
        let rank = rank(seen, all.data.actions[row as usize]);
        top_1 += usize::from(rank == 0);
        top_3 += usize::from(rank < 3);
    }
    (
        top_1 as f64 / test.len() as f64,
        top_3 as f64 / test.len() as f64,
    )
}

fn rank(counts: &[u32], action: ActionId) -> usize {
    let own = (counts[action as usize], std::cmp::Reverse(action));
    counts
        .iter()
        .enumerate()
        .filter(|&(a, &n)| (n, std::cmp::Reverse(a as ActionId)) > own)
        .count()
}

/// Means over the splits, with Student's interval where there are several.
fn accuracies(results: &[Cloned]) -> Vec<Accuracy> {
    let over = |value: &dyn Fn(&Cloned) -> f64| {
        if let [only] = results {
            let hits = (value(only) * only.n_test_rows as f64).round() as u64;
            return stats::share(Count {
                hits,
                n: only.n_test_rows as u64,
            });
        }
        stats::mean(&results.iter().map(value).collect::<Vec<_>>())
    };
    let baseline = |name: &str, of: fn(&Cloned) -> (f64, f64)| Accuracy {
        name: name.into(),
        top_1: over(&|r| of(r).0),
        top_3: over(&|r| of(r).1),
        calibration_error: None,
    };
    vec![
        baseline("majority", |r| r.majority),
        baseline("bigram (kinds)", |r| r.bigram),
        baseline("bigram (kinds, slots)", |r| r.bigram_about),
        Accuracy {
            name: "imitation".into(),
            top_1: over(&|r| f64::from(r.network.top_1)),
            top_3: over(&|r| f64::from(r.network.top_3)),
            calibration_error: stats::mean(
                &results
                    .iter()
                    .map(|r| f64::from(r.network.calibration_error))
                    .collect::<Vec<_>>(),
            ),
        },
    ]
}

fn summary_csv(accuracies: &[Accuracy], n_seeds: usize) -> String {
    let mut text = String::from("policy,metric,value,low,high,unit,n_seeds\n");
    for accuracy in accuracies {
        let named = [
            ("top_1", accuracy.top_1),
            ("top_3", accuracy.top_3),
            ("calibration_error", accuracy.calibration_error),
        ];
        for (metric, estimate) in named {
            let Some(Estimate { value, bounds }) = estimate else {
                continue;
            };
            let (low, high) =
                bounds.map_or(Default::default(), |(l, h)| (l.to_string(), h.to_string()));
            text += &format!(
                "\"{}\",{metric},{value},{low},{high},share,{n_seeds}\n",
                accuracy.name
            );
        }
    }
    text
}

fn print(
    args: &RunArgs,
    config: &Config,
    replayed: &Replayed,
    accuracies: &[Accuracy],
    n_test: usize,
) {
    let n = replayed.data.len() as u64;
    if args.json {
        for accuracy in accuracies {
            for (metric, estimate) in [
                ("imitation.top_1", accuracy.top_1),
                ("imitation.top_3", accuracy.top_3),
            ] {
                let Some(estimate) = estimate else { continue };
                let place = [
                    ("scenario", Value::from(config.scenario.as_str())),
                    ("policy", Value::from(accuracy.name.as_str())),
                    ("n_seeds", Value::from(config.seeds.len())),
                ];
                outln!(
                    "{}",
                    Record::new(metric, estimate, n, &Unit::share(), place).to_json()
                );
            }
        }
        return;
    }
    outln!(
        "{}: next robot act on other callers; {} calls, {n} decisions, {} callers of whom {n_test} are held out, {} splits",
        config.scenario,
        replayed.n_calls,
        replayed.n_callers,
        config.seeds.len(),
    );
    let row = |a: &Accuracy| {
        let share = |e: &Option<Estimate>| Cell::value(*e, &Unit::share());
        vec![
            Cell::Text(a.name.clone()),
            share(&a.top_1),
            share(&a.top_3),
            share(&a.calibration_error),
        ]
    };
    let columns = ["predictor", "top 1", "top 3", "calibration error"]
        .map(str::to_owned)
        .to_vec();
    out!(
        "{}",
        Table {
            columns,
            rows: accuracies.iter().map(row).collect()
        }
        .to_text()
    );
}
