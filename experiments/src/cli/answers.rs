//! The command line of `offhook answers`.

use std::path::PathBuf;

use clap::Args;
use offhook_lab::call_plan::{CallPlan, SlotTracker};

/// `offhook answers`
#[derive(Debug, Args)]
pub struct AnswersArgs {
    /// A call log (`.jsonl`, `.jsonl.zst`), or a run directory, whose policy then plays held-out calls.
    #[arg(value_name = "RUN|LOG")]
    pub source: PathBuf,
    /// Tell callers apart by this feature, such as `region`.
    #[arg(long, value_name = "FEATURE")]
    pub by: Option<String>,
    /// Show these slots only.
    #[arg(long, value_delimiter = ',', value_name = "SLOT")]
    pub slots: Vec<String>,
    /// Scenario: a path or the name of a bundled one; if not given, the own one of the run, or the bundled one that the
    /// log names.
    #[arg(long)]
    pub scenario: Option<String>,
    /// Tell numbers, days and times apart where the scenario has bins for them.
    #[arg(long)]
    pub exact: bool,
    /// Correct by the confusions of recorded with true values in this log, whose calls have goals.
    #[arg(long, value_name = "LOG")]
    pub calibration: Option<PathBuf>,
    /// Calls that a run's policy plays [default: 20000].
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub calls: Option<u64>,
    /// Seed of a run's calls, and of the resamples behind intervals of corrected shares.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads; results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Write every number as CSV.
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    pub csv: Option<PathBuf>,
    /// Draw recorded, corrected and true shares (`.svg` or `.png`).
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    pub plot: Option<PathBuf>,
    /// Replace files that are already there.
    #[arg(long)]
    pub force: bool,
    /// Go on reading a log that grows, and print the answers anew when it has; Ctrl-C ends it.
    #[arg(long)]
    pub follow: bool,
    /// Print every number as JSON lines.
    #[arg(long)]
    pub json: bool,
}

/// Calls of a run where their number is not given.
const CALLS: u64 = 20_000;

impl AnswersArgs {
    /// Which calls a run's policy plays.
    pub fn call_plan(&self) -> CallPlan {
        CallPlan {
            n_calls: self.calls.unwrap_or(CALLS),
            seed: self.seed,
            noise: 0.0,
            tracker: SlotTracker::default(),
            threads: self.threads,
        }
    }
}
