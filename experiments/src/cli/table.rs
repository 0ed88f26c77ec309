//! The command line of `offhook table`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

/// `offhook table ...`
#[derive(Debug, Subcommand)]
pub enum TableCommand {
    /// Write the table of a run in a format.
    #[command(
        after_help = "Example: offhook table export results/quickstart --format csv --out table.csv"
    )]
    Export {
        /// A run directory or a table file.
        table: PathBuf,
        /// The format.
        #[arg(long, value_enum, default_value_t = TableFormat::Json)]
        format: TableFormat,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
        /// Replace the file if it is already there.
        #[arg(long)]
        force: bool,
    },
    /// Prove that rules neither overlap nor leave gaps, and that the rules of conduct hold.
    #[command(
        after_help = "Example: offhook table verify results/quickstart/table.json --scenario fraud_alert"
    )]
    Verify {
        /// A run directory or a table file.
        table: PathBuf,
        /// The scenario: a path or the name of a bundled one; the table's own if not given.
        #[arg(long)]
        scenario: Option<String>,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
    },
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
        /// Print the decision as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the rules in words, the busiest first.
    Show {
        /// A run directory or a table file.
        table: PathBuf,
    },
}

/// Formats of exported tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// The canonical format, lossless.
    Json,
    /// One row a rule.
    Csv,
}
