//! `offhook compare`: runs side by side.

use offhook_lab::compare;
use offhook_lab::error::Failure;
use offhook_report::compare::{present, render};

use crate::cli::CompareArgs;
use crate::terminal::{out, outln};

/// Runs the command.
///
/// # Errors
/// If a run cannot be read, or the folder is there or cannot be written.
pub fn run(args: &CompareArgs) -> Result<(), Failure> {
    compare::check_out(&args.out, args.force)?;
    let comparison = compare::compare(&args.runs, args.by.as_deref())?;
    compare::write(&comparison, &render(&comparison)?, &args.out)?;
    out!("{}", present(&comparison).show(args.json));
    if !args.json {
        outln!("\nwritten to {}", args.out.display());
    }
    Ok(())
}
