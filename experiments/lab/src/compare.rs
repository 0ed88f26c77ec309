//! Runs side by side, by what they reported: their held-out calls.
//!
//! Every figure of a run is that of its `summary.csv`, made of the same calls by the same code. Two runs that played
//! the same calls (the same scenario, channel, seeds and number) are compared call by call; runs of one scenario with
//! other calls by their intervals; runs of different scenarios not at all.

mod callers;
mod read;
mod score;
mod segments;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use offhook_stats::Estimate;
use offhook_stats::bootstrap::probability_of_improvement;

use crate::disk::{atomic, csv};
use crate::error::Failure;
use crate::key_figure::{KEY_FIGURES, KeyFigure};
use crate::run::curve::LearningCurve;
use crate::run::judge::{Contestant, Entry};
use crate::run::run_dir::RunFile;
use crate::unit::Unit;
use score::numbers;
pub use score::{COMPARED, RunScore};
pub use segments::{SegmentDifference, SegmentFigures};

/// The metric of how probable it is that a seed of one run completes more calls than one of the other.
pub const IMPROVEMENT: &str = "probability_of_improvement";

/// What several runs came to.
pub struct RunComparison {
    /// The runs, in the order given.
    pub runs: Vec<RunScore>,
    /// What the configs say differently.
    pub settings: Vec<SettingDifference>,
    /// Every two runs of one scenario.
    pub pairs: Vec<RunPair>,
    /// Completion while they learned.
    pub curve: LearningCurve,
    /// The caller feature by which callers are told apart.
    pub by: Option<String>,
    /// Every figure for the callers of each kind; none where they are not told apart.
    pub segments: Vec<SegmentFigures>,
}

/// A key of the configs that has not the same value in all of them.
pub struct SettingDifference {
    /// The key, with its tables: `reinforcement.ppo.gamma`.
    pub key: String,
    /// Its value in every run; `None` where it is not written.
    pub values: Vec<Option<String>>,
}

/// Two runs of one scenario, the second against the first.
pub struct RunPair {
    /// Positions of both in the list of runs.
    pub runs: [usize; 2],
    /// Whether both played the same calls, so that the differences are paired.
    pub is_paired: bool,
    /// Every figure of every policy that both have.
    pub differences: Vec<RunDifference>,
    /// The same for the callers of each kind, where they are told apart.
    pub segments: Vec<SegmentDifference>,
}

/// How much more the second run has of a figure.
pub struct RunDifference {
    /// Whose figure.
    pub policy: Contestant,
    /// Name of the figure, or [`IMPROVEMENT`].
    pub metric: &'static str,
    /// The difference; a probability for [`IMPROVEMENT`].
    pub estimate: Estimate,
    /// Its unit.
    pub unit: Unit,
}

/// Reads runs and compares them; `by` is a caller feature.
///
/// # Errors
/// If a run is not finished, lacks what is compared or was altered since, or its scenario has no such feature.
pub fn compare(paths: &[PathBuf], by: Option<&str>) -> Result<RunComparison, Failure> {
    let read = |(name, path): (String, &PathBuf)| read::run(name, path, by);
    let read: Vec<_> = (names(paths).into_iter().zip(paths))
        .map(read)
        .collect::<Result<_, Failure>>()?;
    let (runs, curves): (Vec<RunScore>, Vec<_>) = read.into_iter().unzip();
    let every = (0..runs.len()).flat_map(|a| (a + 1..runs.len()).map(move |b| [a, b]));
    let same_scenario = |pair: &[usize; 2]| {
        let [a, b] = pair.map(|at| &runs[at].scenario);
        a == b
    };
    let pairs = every.filter(same_scenario).map(|at| pair(&runs, at));
    Ok(RunComparison {
        settings: settings(&runs),
        pairs: pairs.collect(),
        curve: LearningCurve {
            curves,
            references: Vec::new(),
        },
        by: by.map(str::to_owned),
        segments: (runs.iter().enumerate())
            .flat_map(|(at, run)| segments::figures(at, run))
            .collect(),
        runs,
    })
}

fn pair(runs: &[RunScore], at: [usize; 2]) -> RunPair {
    let [a, b] = at.map(|at| &runs[at]);
    let shape = |run: &RunScore| {
        let first = run.entries.first();
        let n_calls = first.map(|entry| entry.calls().iter().map(Vec::len).collect::<Vec<_>>());
        (run.calls_hash.clone(), run.seeds.clone(), n_calls)
    };
    let is_paired = shape(a) == shape(b);
    let mut differences = Vec::new();
    for policy in COMPARED {
        let (Some(a), Some(b)) = (a.entry(policy), b.entry(policy)) else {
            continue;
        };
        for figure in KEY_FIGURES {
            let estimate = match is_paired {
                true => figure.difference(b.calls(), a.calls()),
                // Counts of other calls, or of another number of them, have no difference.
                false if figure.is_count() => None,
                false => b
                    .estimate(figure)
                    .zip(a.estimate(figure))
                    .map(|(b, a)| b.minus(a)),
            };
            differences.extend(estimate.map(|estimate| RunDifference {
                policy,
                metric: figure.name,
                estimate,
                unit: figure.unit(),
            }));
        }
        if policy.is_trained() {
            let improvement = probability_of_improvement(&completion(b), &completion(a));
            // Single seeds would be as sure as a coin that was tossed once.
            let improvement = improvement.filter(|found| found.bounds.is_some());
            differences.extend(improvement.map(|estimate| RunDifference {
                policy,
                metric: IMPROVEMENT,
                estimate,
                unit: Unit::share(),
            }));
        }
    }
    RunPair {
        runs: at,
        is_paired,
        differences,
        segments: segments::differences([a, b], is_paired),
    }
}

/// Completion of every seed.
fn completion(entry: &Entry) -> Vec<f64> {
    let figure = KeyFigure::named("completion");
    let of_seed = |calls| Some(figure.estimate(std::slice::from_ref(calls))?.value);
    entry.calls().iter().filter_map(of_seed).collect()
}

/// What is not written alike in all configs, by key; names may differ.
fn settings(runs: &[RunScore]) -> Vec<SettingDifference> {
    let keys: BTreeSet<&String> = runs.iter().flat_map(|run| run.settings.keys()).collect();
    let values = keys.into_iter().filter(|key| *key != "name").map(|key| {
        let values = runs.iter().map(|run| run.settings.get(key).cloned());
        SettingDifference {
            key: key.clone(),
            values: values.collect(),
        }
    });
    let differs = |setting: &SettingDifference| {
        let first = setting.values.first();
        setting.values.iter().any(|value| Some(value) != first)
    };
    values.filter(differs).collect()
}

impl RunComparison {
    /// Whether the runs are of different scenarios.
    pub fn is_mixed(&self) -> bool {
        let scenarios: BTreeSet<&String> = self.runs.iter().map(|run| &run.scenario).collect();
        scenarios.len() > 1
    }

    /// Every figure of every run: `run,policy,metric,value,low,high,unit,n_seeds,n_calls`.
    pub fn to_csv(&self) -> String {
        let rows = self.runs.iter().flat_map(|run| {
            let entries = COMPARED.into_iter().filter_map(|policy| run.entry(policy));
            entries.flat_map(move |entry| {
                KEY_FIGURES.iter().filter_map(move |figure| {
                    let cells = numbers(&entry.estimate(figure)?, &figure.unit());
                    let names = [&*run.name, entry.contestant.name(), figure.name];
                    let n = [run.seeds.len().to_string(), run.n_calls.to_string()];
                    Some(names.map(str::to_owned).into_iter().chain(cells).chain(n))
                })
            })
        });
        let head = [
            "run", "policy", "metric", "value", "low", "high", "unit", "n_seeds", "n_calls",
        ];
        csv::to_csv(&head, rows)
    }

    /// Every difference: `run,against,policy,metric,difference,low,high,unit,paired`.
    pub fn differences_to_csv(&self) -> String {
        let rows = self.pairs.iter().flat_map(|pair| {
            let [against, run] = pair.runs.map(|at| self.runs[at].name.as_str());
            pair.differences.iter().map(move |found| {
                let names = [run, against, found.policy.name(), found.metric];
                let cells = numbers(&found.estimate, &found.unit);
                let paired = [pair.is_paired.to_string()];
                names
                    .map(str::to_owned)
                    .into_iter()
                    .chain(cells)
                    .chain(paired)
            })
        });
        let head = [
            "run",
            "against",
            "policy",
            "metric",
            "difference",
            "low",
            "high",
            "unit",
            "paired",
        ];
        csv::to_csv(&head, rows)
    }
}

/// Writes a comparison into a folder: its numbers, and `drawn`, its pictures and page by name.
///
/// # Errors
/// If the disk says no.
pub fn write(
    comparison: &RunComparison,
    drawn: &[(&str, Vec<u8>)],
    out: &Path,
) -> Result<(), Failure> {
    std::fs::create_dir_all(out).map_err(|e| atomic::FileError::new("create", out, e))?;
    let numbers = [
        ("compare.csv", comparison.to_csv().into_bytes()),
        (
            "differences.csv",
            comparison.differences_to_csv().into_bytes(),
        ),
        ("curve.csv", comparison.curve.to_csv().into_bytes()),
    ];
    let by_segment = comparison.by.iter().flat_map(|by| {
        let pairs = comparison.pairs.iter().map(|pair| {
            let names = pair.runs.map(|at| comparison.runs[at].name.as_str());
            (names, pair.segments.as_slice())
        });
        let figures = segments::to_csv(by, &comparison.runs, &comparison.segments);
        let differences = segments::differences_to_csv(by, pairs);
        [
            ("segments.csv", figures),
            ("segment_differences.csv", differences),
        ]
    });
    let by_segment = by_segment.map(|(name, text)| (name, text.into_bytes()));
    let by_segment: Vec<_> = by_segment.collect();
    for (name, bytes) in numbers.iter().chain(&by_segment).chain(drawn) {
        atomic::write(&out.join(name), bytes)?;
    }
    Ok(())
}

/// Refuses a folder whose files a comparison would replace though they are somebody else's.
///
/// # Errors
/// If it holds a run, or is there and `force` does not allow to write into it.
pub fn check_out(out: &Path, force: bool) -> Result<(), Failure> {
    atomic::check_named(out)?;
    let folder = out.display();
    if out.join(RunFile::Manifest.name()).exists() {
        return Err(Failure::failed(format!(
            "'{folder}' is the directory of a run, whose curve and report would be overwritten; choose another folder \
             with --out"
        )));
    }
    if out.exists() && !force {
        return Err(Failure::failed(format!(
            "'{folder}' is already there; replace it with --force"
        )));
    }
    Ok(())
}

/// The shortest ends of the paths that tell them apart; the folder's own name where that is enough.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let ends = |n: usize| -> Vec<String> {
        let end = |path: &PathBuf| {
            let parts: Vec<_> = path.components().collect();
            let end: PathBuf = parts[parts.len().saturating_sub(n)..].iter().collect();
            end.display().to_string()
        };
        paths.iter().map(end).collect()
    };
    let longest = paths.iter().map(|path| path.components().count()).max();
    let differ = |names: &Vec<String>| {
        let unique: BTreeSet<&String> = names.iter().collect();
        unique.len() == names.len()
    };
    let found = (1..=longest.unwrap_or(1)).map(ends).find(differ);
    found.unwrap_or_else(|| ends(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_called_by_what_tells_them_apart() {
        let of = |paths: &[&str]| names(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(of(&["results/a", "results/b"]), ["a", "b"]);
        assert_eq!(of(&["a/run", "b/run", "c"]), ["a/run", "b/run", "c"]);
        assert_eq!(of(&["x/a/run", "y/a/run"]), ["x/a/run", "y/a/run"]);
        assert_eq!(of(&["a/run", "a/run"]), ["a/run", "a/run"]);
    }
}
