//! The command line of `offhook import`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use offhook_lab::import::{IMPORTERS, Importer};

/// `offhook import`
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What the file is.
    #[arg(value_parser = importer())]
    pub format: Importer,
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

/// One of the formats, by name.
fn importer() -> impl TypedValueParser<Value = Importer> {
    let value = |importer: &Importer| PossibleValue::new(importer.name).help(importer.about);
    PossibleValuesParser::new(IMPORTERS.iter().map(value)).try_map(|name| name.parse())
}
