//! A file to write, as it was asked for.

use std::path::PathBuf;

use super::{atomic, jsonl};
use crate::error::Failure;

/// Where to write, and whether what is there may be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutFile {
    /// The file.
    pub path: PathBuf,
    /// Whether it may replace one.
    pub force: bool,
}

impl OutFile {
    /// Refuses before any work is done what could not be written after it.
    ///
    /// # Errors
    /// If a file is there that may not be replaced, or a folder.
    pub fn check_free(&self) -> Result<(), Failure> {
        atomic::check_free(&self.path, self.force)
    }

    /// Writes the file whole.
    ///
    /// # Errors
    /// If the disk says no; nothing is left under the name.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(atomic::write(&self.path, bytes)?)
    }

    /// Prepares to write a call log.
    ///
    /// # Errors
    /// If the file is there and may not be replaced, or its folder cannot be written.
    pub fn create_log(&self) -> Result<jsonl::Writer, Failure> {
        jsonl::Writer::create(&self.path, self.force)
    }
}
