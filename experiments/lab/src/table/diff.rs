//! What a new table changes.

use std::path::Path;

use offhook_table::{Comparison, Diff};

use super::scenario_of;
use super::turns::for_each_call;
use crate::error::Failure;
use crate::policies::open_table;

/// Where the turns are taken from that a change is counted in.
#[derive(Clone, Copy, Debug)]
pub struct DiffLog<'a> {
    /// The log.
    pub log: &'a Path,
    /// Its scenario; that of the old table if not given.
    pub scenario: Option<&'a str>,
}

/// What table `new` changes of table `old`, each a file or a run: by the rules' support, or by the turns of a log.
///
/// # Errors
/// If a file cannot be read, the tables have different layouts, or the log is of another scenario.
pub fn diff(old: &Path, new: &Path, log: Option<DiffLog<'_>>) -> Result<Diff, Failure> {
    let (a, b) = (open_table(old)?, open_table(new)?);
    let mut comparison = Comparison::new(&a, &b).map_err(|e| {
        let [old, new] = [old, new].map(Path::display);
        // Where the scenarios are others, the layouts differ all over.
        if a.scenario() != b.scenario() {
            let [old_name, new_name] = [&a, &b].map(|table| table.scenario());
            return Failure::failed(format!(
                "'{new}' is for scenario '{new_name}', expected '{old_name}' as '{old}' is for"
            ));
        }
        Failure::failed(format!("'{new}' against '{old}': {e}"))
    })?;
    if let Some(DiffLog { log, scenario }) = log {
        let (scenario, _) = scenario_of(&a, old, scenario)?;
        for_each_call(log, &scenario, |call, steps| {
            for step in steps {
                comparison.record(&step.codes, &call.caller.features);
            }
        })?;
    }
    Ok(comparison.finish())
}
