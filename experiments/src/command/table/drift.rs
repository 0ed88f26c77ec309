//! `offhook table drift`: whether calls are still those that the table was made for.

use offhook_table::{Monitor, drift};

use super::turns::{monitor, scenario_of};
use crate::cli::DriftArgs;
use crate::terminal::outln;
use offhook_lab::error::Failure;
use offhook_lab::policies::open_table;

/// Below this share of turns a log was hardly recorded with the table.
const MIN_ALIKE: f64 = 0.99;

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read, or a log is empty or of another scenario.
pub fn run(args: &DriftArgs) -> Result<(), Failure> {
    let table = open_table(&args.table)?;
    let scenario = scenario_of(&table, args.scenario.as_deref())?;
    let expected = match &args.expected {
        Some(log) => monitor(&table, &scenario, log)?.0,
        None => Monitor::expected(&table),
    };
    let (found, alike) = monitor(&table, &scenario, &args.log)?;
    let report = drift(&table, &expected, &found)?;
    if args.json {
        outln!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    outln!("{report}");
    if alike < MIN_ALIKE {
        outln!(
            "the log does what the table does in {:.1} % of turns: it was recorded with another policy, \
             so that its calls go other ways",
            alike * 100.0
        );
    }
    Ok(())
}
