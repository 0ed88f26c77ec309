//! `offhook fit`: a channel from labelled calls.

use offhook_lab::disk::out_file::OutFile;
use offhook_lab::error::Failure;
use offhook_lab::fit::fit;
use offhook_report::fit::present;

use crate::cli::FitArgs;
use crate::terminal::out;

/// Runs the command.
///
/// # Errors
/// If the log has mistakes or no labels, or the file cannot be written.
pub fn run(args: &FitArgs) -> Result<(), Failure> {
    let out = OutFile {
        path: args.out.clone(),
        force: args.force,
    };
    out!("{}", present(&fit(&args.log, &out)?).show(args.json));
    Ok(())
}
