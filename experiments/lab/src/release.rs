//! A run made into one file for production.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use offhook_table::Provenance;
use offhook_table::release::{Figure, Judgment, Release, ReleaseContent};
use serde_json::json;

use crate::disk::out_file::OutFile;
use crate::disk::{atomic, csv};
use crate::error::Failure;
use crate::policies::{read_table, table_file, table_of};
use crate::run::manifest::Manifest;
use crate::run::run_dir::RunFile;
use crate::run::stored::{self, StoredRun};
use crate::run::summary;
use crate::table::sign;

/// Policies whose figures go along: the table that ships, and what it is held against.
const POLICIES: [&str; 2] = ["script", "table"];
/// Most bytes of a file of figures that are read.
const MAX_FIGURES: u64 = 16 << 20;

/// What is released.
#[derive(Clone, Debug)]
pub struct ReleasePlan<'a> {
    /// A run directory.
    pub run: &'a Path,
    /// The file to write.
    pub out: OutFile,
    /// The private key that signs it.
    pub key: Option<&'a Path>,
}

/// A release that was written.
#[derive(Clone, Debug)]
pub struct Released {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length in bytes.
    pub n_bytes: usize,
    /// The release itself.
    pub release: Release,
}

/// Makes a release of a run and writes it.
///
/// # Errors
/// If the path is no finished run with a table, anything of it was changed or is not proved, the key is none, or the
/// file cannot be written.
pub fn release(plan: &ReleasePlan<'_>) -> Result<Released, Failure> {
    let path = &plan.out.path;
    atomic::check_free(path, plan.out.force)?;
    let key = plan.key.map(sign::read_text).transpose()?;
    let run = StoredRun::of(plan.run).filter(|_| plan.run.is_dir());
    let run = run.ok_or_else(|| {
        let run = plan.run.display();
        Failure::usage(format!(
            "'{run}' is no run directory, which `offhook run` makes"
        ))
    })?;
    let file = table_file(plan.run)?;
    let table = table_of(&file, &read_table(&file)?)?;
    let content = content_of(&run)?;
    let place = |e| Failure::failed(format!("'{}' is not released: {e}", plan.run.display()));
    let mut release = Release::new(table, content).map_err(place)?;
    if let Some((key, file)) = key.zip(plan.key) {
        let place = |e| Failure::failed(format!("'{}': {e}", file.display()));
        release.sign(&key).map_err(place)?;
    }
    let bytes = release.to_bytes();
    atomic::write(path, &bytes)?;
    Ok(Released {
        path: path.clone(),
        n_bytes: bytes.len(),
        release,
    })
}

/// All that a run has but its table.
fn content_of(run: &StoredRun) -> Result<ReleaseContent, Failure> {
    let path = run.join(RunFile::Manifest);
    let place = |e| Failure::failed(format!("'{}': {e}", path.display()));
    let manifest = Manifest::parse(&atomic::read(&path, MAX_FIGURES)?).map_err(place)?;
    if manifest.finished.is_none() {
        let path = path.display();
        let message = format!(
            "'{path}' says that the run is not finished; go on with `offhook run --resume`"
        );
        return Err(Failure::failed(message));
    }
    let loaded = run.load()?;
    Ok(ReleaseContent {
        scenario: loaded.text,
        channel: loaded.channel.map(|text| text.text),
        figures: figures(&run.join(RunFile::Summary))?,
        verdict: manifest.verdict.as_ref().map(|verdict| Judgment {
            status: verdict.status.name().to_owned(),
            reasons: verdict.reasons.clone(),
        }),
        provenance: provenance(&manifest),
    })
}

/// What the run reported of the table and of the script.
fn figures(path: &Path) -> Result<Vec<Figure>, Failure> {
    let bytes = atomic::read(path, MAX_FIGURES)?;
    stored::check_written(path, &bytes)?;
    let figures = csv::from_csv(
        &path.display().to_string(),
        &String::from_utf8_lossy(&bytes),
        &summary::HEAD,
        |row| {
            let number = |cell: &str| cell.parse::<f64>().ok().filter(|x| x.is_finite());
            let bound = |cell: &str| match cell {
                "" => Some(None),
                cell => number(cell).map(Some),
            };
            Some(Figure {
                policy: row[0].to_owned(),
                metric: row[1].to_owned(),
                value: number(&row[2])?,
                low: bound(&row[3])?,
                high: bound(&row[4])?,
                unit: row[5].to_owned(),
                n_calls: row[7].parse().ok()?,
            })
        },
    )?;
    let wanted = |figure: &Figure| POLICIES.contains(&&*figure.policy);
    Ok(figures.into_iter().filter(wanted).collect())
}

/// No clock, path or machine is part of it: equal runs give equal releases.
fn provenance(manifest: &Manifest) -> Provenance {
    BTreeMap::from([
        (
            "program".to_owned(),
            json!(format!("{} {}", manifest.program, manifest.version)),
        ),
        ("revision".to_owned(), json!(manifest.revision)),
        ("inputs".to_owned(), json!(manifest.inputs)),
        ("seeds".to_owned(), json!(manifest.seeds)),
    ])
}
