//! The command line of `offhook ope`.

use std::path::PathBuf;

use clap::Args;

use offhook_lab::logs::parse_where;

use super::number::{confidence, share};

/// `offhook ope`
#[derive(Debug, Args)]
pub struct OpeArgs {
    /// A call log.
    pub log: PathBuf,
    /// The policy to judge: `random`, `script`, a run directory, a checkpoint, a table, or
    /// `sampled=` before a checkpoint or run directory for a network that draws its actions.
    #[arg(long)]
    pub policy: String,
    /// The policy it has to beat; the log itself if not given.
    #[arg(long)]
    pub baseline: Option<String>,
    /// Probability with which the gate calls no policy better that is not, in (0.5, 1).
    #[arg(long, default_value_t = 0.95, value_parser = confidence)]
    pub confidence: f64,
    /// Who made the log: `logged` (its own probabilities), `estimated` (cloned from it), or a policy;
    /// `logged` where every turn has a probability, else `estimated`.
    #[arg(long)]
    pub behavior: Option<String>,
    /// Discount per turn, in [0, 1].
    #[arg(long, default_value_t = 1.0, value_parser = share)]
    pub gamma: f64,
    /// Only calls with this caller feature, as in `dialog_manager=0`; may be given several times.
    #[arg(long = "where", value_name = "FEATURE=VALUE", value_parser = parse_where)]
    pub wanted: Vec<(String, String)>,
    /// The scenario of the log: a path or the name of a bundled one; the one it names if not given.
    #[arg(long)]
    pub scenario: Option<String>,
    /// Seed of fits and resamples.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print the estimates as JSON lines.
    #[arg(long)]
    pub json: bool,
}
