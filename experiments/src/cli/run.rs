//! The command line of `offhook run`.

use std::path::PathBuf;

use clap::Args;

/// `offhook run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Experiment config: a path or the name of a bundled one.
    #[arg(default_value = "quickstart")]
    pub config: String,
    /// Run directory; `results/<name of the config>` if not given.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Train the first N seeds of 1, 2, 3, ... instead of those in the config.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub seeds: Option<u64>,
    /// Threads; results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// One seed and a small budget, every stage and every file.
    #[arg(long)]
    pub quick: bool,
    /// Go on with an interrupted run, to the same bytes.
    #[arg(long, conflicts_with = "force")]
    pub resume: bool,
    /// Replace a run that is already there.
    #[arg(long)]
    pub force: bool,
    /// Exit with status 3 if the table that ships is worse than the hand-written flow, or something was lost on
    /// the way to it.
    #[arg(long)]
    pub strict: bool,
    /// Print the key figures as JSON lines.
    #[arg(long)]
    pub json: bool,
}
