//! The files of a training run: what went in when it starts, what came out when it ends.

use offhook_env::diagnostic::Text;
use offhook_env::scenario::{Scenario, ScenarioText};
use offhook_table::Format;

use super::held_out;
use super::metrics::{self, Row};
use super::run_dir::{RunDir, RunFile};
use super::seed_result::SeedResult;
use super::{TrainResult, provenance, summary};
use crate::disk::atomic;
use crate::error::Failure;

/// The files of a run that its reader looks for, in the order in which they are named.
pub const SHOWN: [RunFile; 9] = [
    RunFile::Metrics,
    RunFile::Summary,
    RunFile::CurveCsv,
    RunFile::CurveSvg,
    RunFile::CurvePng,
    RunFile::Table,
    RunFile::TableCsv,
    RunFile::Report,
    RunFile::Manifest,
];

/// Writes what defines the calls, so that the run can be understood without anything else.
///
/// # Errors
/// If the disk says no.
pub fn write_inputs(
    dir: &RunDir,
    scenario: &ScenarioText,
    channel: Option<&Text>,
) -> Result<(), Failure> {
    dir.write(RunFile::Scenario, scenario.main.text.as_bytes())?;
    for (name, part) in &scenario.library {
        let name = format!("{name}.toml");
        dir.write_in(RunFile::Library, &name, part.text.as_bytes())?;
    }
    if let Some(tracker) = &scenario.tracker {
        dir.write(RunFile::Tracker, tracker.text.as_bytes())?;
    }
    if let Some(channel) = channel {
        dir.write(RunFile::Channel, channel.text.as_bytes())?;
    }
    Ok(())
}

/// Writes what was learned and measured.
///
/// # Errors
/// If the disk says no.
pub(crate) fn write(
    dir: &RunDir,
    scenario: &Scenario,
    results: &[SeedResult],
    result: &TrainResult,
) -> Result<(), Failure> {
    let judgement = &result.judgement;
    let rows: Vec<Row> = results.iter().flat_map(|r| r.rows.clone()).collect();
    dir.write(RunFile::Metrics, metrics::to_csv(&rows).as_bytes())?;
    let (n_seeds, n_calls) = (judgement.n_seeds(), judgement.n_calls());
    let summary = summary::to_csv(&judgement.lines(), n_seeds, n_calls);
    dir.write(RunFile::Summary, summary.as_bytes())?;
    let seeds: Vec<u64> = results.iter().map(|result| result.seed).collect();
    let held_out = held_out::to_bytes(&judgement.entries, &seeds);
    dir.write(RunFile::HeldOut, &held_out)?;
    dir.write(RunFile::CurveCsv, result.curve.to_csv().as_bytes())?;

    let chosen = &results[judgement.chosen];
    let table = provenance::judged(&chosen.table, judgement, scenario)?;
    dir.write(RunFile::Table, table.to_json().as_bytes())?;
    dir.write(RunFile::TableCsv, &Format::Csv.export(&table))?;
    let network = dir
        .join(RunFile::Checkpoints)
        .join(format!("seed_{}/reinforcement.safetensors", chosen.seed));
    // A tabular learner has none; its policy lives on as the table.
    if network.is_file() {
        dir.write(RunFile::Policy, &atomic::read(&network, u64::MAX)?)?;
    }
    Ok(())
}
