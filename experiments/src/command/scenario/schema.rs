//! `offhook scenario schema`: the JSON Schema of scenario files.

use std::path::Path;

use crate::terminal::{out, outln};
use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;

/// Made from the types that read scenarios; a test of the simulator keeps it so.
const SCHEMA: &str = include_str!("../../../../simulator/scenarios/scenario.schema.json");

/// Runs the command.
///
/// # Errors
/// If the file cannot be written.
pub fn run(path: Option<&Path>) -> Result<(), Failure> {
    match path {
        None => out!("{SCHEMA}"),
        Some(path) => {
            atomic::write(path, SCHEMA.as_bytes())?;
            outln!("written to {}", path.display());
        }
    }
    Ok(())
}
