//! The command line of `offhook compare`.

use std::path::PathBuf;

use clap::Args;

/// `offhook compare`
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Run directories.
    #[arg(required = true, num_args = 2..)]
    pub runs: Vec<PathBuf>,
    /// Folder for the comparison.
    #[arg(long)]
    pub out: PathBuf,
    /// Also show every figure and difference by this caller feature, such as `region`.
    #[arg(long, value_name = "FEATURE")]
    pub by: Option<String>,
    /// Replace a comparison that is already there.
    #[arg(long)]
    pub force: bool,
    /// Print the scores as JSON lines.
    #[arg(long)]
    pub json: bool,
}
