//! The command line: subcommands and flags; everything else is in the config file.

mod answers;
mod bench;
mod call;
mod compare;
mod evaluate;
mod explain;
mod fit;
mod import;
mod named;
mod number;
mod ope;
mod release;
mod run;
mod scenario;
mod simulate;
mod table;

use clap::{Parser, Subcommand};

pub use answers::AnswersArgs;
pub use bench::{BenchArgs, BenchTarget, LearnBenchArgs};
pub use compare::CompareArgs;
pub use evaluate::EvaluateArgs;
pub use explain::ExplainArgs;
pub use fit::FitArgs;
pub use import::ImportArgs;
pub use ope::OpeArgs;
pub use release::ReleaseArgs;
pub use run::RunArgs;
pub use scenario::{CheckArgs, ConfigArgs, GraphArgs, NewArgs, ScenarioCommand};
pub use simulate::SimulateArgs;
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
    /// Compare runs by their held-out calls, and overlay their curves.
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
    /// Say where a planner that knows no more than a phone departs from a policy, and what that is worth.
    #[command(after_help = "Example: offhook explain results/quickstart --calls 1000 --examples 2")]
    Explain(ExplainArgs),
    /// Count what was recorded in calls, by a feature of the caller.
    #[command(after_help = "Example: offhook answers calls.jsonl --by region --plot map.svg")]
    Answers(AnswersArgs),
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
    /// Make one file of a run for production: table, scenario, proofs, figures; signed where there is a key.
    #[command(
        after_help = "Example: offhook release results/quickstart --out fraud_alert.offhook --key release.key"
    )]
    Release(ReleaseArgs),
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
