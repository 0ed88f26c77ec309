//! The command line of `offhook scenario`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use offhook_lab::scenario::form::Identity;
use offhook_report::scenario::graph::GraphFormat;

use super::named::named;
use super::number::share;

/// `offhook scenario ...`
#[derive(Debug, Subcommand)]
pub enum ScenarioCommand {
    /// Report every fault of scenario files: mistakes, what can never happen, and rewards that pay
    /// for the wrong thing.
    #[command(after_help = "Example: offhook scenario check fraud_alert mine.toml --strict")]
    Check(CheckArgs),
    /// Draw the flow of calls, with traffic and success on every edge.
    #[command(
        after_help = "Example: offhook scenario graph fraud_alert --format dot | dot -Tsvg > flow.svg"
    )]
    Graph(GraphArgs),
    /// Write a complete scenario, and the experiment that trains it, from a short form; what no flag
    /// says is asked for.
    #[command(
        after_help = "Example: offhook scenario new renewal --purpose \"Your insurance has expired.\" --topic \"expiry=It expired last week.\" --offer \"renewal=Shall we renew it?\""
    )]
    New(NewArgs),
    /// Write an experiment that trains a scenario which was written by hand.
    #[command(after_help = "Example: offhook scenario config mine.toml --out mine.config.toml")]
    Config(ConfigArgs),
    /// Print what a policy sees in calls of a scenario: each feature with its levels, its meaning, what
    /// makes it exist and what moves it.
    #[command(after_help = "Example: offhook scenario features epidemic_survey")]
    Features {
        /// The file, or the name of a bundled one; every feature that there can be if not given.
        scenario: Option<String>,
        /// Print them as JSON lines: feature, levels, meaning, exists, moved_by.
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of scenario files, for editors that complete and check as one types.
    #[command(after_help = "Example: offhook scenario schema --out scenario.schema.json")]
    Schema {
        /// The file to write, also over an older one; standard output if not given.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// List the bundled scenarios.
    List {
        /// Print them as JSON lines.
        #[arg(long)]
        json: bool,
    },
}

/// `offhook scenario check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The files, or names of bundled ones.
    #[arg(required = true)]
    pub files: Vec<String>,
    /// Warnings make it fail as well.
    #[arg(long)]
    pub strict: bool,
    /// Calls to play with each policy that must not earn more than the script; 0 plays none.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(0..=1_000_000))]
    pub calls: u64,
    /// Print the findings as JSON lines: file, line, column, severity, message.
    #[arg(long)]
    pub json: bool,
}

/// `offhook scenario new`
#[derive(Debug, Args)]
pub struct NewArgs {
    /// Name: lowercase letters, digits and `_`.
    pub name: String,
    /// What the call is for, in a sentence.
    #[arg(long)]
    pub purpose: Option<String>,
    /// How sure the robot has to be of who is on the line.
    #[arg(long, value_parser = named::<Identity>(Identity::ALL.map(|i| (i.name(), i.about()))))]
    pub identity: Option<Identity>,
    /// What the robot tells: NAME=WORDS.
    #[arg(long)]
    pub topic: Vec<String>,
    /// What customers ask: NAME=QUESTION=ANSWER.
    #[arg(long)]
    pub question: Vec<String>,
    /// Why customers hesitate: NAME=OBJECTION=REPLY.
    #[arg(long)]
    pub concern: Vec<String>,
    /// What the robot has to learn: NAME=QUESTION=ANSWERS, where ANSWERS are `yes|no`, `any of food|medicine`,
    /// `number 1..20 in 1|2-4|5+`, `time 08:00..20:00`, `day 14 days ago..today`, or `text`.
    #[arg(long)]
    pub slot: Vec<String>,
    /// What is known of callers before the call: NAME=VALUE|VALUE.
    #[arg(long)]
    pub caller: Vec<String>,
    /// What customers may take or refuse: NAME=WORDS.
    #[arg(long)]
    pub offer: Vec<String>,
    /// Text messages to send: NAME=WORDS said when it is sent.
    #[arg(long)]
    pub message: Vec<String>,
    /// The scenario file; `NAME.toml` if not given. The experiment stands beside it.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Replace files that are already there.
    #[arg(long)]
    pub force: bool,
}

/// `offhook scenario config`
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// The scenario file.
    pub scenario: PathBuf,
    /// The experiment's file; beside the scenario, `NAME.config.toml`, if not given.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Replace the file if it is already there.
    #[arg(long)]
    pub force: bool,
}

/// `offhook scenario graph`
#[derive(Debug, Args)]
pub struct GraphArgs {
    /// Scenario: a path or the name of a bundled one.
    pub scenario: String,
    /// The language of the drawing.
    #[arg(long, value_parser = named::<GraphFormat>(GraphFormat::ALL.map(|f| (f.name(), f.about()))), default_value_t = GraphFormat::Mermaid)]
    pub format: GraphFormat,
    /// Whose flow: `random`, `script`, a run directory, a checkpoint, or a table.
    #[arg(long, default_value = "script")]
    pub policy: String,
    /// Calls to play.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub calls: u64,
    /// Seed of the calls.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Draw the calls of a log instead.
    #[arg(long, conflicts_with_all = ["policy", "calls", "seed"])]
    pub log: Option<PathBuf>,
    /// Leave out edges that a smaller share of the calls took, `[0, 1]`.
    #[arg(long, default_value_t = 0.01, value_parser = share)]
    pub min_share: f64,
    /// The file to write; standard output if not given.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Replace the file if it is already there.
    #[arg(long)]
    pub force: bool,
}
