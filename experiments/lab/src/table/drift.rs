//! Whether calls are still those that a table was made for.

use std::path::Path;

use offhook_table::{DriftReport, Monitor};

use super::scenario_of;
use super::turns::monitor;
use crate::error::Failure;
use crate::policies::open_table;

/// What is held against what.
#[derive(Clone, Copy, Debug)]
pub struct DriftPlan<'a> {
    /// The table: a file or a run.
    pub table: &'a Path,
    /// The log whose calls are looked at.
    pub log: &'a Path,
    /// A log that says what to expect; else the table does.
    pub expected: Option<&'a Path>,
    /// The scenario; the run's or the table's own if not given.
    pub scenario: Option<&'a str>,
}

/// What has changed.
#[derive(Clone, Debug)]
pub struct LoggedDrift {
    /// Feature by feature.
    pub report: DriftReport,
    /// Share of the log's turns in which the table does what was done, `[0, 1]`.
    pub alike: f64,
}

/// Holds the traffic of a log against what a table was made for.
///
/// # Errors
/// If a file cannot be read, or a log is empty or of another scenario.
pub fn drift(plan: DriftPlan<'_>) -> Result<LoggedDrift, Failure> {
    let table = open_table(plan.table)?;
    let (scenario, _) = scenario_of(&table, plan.table, plan.scenario)?;
    let expected = match plan.expected {
        Some(log) => {
            let mut all = Monitor::new(&table);
            for calls in monitor(&table, &scenario, log)?.0 {
                all.merge(&calls)?;
            }
            all
        }
        None => Monitor::expected(&table),
    };
    let (found, alike) = monitor(&table, &scenario, plan.log)?;
    let report = offhook_table::drift(&table, &expected, &found)?;
    Ok(LoggedDrift { report, alike })
}
