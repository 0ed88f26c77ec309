//! Reading a finished run for a comparison; what was altered since it was written is refused.

use std::collections::BTreeMap;
use std::path::Path;

use super::callers::Callers;
use super::score::RunScore;
use crate::disk::atomic;
use crate::error::Failure;
use crate::run::curve::{self, Curve};
use crate::run::hash::{calls_hash, sha256};
use crate::run::held_out;
use crate::run::manifest::Manifest;
use crate::run::metrics;
use crate::run::run_dir::RunFile;
use crate::run::stored;

/// No file that is read has more bytes, packed where it is.
const MAX_BYTES: u64 = 1 << 30;
/// How the last line of a config says what the command line changed of it.
const AS_RUN: &str = "# as run: ";

/// The run in a folder, called `name`, and its learning curve; its callers are told apart by the feature `by`.
///
/// # Errors
/// If it is no finished run, a file of it is missing or not as it was written, or its scenario has no such feature.
pub fn run(name: String, path: &Path, by: Option<&str>) -> Result<(RunScore, Curve), Failure> {
    let folder = path.display();
    let bytes = atomic::read(&path.join(RunFile::Manifest.name()), MAX_BYTES).map_err(|e| {
        Failure::failed(format!(
            "{e}; '{folder}' is not the directory of a finished run"
        ))
    })?;
    let manifest = Manifest::parse(&bytes)
        .map_err(|e| Failure::failed(format!("'{folder}/manifest.json': {e}")))?;
    if manifest.finished.is_none() {
        return Err(Failure::failed(format!(
            "'{folder}' is not the directory of a finished run; go on with it by `offhook run CONFIG --resume`"
        )));
    }
    let read = |file: RunFile| read(path, &manifest, file);
    let held_out = path.join(RunFile::HeldOut.name()).display().to_string();
    let (entries, seeds) = held_out::from_bytes(&held_out, &read(RunFile::HeldOut)?)?;
    let rows = metrics::from_csv(
        RunFile::Metrics.name(),
        &text(path, RunFile::Metrics, read)?,
    )?;
    let config = text(path, RunFile::Config, read)?;
    let scenario = text(path, RunFile::Scenario, read)?;
    let n_calls = entries.first().map_or(0, |entry| {
        entry.calls().iter().map(|calls| calls.len() as u64).sum()
    });
    let callers = by.map(|by| Callers::read(path, by, &seeds, entries.first()));
    let curve = curve::collect(&name, &rows, metrics::CURVE);
    let run = RunScore {
        name,
        scenario: scenario_name(&scenario).unwrap_or_else(|| folder.to_string()),
        seeds,
        n_calls,
        calls_hash: calls_hash(&manifest.inputs),
        verdict: manifest.verdict,
        settings: settings(&config),
        entries,
        callers: callers.transpose()?,
    };
    Ok((run, curve))
}

/// A file of the run, which is the one that the manifest has the hash of.
fn read(path: &Path, manifest: &Manifest, file: RunFile) -> Result<Vec<u8>, Failure> {
    let (place, name) = (path.join(file.name()), file.name());
    let bytes = atomic::read(&place, MAX_BYTES).map_err(|e| match e.is_not_found() {
        true => Failure::failed(format!(
            "'{}' is missing: the run is older than that file, or it was not kept; make the run anew with `offhook run CONFIG \
             --force`",
            place.display()
        )),
        false => e.into(),
    })?;
    match manifest.files.get(name) {
        Some(hash) if *hash == sha256(&bytes) => Ok(bytes),
        _ => Err(stored::changed(&place)),
    }
}

fn text(
    path: &Path,
    file: RunFile,
    read: impl Fn(RunFile) -> Result<Vec<u8>, Failure>,
) -> Result<String, Failure> {
    String::from_utf8(read(file)?).map_err(|e| {
        let place = path.join(file.name());
        Failure::failed(format!("'{}': {e}", place.display()))
    })
}

fn scenario_name(text: &str) -> Option<String> {
    let scenario: toml::Table = toml::from_str(text).ok()?;
    Some(scenario.get("name")?.as_str()?.to_owned())
}

/// Every value of a config by its dotted key, and what the command line changed.
fn settings(text: &str) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::new();
    let table: toml::Table = toml::from_str(text).unwrap_or_default();
    flatten("", &table, &mut settings);
    let as_run = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix(AS_RUN));
    settings.extend(as_run.map(|changed| ("as run".to_owned(), changed.to_owned())));
    settings
}

fn flatten(prefix: &str, table: &toml::Table, settings: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        match value {
            toml::Value::Table(table) => flatten(&format!("{key}."), table, settings),
            value => drop(settings.insert(key, value.to_string())),
        }
    }
}
