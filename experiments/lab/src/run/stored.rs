//! A run directory to read from: it brings its own scenario, library and channel, wherever it lies and whatever
//! they are called.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_env::diagnostic::Text;
use offhook_env::scenario::{Scenario, ScenarioText};
use offhook_simulator::bundled::{self, FindError};
use offhook_simulator::world::{self, LoadedScenario};

use super::manifest::{hashes, sha256};
use super::run_dir::RunFile;
use crate::error::Failure;

/// A run directory that knows the calls it was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRun {
    path: PathBuf,
}

impl StoredRun {
    /// The run that a path is, or that a file lies in: at its top, or below its checkpoints.
    pub fn of(path: &Path) -> Option<Self> {
        let folder = match path.is_file() {
            true => path.parent()?,
            false => path,
        };
        if is_run(folder) {
            let path = folder.to_owned();
            return Some(Self { path });
        }
        // `RUN/checkpoints/seed_1/table.json`
        let file = path.canonicalize().ok()?;
        let checkpoints = file.parent()?.parent()?;
        let path = checkpoints.parent()?.to_owned();
        let is_ours = checkpoints.ends_with(RunFile::Checkpoints.name()) && is_run(&path);
        is_ours.then_some(Self { path })
    }

    /// The run whose policy that is: as [`of`](Self::of), also behind `sampled=` or `privileged=`.
    pub fn of_policy(name: &str) -> Option<Self> {
        let path = ["privileged=", "sampled="]
            .into_iter()
            .fold(name, |name, mark| name.strip_prefix(mark).unwrap_or(name));
        Self::of(Path::new(path))
    }

    /// Where a file of the run lies.
    pub fn join(&self, file: RunFile) -> PathBuf {
        self.path.join(file.name())
    }

    /// The run's own scenario, as a path.
    pub fn scenario_name(&self) -> String {
        self.join(RunFile::Scenario).display().to_string()
    }

    /// The run's own scenario alone, for work on logs and tables.
    ///
    /// # Errors
    /// If it cannot be read, or every mistake in it.
    pub fn scenario(&self) -> Result<(Arc<Scenario>, ScenarioText), Failure> {
        Ok(world::load_scenario(&self.scenario_name(), None)?)
    }

    /// The run's own scenario with its population and the channel that it was run with.
    ///
    /// # Errors
    /// If a file cannot be read, or every mistake in one.
    pub fn load(&self) -> Result<LoadedScenario, Failure> {
        let (scenario, text) = self.scenario()?;
        let channel = self.channel(&scenario, &text)?;
        Ok(world::assemble(text, channel)?)
    }

    /// The channel that was stored; a run of before channels were is given the one that its scenario names.
    fn channel(&self, scenario: &Scenario, text: &ScenarioText) -> Result<Option<Text>, FindError> {
        let own = self.join(RunFile::Channel);
        match own.is_file() {
            true => bundled::read(&own).map(Some),
            false => world::channel_text(scenario, &text.main.file),
        }
    }
}

/// Whether a folder is that of a run that has begun.
fn is_run(folder: &Path) -> bool {
    let marks = [RunFile::Manifest, RunFile::Scenario];
    marks.iter().all(|mark| folder.join(mark.name()).is_file())
}

/// A scenario with its population and channel: by name or path, or else the own one of the policy's run; and what
/// it is called.
///
/// # Errors
/// If nothing says which scenario is meant, a file cannot be read, or every mistake in one.
pub fn load(scenario: Option<&str>, policy: &str) -> Result<(String, LoadedScenario), Failure> {
    if let Some(name) = scenario {
        return Ok((name.to_owned(), world::load(name, None)?));
    }
    let run = StoredRun::of_policy(policy).ok_or_else(|| {
        Failure::usage(format!(
            "no scenario is named, and '{policy}' is no run, which would have its own; name a bundled scenario or a \
             .toml file"
        ))
    })?;
    Ok((run.scenario_name(), run.load()?))
}

/// The own scenarios of the policies that are those of runs, each once, with what they are called.
///
/// # Errors
/// If a file cannot be read, or every mistake in one.
pub fn load_all<'a>(
    policies: impl Iterator<Item = &'a str>,
) -> Result<Vec<(String, LoadedScenario)>, Failure> {
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for run in policies.filter_map(StoredRun::of_policy) {
        let loaded = run.load()?;
        let channel = loaded.channel.as_ref();
        let same = (
            hashes(&loaded.text),
            channel.map(|text| sha256(text.text.as_bytes())),
        );
        if !seen.contains(&same) {
            seen.push(same);
            found.push((run.scenario_name(), loaded));
        }
    }
    Ok(found)
}
