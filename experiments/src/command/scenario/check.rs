//! `offhook scenario check`: every fault of scenario files at once, with line and column.

use offhook_lab::error::Failure;
use offhook_lab::scenario::check::CheckedScenario;
use offhook_report::scenario::check::{faults, present};

use crate::cli::CheckArgs;
use crate::terminal::out;

/// Runs the command: faults and warnings are printed, errors make it fail.
///
/// # Errors
/// If a file cannot be read, or has an error or, with `--strict`, a warning; all of them are in the
/// message, or on standard output with `--json`.
pub fn run(args: &CheckArgs) -> Result<(), Failure> {
    let mut fatal = Vec::new();
    for name in &args.files {
        let checked = CheckedScenario::of(name, args.calls)?;
        out!("{}", present(&checked, args.strict).show(args.json));
        fatal.extend(faults(&checked, args.strict));
    }
    if fatal.is_empty() {
        return Ok(());
    }
    let s = if fatal.len() == 1 { "" } else { "s" };
    let list = match args.json {
        true => String::new(),
        false => format!("\n{}", fatal.join("\n")),
    };
    Err(Failure::failed(format!("{} fault{s}{list}", fatal.len())))
}
