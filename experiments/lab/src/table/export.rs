//! A table in a format of its own or of other engines, as files.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use offhook_table::{DecisionTable, Format};

use crate::disk::atomic;
use crate::error::Failure;

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length in bytes.
    pub n_bytes: usize,
}

/// Writes a table in a format; before a DMN file (`calls.dmn`) its test cases (`calls-test-01.xml`). Files that
/// are there are replaced with `force` alone.
///
/// # Errors
/// If a file is there or cannot be written, or `out` is no file name.
pub fn export(
    table: &DecisionTable,
    format: Format,
    out: &Path,
    force: bool,
) -> Result<Vec<ExportedFile>, Failure> {
    let mut files = Vec::new();
    // First, so that no model ever stands there without its test cases.
    if format == Format::Dmn {
        files.push(test_cases(table, out)?);
    }
    files.push((out.to_owned(), format.export(table)));
    for (path, _) in &files {
        atomic::check_free(path, force)?;
    }
    let write = |(path, bytes): (PathBuf, Vec<u8>)| {
        atomic::write(&path, &bytes)?;
        let n_bytes = bytes.len();
        Ok(ExportedFile { path, n_bytes })
    };
    files.into_iter().map(write).collect()
}

/// The test cases of a DMN file, with the name that the DMN TCK gives them.
fn test_cases(table: &DecisionTable, model: &Path) -> Result<(PathBuf, Vec<u8>), Failure> {
    let name = |part: Option<&OsStr>| {
        let part = part.and_then(OsStr::to_str).map(str::to_owned);
        part.ok_or_else(|| {
            Failure::usage(format!("--out {}: expected a file name", model.display()))
        })
    };
    let path = model.with_file_name(format!("{}-test-01.xml", name(model.file_stem())?));
    let text = table.to_tck(&name(model.file_name())?);
    Ok((path, text.into_bytes()))
}
