//! Imitation from a log of real calls: how well the next robot act is predicted on other callers.

pub mod confusions;

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
use offhook_simulator::world;
use offhook_stats::{self as stats, Count, Estimate};
use rayon::prelude::*;

use crate::config::Config;
use crate::error::Failure;
use crate::logs::Log;
use crate::run::hash::{hashes, sha256_of};
use crate::run::manifest::rfc3339;
use crate::run::metrics::{self, Row, Stage};
use crate::run::run_dir::{Progress, RunFile};
use crate::run::summary::{self, SummaryLine};
use crate::run::{Experiment, RunEnd, RunPlan, files};
use crate::threads;
use crate::unit::Unit;
use confusions::Confusions;

/// What a prediction experiment found.
pub struct Prediction {
    /// The scenario as the config names it.
    pub scenario: String,
    /// Calls and decisions of the log.
    pub n_calls: usize,
    /// Decisions of the log.
    pub n_decisions: usize,
    /// Callers of the log, and how many of them were held out.
    pub n_callers: usize,
    /// Callers who were held out in every split.
    pub n_held_out: usize,
    /// Splits, one per seed.
    pub n_splits: usize,
    /// Decisions that were judged, over all splits.
    pub n_judged: usize,
    /// Every predictor, the clone last.
    pub accuracies: Vec<Accuracy>,
    /// What the clone mixes up, `(taken, predicted, decisions)`, the commonest first.
    pub confusions: Vec<(String, String, u64)>,
}

/// A replayed log: one row per decision, and what the baselines look at.
struct LogDecisions {
    data: Dataset,
    /// Caller of each group number, in the order of their names.
    n_callers: usize,
    /// Calls and steps read.
    n_calls: usize,
    /// What was said and heard before each decision, as `last act` and `last act, kind heard,
    /// what it was about`.
    contexts: Vec<[Vec<u8>; 3]>,
}

/// How often a predictor finds the next act.
pub struct Accuracy {
    /// The predictor.
    pub name: &'static str,
    /// Share of the decisions that it finds at first.
    pub top_1: Option<Estimate>,
    /// Share that is among its first three.
    pub top_3: Option<Estimate>,
    /// How far its probabilities are from the shares that come true; for the clone alone.
    pub calibration_error: Option<Estimate>,
}

/// Runs an experiment that imitates a log.
///
/// # Errors
/// If the log or the scenario has mistakes, or a file cannot be written.
pub(crate) fn run(
    experiment: &Experiment,
    plan: &RunPlan<'_>,
    log: &Path,
) -> Result<RunEnd, Failure> {
    let config = &experiment.config;
    let (scenario, text) = world::load_scenario(&config.scenario, experiment.base())?;
    let hash = sha256_of(log)
        .map_err(|e| Failure::failed(format!("{e}; make the log with `offhook import`")))?;
    let mut inputs = hashes(&text);
    inputs.insert(format!("data/{}", log.display()), hash);
    let calls = Log::read(&scenario, log, &config.imitation.of)?;
    let replayed = decisions(&scenario, &calls);
    let dir = experiment.take_dir(plan, inputs)?;
    if dir.progress() == Progress::Finished {
        return Ok(RunEnd::NothingLeft(None));
    }
    files::write_inputs(&dir, &text, None)?;
    let n_held_out = (config.imitation.test_share * replayed.n_callers as f64).round() as usize;
    let splits: Vec<Split> = threads::install(plan.threads, || {
        let one = |&seed: &u64| judge_split(config, &scenario, &replayed, n_held_out, seed);
        config
            .seeds
            .par_iter()
            .with_max_len(1)
            .map(one)
            .collect::<Result<_, Failure>>()
    })?;

    let rows: Vec<Row> = splits.iter().flat_map(|s| s.rows.clone()).collect();
    dir.write(RunFile::Metrics, metrics::to_csv(&rows).as_bytes())?;
    for (split, seed) in splits.iter().zip(&config.seeds) {
        let name = format!("seed_{seed}/imitation.safetensors");
        dir.write_in(RunFile::Checkpoints, &name, &split.checkpoint.to_bytes())?;
    }
    dir.write(RunFile::Policy, &splits[0].checkpoint.to_bytes())?;
    let accuracies = accuracies(&splits);
    let n_judged = splits.iter().map(|s| s.n_test_rows).sum();
    let ranked = confusions::ranked(splits.into_iter().map(|s| s.confusions));
    let name = |action: ActionId| scenario.layout.actions[action as usize].clone();
    let prediction = Prediction {
        scenario: config.scenario.clone(),
        n_calls: replayed.n_calls,
        n_decisions: replayed.data.len(),
        n_callers: replayed.n_callers,
        n_held_out,
        n_splits: config.seeds.len(),
        n_judged,
        accuracies,
        confusions: (ranked.into_iter())
            .map(|((taken, predicted), n)| (name(taken), name(predicted), n))
            .collect(),
    };
    let n_calls = prediction.n_calls as u64;
    let summary = summary::to_csv(&prediction.lines(), prediction.n_splits, n_calls);
    dir.write(RunFile::Summary, summary.as_bytes())?;
    let confusions = confusions::to_csv(&prediction.confusions);
    dir.write(RunFile::Confusions, confusions.as_bytes())?;
    dir.finish(rfc3339((plan.now)()), None)?;
    Ok(RunEnd::Predicted(Box::new(prediction)))
}

impl Prediction {
    /// Everything measured, line by line.
    pub fn lines(&self) -> Vec<SummaryLine> {
        let of = |accuracy: &Accuracy| {
            let measured = [
                ("top_1", accuracy.top_1),
                ("top_3", accuracy.top_3),
                ("calibration_error", accuracy.calibration_error),
            ];
            let policy = accuracy.name;
            measured.into_iter().filter_map(move |(metric, estimate)| {
                Some(SummaryLine {
                    policy: policy.to_owned(),
                    metric,
                    estimate: estimate?,
                    unit: Unit::share(),
                })
            })
        };
        self.accuracies.iter().flat_map(of).collect()
    }
}

/// The decisions of a log, with what the baselines look at.
fn decisions(scenario: &Scenario, log: &Log) -> LogDecisions {
    let feature = |name: &str| scenario.layout.feature(name).expect("every layout has it");
    let (heard, heard_about) = (feature("heard"), feature("heard_about"));
    let mut replayed = LogDecisions {
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
struct Split {
    rows: Vec<Row>,
    checkpoint: Checkpoint,
    n_test_rows: usize,
    majority: (f64, f64),
    bigram: (f64, f64),
    bigram_about: (f64, f64),
    network: Scores,
    confusions: Confusions,
}

fn judge_split(
    config: &Config,
    scenario: &Scenario,
    all: &LogDecisions,
    n_test: usize,
    seed: u64,
) -> Result<Split, Failure> {
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
            stage: Stage::Imitation,
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
    Ok(Split {
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
    all: &LogDecisions,
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
fn accuracies(results: &[Split]) -> Vec<Accuracy> {
    let over = |value: &dyn Fn(&Split) -> f64| {
        if let [only] = results {
            let hits = (value(only) * only.n_test_rows as f64).round() as u64;
            return stats::share(Count {
                hits,
                n: only.n_test_rows as u64,
            });
        }
        stats::mean(&results.iter().map(value).collect::<Vec<_>>())
    };
    let baseline = |name: &'static str, of: fn(&Split) -> (f64, f64)| Accuracy {
        name,
        top_1: over(&|r| of(r).0),
        top_3: over(&|r| of(r).1),
        calibration_error: None,
    };
    vec![
        baseline("majority", |r| r.majority),
        baseline("bigram (kinds)", |r| r.bigram),
        baseline("bigram (kinds and slots)", |r| r.bigram_about),
        Accuracy {
            name: "imitation",
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
