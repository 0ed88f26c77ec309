//! Runs side by side: their curves, their final scores, and how sure it is that one is better.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use offhook_simulator::bundled;
use offhook_stats::Estimate;
use offhook_stats::bootstrap::{iqm, probability_of_improvement};

use crate::disk::{atomic, csv};
use crate::error::Failure;
use crate::run::curve::{self, LearningCurve};
use crate::run::metrics::{self, Row, Stage};
use crate::run::run_dir::RunFile;

/// What several runs came to.
pub struct RunComparison {
    /// The runs, in the order given; the first is the one that others are held against.
    pub runs: Vec<RunScore>,
    /// Their curves.
    pub curve: LearningCurve,
}

/// What one run came to.
pub struct RunScore {
    /// Name of the run's folder.
    pub name: String,
    /// Completion of every seed at its last evaluation, in `[0, 1]`.
    pub finals: Vec<f64>,
    /// Their interquartile mean.
    pub completion: Option<Estimate>,
    /// Probability that a seed of it beats one of the first run.
    pub improvement: Option<Estimate>,
}

/// Reads runs and compares them.
///
/// # Errors
/// If a run cannot be read or has no completion to compare.
pub fn compare(paths: &[PathBuf]) -> Result<RunComparison, Failure> {
    let read = |(name, path): (String, &PathBuf)| Ok((name, rows(path)?));
    let runs: Vec<(String, Vec<Row>)> = (names(paths).into_iter().zip(paths))
        .map(read)
        .collect::<Result<_, Failure>>()?;
    let finals: Vec<Vec<f64>> = runs.iter().map(|(_, rows)| last_completion(rows)).collect();
    for (finals, path) in finals.iter().zip(paths) {
        if finals.is_empty() {
            let (path, metric) = (path.display(), metrics::CURVE);
            return Err(Failure::failed(format!(
                "'{path}' has no `{metric}` to compare"
            )));
        }
    }
    let first = finals[0].clone();
    let curves = runs
        .iter()
        .map(|(name, rows)| curve::collect(name, rows, metrics::CURVE))
        .collect();
    let score = |((name, _), finals): ((String, _), Vec<f64>)| RunScore {
        name,
        completion: iqm(&finals, 1).map(|e| e.within((0.0, 1.0))),
        improvement: probability_of_improvement(&finals, &first),
        finals,
    };
    Ok(RunComparison {
        runs: runs.into_iter().zip(finals).map(score).collect(),
        curve: LearningCurve {
            curves,
            references: Vec::new(),
        },
    })
}

impl RunComparison {
    /// Final scores: `run,n_seeds,completion_iqm,low,high`.
    pub fn to_csv(&self) -> String {
        let row = |run: &RunScore| {
            let score = run.completion?;
            let (low, high) = score.bounds.unzip();
            let n_seeds = run.finals.len().to_string();
            let [value, low, high] = [Some(score.value), low, high].map(csv::number);
            Some([run.name.clone(), n_seeds, value, low, high])
        };
        let head = ["run", "n_seeds", "completion_iqm", "low", "high"];
        csv::to_csv(&head, self.runs.iter().filter_map(row))
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
        ("curve.csv", comparison.curve.to_csv().into_bytes()),
    ];
    for (name, bytes) in numbers.iter().chain(drawn) {
        atomic::write(&out.join(name), bytes)?;
    }
    Ok(())
}

/// Refuses a folder whose files a comparison would replace though they are somebody else's.
///
/// # Errors
/// If it holds a run, or is there and `force` does not allow to write into it.
pub fn check_out(out: &Path, force: bool) -> Result<(), Failure> {
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

fn rows(path: &Path) -> Result<Vec<Row>, Failure> {
    let text = bundled::read(&path.join(RunFile::Metrics.name())).map_err(|e| {
        let path = path.display();
        Failure::failed(format!(
            "{e}; '{path}' is not the directory of a finished run"
        ))
    })?;
    metrics::from_csv(&text.file, &text.text)
}

/// Completion of every seed at its last evaluation.
fn last_completion(rows: &[Row]) -> Vec<f64> {
    let mut seeds: Vec<u64> = rows.iter().map(|r| r.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let last = |seed: &u64| {
        let of_seed = rows
            .iter()
            .filter(|r| r.seed == *seed && r.metric == metrics::CURVE);
        of_seed
            .max_by_key(|r| (r.stage == Stage::Reinforcement, r.step))
            .map(|r| r.value)
    };
    seeds.iter().filter_map(last).collect()
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
