//! `offhook table diff`: what a new table changes.

use offhook_table::Comparison;

use super::turns::{for_each_call, scenario_of};
use crate::cli::DiffArgs;
use crate::terminal::outln;
use offhook_lab::error::Failure;
use offhook_lab::policies::open_table;

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read, the tables have different layouts, or the log is of another scenario.
pub fn run(args: &DiffArgs) -> Result<(), Failure> {
    let (a, b) = (open_table(&args.a)?, open_table(&args.b)?);
    let mut comparison = Comparison::new(&a, &b).map_err(|e| {
        let [old, new] = [&args.a, &args.b].map(|path| path.display());
        // Where the scenarios are others, the layouts differ all over.
        if a.scenario() != b.scenario() {
            let [old_name, new_name] = [&a, &b].map(|table| table.scenario());
            return Failure::failed(format!(
                "'{new}' is for scenario '{new_name}', expected '{old_name}' as '{old}' is for"
            ));
        }
        Failure::failed(format!("'{new}' against '{old}': {e}"))
    })?;
    if let Some(log) = &args.log {
        let scenario = scenario_of(&a, args.scenario.as_deref())?;
        for_each_call(log, &scenario, |call, steps| {
            for step in steps {
                comparison.record(&step.codes, &call.caller.features);
            }
        })?;
    }
    let diff = comparison.finish();
    if args.json {
        outln!("{}", serde_json::to_string(&diff)?);
    } else {
        outln!("{}", diff.to_string().trim_end());
    }
    Ok(())
}
