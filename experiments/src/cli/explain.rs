//! The command line of `offhook explain`.

use clap::Args;

use super::call::CallArgs;

/// `offhook explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// What is explained: a run directory, a table, a release, a network, or `script`.
    pub policy: String,
    /// Scenario: a path or the name of a bundled one; if not given, the own one of the run or release.
    pub scenario: Option<String>,
    /// Which calls the planner plays.
    #[command(flatten)]
    pub calls: CallArgs,
    /// Print so many calls of each kind as dialogs.
    #[arg(long, default_value_t = 1)]
    pub examples: usize,
    /// Print the kinds as JSON lines.
    #[arg(long)]
    pub json: bool,
}
