//! The command line of `offhook table`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use offhook_policy::distill::Method;
use offhook_table::Format;

use super::named::named;

/// `offhook table ...`
#[derive(Debug, Subcommand)]
pub enum TableCommand {
    /// Write the table of a run in a format; beside DMN (`calls.dmn`) its test cases (`calls-test-01.xml`).
    #[command(
        after_help = "Example: offhook table export results/quickstart --format dmn --out calls.dmn"
    )]
    Export {
        /// A run directory, or a table file: JSON, DPT, CSV or DMN.
        table: PathBuf,
        /// The format.
        #[arg(long, value_parser = named::<Format>(Format::ALL.map(|f| (f.name(), f.about()))), default_value_t = Format::Json)]
        format: Format,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
        /// Replace the file if it is already there.
        #[arg(long)]
        force: bool,
    },
    /// Put networks into tables, by several methods and budgets, and say what each table loses.
    #[command(
        after_help = "Example: offhook table distill results/quickstart --method regret,viper,cloning --max-rules 100,200"
    )]
    Distill(DistillArgs),
    /// Prove that rules neither overlap nor leave gaps, and that the rules of conduct hold.
    #[command(
        after_help = "Example: offhook table verify results/quickstart/table.json --scenario fraud_alert --self-test"
    )]
    Verify(VerifyArgs),
    /// Decide one observation, or every line of a CSV file.
    #[command(
        after_help = "Example: offhook table decide table.json --set identity=claimed,confidence=low"
    )]
    Decide {
        /// A run directory or a table file.
        table: PathBuf,
        /// Levels of the features the table tests: `identity=claimed,...`.
        #[arg(
            long,
            value_delimiter = ',',
            required_unless_present = "csv",
            conflicts_with = "csv"
        )]
        set: Vec<String>,
        /// A file with a column per feature and level names; `action` and `rule` are added.
        #[arg(long)]
        csv: Option<PathBuf>,
        /// Print decisions as JSON, one object a line.
        #[arg(long)]
        json: bool,
    },
    /// Print the rules in words, the busiest first, or write them as a page.
    #[command(
        after_help = "Example: offhook table show results/quickstart --html table.html --log calls.jsonl"
    )]
    Show(ShowArgs),
    /// Say what a new table changes, in words and by share of turns.
    #[command(after_help = "Example: offhook table diff results/a results/b --log calls.jsonl.zst")]
    Diff(DiffArgs),
    /// Hold the traffic of a call log against what the table was made for; fails if something moved.
    #[command(after_help = "Example: offhook table drift results/quickstart today.jsonl")]
    Drift(DriftArgs),
    /// Make a pair of keys for signatures.
    #[command(after_help = "Example: offhook table keygen --out release.key")]
    Keygen(KeygenArgs),
    /// Sign a table file of any format.
    #[command(
        after_help = "Example: offhook table sign table.json --key release.key --out table.json.sig"
    )]
    Sign(SignArgs),
}

/// `offhook table distill`
#[derive(Debug, Args)]
pub struct DistillArgs {
    /// Run directories or checkpoints, all of one scenario; several are told apart as training seeds.
    #[arg(required = true, value_name = "POLICY")]
    pub policies: Vec<PathBuf>,
    /// The scenario: a path or the name of a bundled one; the run's own if not given.
    #[arg(long)]
    pub scenario: Option<String>,
    /// The config whose `[distill]` counts: a path or the name of a bundled one; the run's own if not
    /// given.
    #[arg(long)]
    pub config: Option<String>,
    /// What wrong actions cost, instead of what the config says.
    #[arg(long, value_parser = named::<Method>(Method::ALL.map(|m| (m.name(), m.about()))), value_delimiter = ',')]
    pub method: Vec<Method>,
    /// Most rules, instead of what the config says.
    #[arg(long, value_name = "N", value_delimiter = ',')]
    pub max_rules: Vec<usize>,
    /// Held-out calls that table and network are compared on, for each policy.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub calls: u64,
    /// Seed of the first policy's calls; the others' follow.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Worker threads; results do not depend on it.
    #[arg(long)]
    pub threads: Option<u16>,
    /// Write the table, if only one is made.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the table if it is already there.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// `offhook table verify`
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A run directory, a table file or a release.
    pub table: PathBuf,
    /// The scenario: a path or the name of a bundled one; the run's or the table's own if not given.
    #[arg(long)]
    pub scenario: Option<String>,
    /// Flag rules with fewer visits than this as thin.
    #[arg(long, value_name = "VISITS", default_value_t = offhook_table::MIN_SUPPORT)]
    pub min_support: u64,
    /// Break the table in known ways, so often each, and check that exactly the affected states are
    /// named.
    #[arg(long, value_name = "TIMES", num_args = 0..=1, default_missing_value = "100",
        value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub self_test: Option<u64>,
    /// A public key that the file must have been signed for; a release has its signature inside.
    #[arg(long, value_name = "PUB")]
    pub key: Option<PathBuf>,
    /// The signature; `<table file>.sig` if not given.
    #[arg(long, value_name = "SIG", requires = "key")]
    pub signature: Option<PathBuf>,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `offhook table show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// A run directory or a table file.
    pub table: PathBuf,
    /// Write an HTML page instead.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub html: Option<PathBuf>,
    /// A call log to take example calls from.
    #[arg(long)]
    pub log: Option<PathBuf>,
    /// Replace the page if it is already there.
    #[arg(long, requires = "html")]
    pub force: bool,
    /// Print the table as JSON, with shares and words.
    #[arg(long)]
    pub json: bool,
}

/// `offhook table diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The table as it was: a run directory or a table file.
    pub a: PathBuf,
    /// The table as it would be.
    pub b: PathBuf,
    /// Count turns of this call log, by caller; else the rules' support says how much of the traffic
    /// changes.
    #[arg(long)]
    pub log: Option<PathBuf>,
    /// The scenario of the log: a path or the name of a bundled one; the run's or the table's own if not given.
    #[arg(long, requires = "log")]
    pub scenario: Option<String>,
    /// Print the changes as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `offhook table drift`
#[derive(Debug, Args)]
pub struct DriftArgs {
    /// A run directory or a table file.
    pub table: PathBuf,
    /// A call log (`.jsonl` or `.jsonl.zst`).
    pub log: PathBuf,
    /// A call log that says what to expect; else the table does.
    #[arg(long, value_name = "LOG")]
    pub expected: Option<PathBuf>,
    /// The scenario: a path or the name of a bundled one; the run's or the table's own if not given.
    #[arg(long)]
    pub scenario: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `offhook table keygen`
#[derive(Debug, Args)]
pub struct KeygenArgs {
    /// The private key to write, as PEM; the public one gets `.pub` added.
    #[arg(long)]
    pub out: PathBuf,
}

/// `offhook table sign`
#[derive(Debug, Args)]
pub struct SignArgs {
    /// A run directory or a table file.
    pub table: PathBuf,
    /// The private key.
    #[arg(long, value_name = "PRIV")]
    pub key: PathBuf,
    /// The signature to write; `<table file>.sig` if not given.
    #[arg(long, value_name = "SIG")]
    pub out: Option<PathBuf>,
    /// Replace the signature if it is already there.
    #[arg(long)]
    pub force: bool,
}
