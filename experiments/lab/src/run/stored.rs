//! A run directory to read from: it brings its own scenario, library and channel, wherever it lies and whatever
//! they are called. What is read of it is what the run has written, or it is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_env::diagnostic::Text;
use offhook_env::scenario::{Scenario, ScenarioText};
use offhook_simulator::bundled::{self, FindError};
use offhook_simulator::tracking::{SlotTracker, TrackerConfig};
use offhook_simulator::world::{self, LoadedScenario};
use serde::Deserialize;

use super::hash::{hashes, sha256};
use super::run_file::RunFile;
use crate::disk::{atomic, release_file};
use crate::error::Failure;
use crate::policies;

/// Most bytes of a manifest that are read; one has some hundred for each file of the run.
const MAX_MANIFEST: u64 = 16 << 20;

/// A run directory that knows the calls it was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRun {
    path: PathBuf,
}

/// What stands before a policy's name to say how it is to choose.
pub const MARKS: [&str; 3] = ["belief=", "privileged=", "sampled="];

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

    /// The run whose policy that is: as [`of`](Self::of), also behind one of [`MARKS`].
    pub fn of_policy(name: &str) -> Option<Self> {
        let path = MARKS
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
    /// If it cannot be read or was changed, or every mistake in it.
    pub fn scenario(&self) -> Result<(Arc<Scenario>, ScenarioText), Failure> {
        let mut text = bundled::scenario(&self.scenario_name(), None)?;
        text.tracker = self.tracker()?;
        let scenario = Arc::new(Scenario::parse(&text)?);
        let inputs = recorded(&self.path)?.inputs;
        for (role, hash) in hashes(&text) {
            self.check_input(&inputs, &role, &hash)?;
        }
        Ok((scenario, text))
    }

    /// The tables of the run's tracker; `None` for the focus tracker, which runs of before had.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn tracker(&self) -> Result<Option<Text>, Failure> {
        let own = self.join(RunFile::Tracker);
        match own.is_file() {
            true => Ok(Some(bundled::read(&own)?)),
            false => Ok(None),
        }
    }

    /// Refuses a text that is not the one that the run was begun with.
    fn check_input(
        &self,
        inputs: &BTreeMap<String, String>,
        role: &str,
        found: &str,
    ) -> Result<(), Failure> {
        match inputs.get(role).is_some_and(|hash| hash == found) {
            true => Ok(()),
            false => Err(changed(&self.path.join(format!("{role}.toml")))),
        }
    }

    /// The run's own scenario with its population and the channel that it was run with.
    ///
    /// # Errors
    /// If a file cannot be read or was changed, or every mistake in one.
    pub fn load(&self) -> Result<LoadedScenario, Failure> {
        let (scenario, text) = self.scenario()?;
        let channel = self.channel(&scenario, &text)?;
        if let Some(channel) = (channel.as_ref()).filter(|_| self.join(RunFile::Channel).is_file())
        {
            let hash = sha256(channel.text.as_bytes());
            self.check_input(&recorded(&self.path)?.inputs, "channel", &hash)?;
        }
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

/// What the manifest of a run says of its files.
#[derive(Deserialize)]
struct Hashes {
    /// By role, see [`hashes`].
    inputs: BTreeMap<String, String>,
    /// By path within the run; none until it is finished.
    #[serde(default)]
    files: BTreeMap<String, String>,
}

/// What was written of the files of a run.
fn recorded(run: &Path) -> Result<Hashes, Failure> {
    let path = run.join(RunFile::Manifest.name());
    let bytes = atomic::read(&path, MAX_MANIFEST)?;
    serde_json::from_slice(&bytes)
        .map_err(|e| Failure::failed(format!("'{}': {e}", path.display())))
}

/// What is said of a file that is not the one that its run has written.
pub(crate) fn changed(path: &Path) -> Failure {
    let path = path.display();
    Failure::failed(format!(
        "'{path}' is not what the run wrote, by the SHA-256 in its manifest.json; restore it, or make the run anew with \
         `offhook run CONFIG --force`"
    ))
}

/// Refuses the bytes of a file that lies in a finished run and is not what the run has written there. Of other files
/// nothing is known.
///
/// # Errors
/// If it is such a file, or the run's manifest cannot be read.
pub fn check_written(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let Some(run) = StoredRun::of(path) else {
        return Ok(());
    };
    let files = recorded(&run.path)?.files;
    let [file, folder] = [path, &run.path].map(|path| path.canonicalize().ok());
    let name = file.zip(folder).and_then(|(file, folder)| {
        let name = file.strip_prefix(folder).ok()?;
        Some(name.to_str()?.replace(std::path::MAIN_SEPARATOR, "/"))
    });
    match name.and_then(|name| files.get(&name)) {
        Some(hash) if *hash != sha256(bytes) => Err(changed(path)),
        _ => Ok(()),
    }
}

/// The own calls of a policy that is a run's or a release, and what they are called; `None` for another policy.
fn own(policy: &str) -> Result<Option<(String, LoadedScenario)>, Failure> {
    if let Some(run) = StoredRun::of_policy(policy) {
        return Ok(Some((run.scenario_name(), run.load()?)));
    }
    let Some(release) = release_file::read(Path::new(policy))? else {
        return Ok(None);
    };
    let text = release.content().scenario.clone();
    let loaded = world::assemble(text, release.channel())?;
    Ok(Some((policy.to_owned(), loaded)))
}

/// The tracker that a policy was made with: `None` where the policy does not say, and within it `None` for the focus
/// tracker.
///
/// # Errors
/// If a file cannot be read.
pub fn tracker_of(policy: &str) -> Result<Option<Option<Text>>, Failure> {
    if let Some(run) = StoredRun::of_policy(policy) {
        return Ok(Some(run.tracker()?));
    }
    if let Some(release) = release_file::read(Path::new(policy))? {
        return Ok(Some(release.content().scenario.tracker.clone()));
    }
    // A table or a network of before trackers were calibrated.
    let is_of_focus = policies::is_of_focus(policy)?;
    Ok(is_of_focus.then_some(None))
}

/// The scenario of that name alone, followed by the tracker that the policy was made with.
///
/// # Errors
/// If a file cannot be read, or every mistake in one.
pub fn scenario_for(name: &str, policy: &str) -> Result<(Arc<Scenario>, ScenarioText), Failure> {
    let Some(tracker) = tracker_of(policy)? else {
        return Ok(world::load_scenario(name, None)?);
    };
    let mut text = bundled::scenario(name, None)?;
    text.tracker = tracker;
    if let Ok(scenario) = Scenario::parse(&text) {
        return Ok((Arc::new(scenario), text));
    }
    // The tracker is another scenario's; what is wrong with the policy is said of its layout.
    text.tracker = None;
    Ok((Arc::new(Scenario::parse(&text)?), text))
}

/// A scenario with its population and channel by name, followed by the tracker that lies beside it, or else by
/// `tracker`.
///
/// # Errors
/// As [`world::load`].
pub fn load_named(name: &str, tracker: SlotTracker) -> Result<LoadedScenario, Failure> {
    Ok(match tracker {
        SlotTracker::Calibrated => world::load(name, None)?,
        SlotTracker::Focus => world::load_tracked(name, None, &TrackerConfig::FOCUS)?,
    })
}

/// A scenario with its population and channel: by name or path, or else the own one of the policy's run or release;
/// and what it is called. It is followed by the policy's own tracker, or else by `tracker`.
///
/// # Errors
/// If nothing says which scenario is meant, a file cannot be read, or every mistake in one.
pub fn load(
    scenario: Option<&str>,
    policy: &str,
    tracker: SlotTracker,
) -> Result<(String, LoadedScenario), Failure> {
    if let Some(name) = scenario {
        let loaded = match tracker_of(policy)? {
            None => load_named(name, tracker)?,
            Some(tracker) => {
                let loaded = world::load_tracked(name, None, &TrackerConfig::FOCUS)?;
                // A tracker of another scenario: what is wrong with the policy is said of its layout.
                loaded.followed_by(tracker.as_ref()).unwrap_or(loaded)
            }
        };
        return Ok((name.to_owned(), loaded));
    }
    own(policy)?.ok_or_else(|| {
        Failure::usage(format!(
            "no scenario is named, and '{policy}' is no run or release, which would have its own; name a bundled \
             scenario or a .toml file"
        ))
    })
}

/// The own scenarios of the policies that are those of runs or releases, each once, with what they are called.
///
/// # Errors
/// If a file cannot be read, or every mistake in one.
pub fn load_all<'a>(
    policies: impl Iterator<Item = &'a str>,
) -> Result<Vec<(String, LoadedScenario)>, Failure> {
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for policy in policies {
        let Some((name, loaded)) = own(policy)? else {
            continue;
        };
        let channel = loaded.channel.as_ref();
        let same = (
            hashes(&loaded.text),
            channel.map(|text| sha256(text.text.as_bytes())),
        );
        if !seen.contains(&same) {
            seen.push(same);
            found.push((name, loaded));
        }
    }
    Ok(found)
}
