//! `offhook table show`: the table as a page, on the terminal or as HTML.

use offhook_env::dialog;
use offhook_table::DecisionTable;

use super::turns::{for_each_call, scenario_of};
use crate::atomic;
use crate::cli::ShowArgs;
use crate::error::Failure;
use crate::policies::open_table;
use crate::terminal::{out, outln};

/// Example calls of a rule.
const N_EXAMPLES: usize = 2;
/// Turns of an example: what led to the rule, and what it did.
const N_TURNS: usize = 3;

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read or written, or the log is of another scenario.
pub fn run(args: &ShowArgs) -> Result<(), Failure> {
    let table = open_table(&args.table)?;
    let Some(path) = &args.html else {
        out!("{}", table.page());
        return Ok(());
    };
    if path.exists() && !args.force {
        return Err(Failure::failed(format!(
            "'{}' is already there; replace it with --force",
            path.display()
        )));
    }
    let examples = match &args.log {
        Some(log) => examples(&table, log)?,
        None => Vec::new(),
    };
    atomic::write(path, table.html(&examples).as_bytes())?;
    outln!(
        "{} rules written to {}",
        table.rules().len(),
        path.display()
    );
    Ok(())
}

/// The first calls of a log where each rule fired, from [`N_TURNS`] turns before to its own.
fn examples(table: &DecisionTable, log: &std::path::Path) -> Result<Vec<Vec<String>>, Failure> {
    let scenario = scenario_of(table, None)?;
    let mut examples = vec![Vec::new(); table.rules().len()];
    for_each_call(log, &scenario, |call, steps| {
        // A rule that fires twice in a call is shown once.
        let mut shown = Vec::new();
        for (turn_idx, step) in steps.iter().enumerate() {
            let decision = table.decide(&step.codes);
            let Some(rule) = decision.rule.map(|rule| rule as usize) else {
                continue;
            };
            let told: &mut Vec<String> = &mut examples[rule];
            if decision.action != step.action || told.len() == N_EXAMPLES || shown.contains(&rule) {
                continue;
            }
            shown.push(rule);
            let first = (turn_idx + 1).saturating_sub(N_TURNS);
            let lines = dialog::lines(&call.turns[first..=turn_idx]);
            told.push(format!(
                "call {}, turn {}\n{}",
                call.call_id,
                turn_idx + 1,
                lines.trim_end()
            ));
        }
    })?;
    Ok(examples)
}
