//! The command line of `offhook release`.

use std::path::PathBuf;

use clap::Args;

/// `offhook release`
#[derive(Debug, Args)]
pub struct ReleaseArgs {
    /// A run directory.
    pub run: PathBuf,
    /// The file to write, such as `fraud_alert.offhook`.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The private key that signs it (`offhook table keygen`).
    #[arg(long, value_name = "PRIV")]
    pub key: Option<PathBuf>,
    /// Replace the file if it is already there.
    #[arg(long)]
    pub force: bool,
    /// Print what was released as JSON.
    #[arg(long)]
    pub json: bool,
}
