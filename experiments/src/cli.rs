//! The command line: subcommands and flags; everything else is in the config file.

mod named;
mod ope;
mod scenario;
mod table;

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use offhook_lab::key_figure::KEY_FIGURES;
use offhook_lab::user_models::Named;

pub use ope::OpeArgs;
pub use scenario::{CheckArgs, GraphArgs, NewArgs, ScenarioCommand};
pub use table::{
    DiffArgs, DistillArgs, DriftArgs, KeygenArgs, ShowArgs, SignArgs, TableCommand, VerifyArgs,
};

/// Learns and simulates dialog policies for outbound calls, and ships them as verified decision tables.
#[derive(Debug, Parser)]
#[command(
    name = "offhook",
    version,
    after_help = "Example: offhook run quickstart --quick --out results/try"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run every stage of an experiment: curves, evaluation, exported and verified table.
    #[command(
        after_help = "Example: offhook run experiments/configs/quickstart.toml --out results/mine"
    )]
    Run(RunArgs),
    /// Overlay the curves of runs and compare their final scores.
    #[command(
        after_help = "Example: offhook compare results/a results/b --out results/a_against_b"
    )]
    Compare(CompareArgs),
    /// Play calls and print the key figures with intervals.
    #[command(
        after_help = "Example: offhook simulate fraud_alert --policy script --calls 10000 --show 2"
    )]
    Simulate(SimulateArgs),
    /// Play policies against scenarios and user models: one matrix, and how far user models agree.
    #[command(
        after_help = "Example: offhook evaluate random script fraud_alert --user-models agenda,adversarial --calls 2000"
    )]
    Evaluate(EvaluateArgs),
    /// Map a public corpus, or check and rewrite a call log.
    #[command(after_help = "Example: offhook import dstc2 train.jsonl.zst --out calls.jsonl")]
    Import(ImportArgs),
    /// Fit the line between customer and robot to labelled calls.
    #[command(after_help = "Example: offhook fit calls.jsonl --out channel.toml")]
    Fit(FitArgs),
    /// Judge a policy by the calls of another, and whether it is better than a baseline.
    #[command(
        after_help = "Example: offhook ope calls.jsonl --policy results/quickstart --baseline script"
    )]
    Ope(OpeArgs),
    /// Everything about decision tables.
    #[command(subcommand)]
    Table(TableCommand),
    /// Everything about scenarios.
    #[command(subcommand)]
    Scenario(ScenarioCommand),
    /// Measure speeds.
    #[command(after_help = "Example: offhook bench env --json")]
    Bench(BenchArgs),
}

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
    /// Print the key figures as JSON lines.
    #[arg(long)]
    pub json: bool,
}

/// `offhook compare`
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Run directories.
    #[arg(required = true, num_args = 2..)]
    pub runs: Vec<PathBuf>,
    /// Folder for the comparison.
    #[arg(long)]
    pub out: PathBuf,
    /// Replace a comparison that is already there.
    #[arg(long)]
    pub force: bool,
    /// Print the scores as JSON lines.
    #[arg(long)]
    pub json: bool,
}

/// `offhook simulate`
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Scenario: a path or the name of a bundled one; if not given, the own one of the policy's run.
    #[arg(required_unless_present = "policy")]
    pub scenario: Option<String>,
    /// `random`, `script`, `privileged` (sees the hidden goal: an upper bound), a run directory, a checkpoint, a table,
    /// or `sampled=` before a checkpoint or run directory for a network that draws its actions.
    #[arg(long, default_value = "script")]
    pub policy: String,
    /// Share of the turns in which an allowed action is drawn instead, all alike, in [0, 1]; a log then has the
    /// exact probabilities that `ope` needs.
    #[arg(long, default_value_t = 0.0, value_parser = ope::share)]
    pub explore: f64,
    /// Who answers: `agenda`, `adversarial`, `bigram` or `replay`; the last two as `bigram=LOG.jsonl`
    /// are fitted to a call log, else to calls that the script plays with agenda customers.
    #[arg(long, default_value = "agenda", value_name = "MODEL")]
    pub user_model: Named,
    /// Share of what the line hears right that is misheard on top, 0 to 0.3.
    #[arg(long, default_value_t = 0.0)]
    pub noise: f32,
    /// Calls to play.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub calls: u64,
    /// Seed of the calls.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads; results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
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

/// `offhook evaluate`
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Policies (`random`, `script`, `privileged`, run directories, checkpoints, tables) and scenarios (names of
    /// bundled ones, `.toml` files), in any order; without a scenario, the own ones of the runs.
    #[arg(required = true, num_args = 1.., value_names = ["POLICY", "SCENARIO"])]
    pub names: Vec<String>,
    /// Who answers, as `simulate --user-model` names them.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "agenda,bigram,replay,adversarial",
        value_name = "MODEL"
    )]
    pub user_models: Vec<Named>,
    /// Share of what the line hears right that is misheard on top, 0 to 0.3.
    #[arg(long, default_value_t = 0.0)]
    pub noise: f32,
    /// Calls to play for each policy, scenario and user model.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub calls: u64,
    /// Seed of the calls.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads; results do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// The key figure that policies are ranked by.
    #[arg(long, default_value = "completion", value_parser = PossibleValuesParser::new(KEY_FIGURES.iter().map(|f| f.name)))]
    pub metric: String,
    /// Print the key figures as JSON lines.
    #[arg(long)]
    pub json: bool,
}

/// Formats that `offhook import` reads.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ImportFormat {
    /// The DSTC2 telephone corpus, one JSON object per call.
    Dstc2,
    /// Call logs of our own format, to be checked.
    Log,
}

/// `offhook import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What the file is.
    pub format: ImportFormat,
    /// The file, `.zst` or plain.
    pub file: PathBuf,
    /// The call log to write (`.jsonl` or `.jsonl.zst`).
    #[arg(long)]
    pub out: PathBuf,
    /// Stop at the first broken line and write nothing.
    #[arg(long)]
    pub strict: bool,
    /// Replace the log if it is already there.
    #[arg(long)]
    pub force: bool,
    /// Print the counts as JSON lines.
    #[arg(long)]
    pub json: bool,
}

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

/// What `offhook bench` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchTarget {
    /// Steps of the environment.
    Env,
    /// Updates of the learner.
    Learn,
    /// Decisions of a table.
    Table,
}

/// `offhook bench`
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What to measure; all if not given.
    pub subject: Option<BenchTarget>,
    /// Print the speeds as JSON lines.
    #[arg(long)]
    pub json: bool,
    /// Settings of `learn`.
    #[command(flatten, next_help_heading = "Options of learn")]
    pub learn: LearnBenchArgs,
    /// Settings of `table`.
    #[command(flatten, next_help_heading = "Options of table")]
    pub table: TableBenchArgs,
}

/// What `offhook bench table` leaves behind.
#[derive(Debug, Args)]
pub struct TableBenchArgs {
    /// Also write the measured table here, as JSON: `policy/table/engines/bench.sh` holds other engines against
    /// the same one.
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// What `offhook bench learn` trains on, and how long.
#[derive(Debug, Args)]
pub struct LearnBenchArgs {
    /// Scenario: a file or the name of a bundled one; if not given, the fraud alert with one rule more, under
    /// which a learner gets somewhere from scratch.
    #[arg(long)]
    pub scenario: Option<String>,
    /// Environment steps that every learner learns from.
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub steps: u64,
    /// Environment steps between two looks at the policy.
    #[arg(long, default_value_t = 16_384, value_parser = clap::value_parser!(u64).range(1..))]
    pub every: u64,
    /// Train with seeds 1 to N.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    pub seeds: u64,
    /// Share of calls completed that counts as learned; 80 and 95 % of the best learner's if not given.
    #[arg(long)]
    pub target: Option<f64>,
}
