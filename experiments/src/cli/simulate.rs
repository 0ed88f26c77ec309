//! The command line of `offhook simulate`.

use std::path::PathBuf;

use clap::Args;
use offhook_simulator::user::UserModelName;

use super::call::CallArgs;
use super::number::share;

/// `offhook simulate`
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Scenario: a path or the name of a bundled one; if not given, the own one of the policy's run or release.
    #[arg(required_unless_present = "policy")]
    pub scenario: Option<String>,
    /// `random`, `script`, `privileged` (sees the hidden goal: an upper bound), `belief` (plans for the customers who may
    /// be on the line, given what was heard, with the script going on; slow), the same with another policy going on as
    /// `privileged=POLICY` or `belief=POLICY`, a run directory, a checkpoint, a table, a
    /// release, or `sampled=` before a checkpoint or run directory for a network that draws its actions.
    #[arg(long, default_value = "script")]
    pub policy: String,
    /// Share of the turns in which an allowed action is drawn instead, all alike, in [0, 1]; a log then has the
    /// exact probabilities that `ope` needs.
    #[arg(long, default_value_t = 0.0, value_parser = share)]
    pub explore: f64,
    /// Who answers: `agenda`, `adversarial`, `bigram` or `replay`; the last two as `bigram=LOG.jsonl`
    /// are fitted to a call log, else to calls that the script plays with agenda customers.
    #[arg(long, default_value = "agenda", value_name = "MODEL")]
    pub user_model: UserModelName,
    /// Which calls to play.
    #[command(flatten)]
    pub calls: CallArgs,
    /// Write the calls as a call log (`.jsonl` or `.jsonl.zst`).
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Replace the log if it is already there.
    #[arg(long)]
    pub force: bool,
    /// Print this many calls as dialogs.
    #[arg(long, default_value_t = 0)]
    pub show: u64,
    /// Print the key figures as JSON lines.
    #[arg(long)]
    pub json: bool,
}
