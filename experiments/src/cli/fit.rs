//! The command line of `offhook fit`.

use std::path::PathBuf;

use clap::Args;

/// `offhook fit`
#[derive(Debug, Args)]
pub struct FitArgs {
    /// A call log with labelled customer acts.
    pub log: PathBuf,
    /// The channel file to write.
    #[arg(long)]
    pub out: PathBuf,
    /// Replace the file if it is already there.
    #[arg(long)]
    pub force: bool,
    /// Print the error rates as JSON lines.
    #[arg(long)]
    pub json: bool,
}
