//! The command line of `offhook bench`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What `offhook bench` measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchTarget {
    /// Steps of the environment.
    Env,
    /// Updates of the learner.
    Learn,
    /// Decisions of a table, and turns of the phone.
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
