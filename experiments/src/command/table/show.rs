//! `offhook table show`: the table as a page, on the terminal or as HTML, or as JSON.

use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;
use offhook_lab::policies::open_table;
use offhook_lab::table::scenario_of;
use offhook_lab::table::show::examples;
use offhook_report::table::show::{html, present};

use crate::cli::ShowArgs;
use crate::terminal::{out, outln};

/// Runs the subcommand.
///
/// # Errors
/// If a file cannot be read or written, or the log is of another scenario.
pub fn run(args: &ShowArgs) -> Result<(), Failure> {
    if let Some(path) = &args.html {
        atomic::check_free(path, args.force)?;
    }
    let table = open_table(&args.table)?;
    let examples = match &args.log {
        Some(log) => examples(&table, &scenario_of(&table, &args.table, None)?.0, log)?,
        None => Vec::new(),
    };
    let Some(path) = &args.html else {
        out!("{}", present(&table, &examples).show(args.json));
        return Ok(());
    };
    atomic::write(path, html(&table, &examples).as_bytes())?;
    let (n_rules, path) = (table.rules().len(), path.display());
    outln!("{n_rules} rules written to {path}");
    Ok(())
}
