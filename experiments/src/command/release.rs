//! `offhook release`: one file for production.

use offhook_lab::disk::out_file::OutFile;
use offhook_lab::error::Failure;
use offhook_lab::release::{ReleasePlan, release};
use offhook_report::release::{present, warnings};

use crate::cli::ReleaseArgs;
use crate::terminal::{errln, out};

/// Runs the command.
///
/// # Errors
/// If the run cannot be read or its table is not proved, the key is none, or the file cannot be written.
pub fn run(args: &ReleaseArgs) -> Result<(), Failure> {
    let released = release(&ReleasePlan {
        run: &args.run,
        out: OutFile {
            path: args.out.clone(),
            force: args.force,
        },
        key: args.key.as_deref(),
    })?;
    for warning in warnings(&released) {
        errln!("warning: {warning}");
    }
    out!("{}", present(&released).show(args.json));
    Ok(())
}
