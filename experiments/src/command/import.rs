//! `offhook import`: a corpus onto the call log, with a count of all that was left out.

use offhook_lab::disk::out_file::OutFile;
use offhook_lab::error::Failure;
use offhook_lab::import::import;
use offhook_report::import::present;

use crate::cli::ImportArgs;
use crate::signals;
use crate::terminal::out;

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or written; with `--strict` the first refused line.
pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    let out = OutFile {
        path: args.out.clone(),
        force: args.force,
    };
    let stop = signals::watch();
    let imported = import(args.format, &args.file, &out, args.strict, stop)?;
    out!("{}", present(&imported).show(args.json));
    Ok(())
}
