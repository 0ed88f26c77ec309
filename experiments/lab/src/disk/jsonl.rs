//! Call logs on disk: one call a line, plain or compressed with Zstandard by the file's ending.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use offhook_env::log::CallLog;

use crate::disk::atomic::{self, FileError};
use crate::error::Failure;

fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "zst")
}

/// Opens a text file to be read by lines.
///
/// # Errors
/// If it cannot be opened.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    let cannot = |e| FileError::new("read", path, e);
    let file = File::open(path).map_err(cannot)?;
    if is_compressed(path) {
        Ok(Box::new(BufReader::new(
            zstd::Decoder::new(file).map_err(cannot)?,
        )))
    } else {
        Ok(Box::new(BufReader::new(file)))
    }
}

enum Sink {
    Plain(BufWriter<tempfile::NamedTempFile>),
    Compressed(zstd::Encoder<'static, BufWriter<tempfile::NamedTempFile>>),
}

/// Writes a call log; the file appears under its name only when it is whole.
pub struct Writer {
    path: PathBuf,
    sink: Sink,
}

impl Writer {
    /// Prepares to write `path`; an existing file is only replaced with `force`.
    ///
    /// # Errors
    /// If the file is there, or its folder cannot be written.
    pub fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        atomic::check_free(path, force)?;
        let folder = path
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let cannot = |e| Failure::failed(format!("cannot write '{}': {e}", path.display()));
        std::fs::create_dir_all(folder).map_err(cannot)?;
        let file = BufWriter::new(tempfile::NamedTempFile::new_in(folder).map_err(cannot)?);
        let sink = if is_compressed(path) {
            Sink::Compressed(zstd::Encoder::new(file, 9).map_err(cannot)?)
        } else {
            Sink::Plain(file)
        };
        Ok(Self {
            path: path.to_owned(),
            sink,
        })
    }

    fn cannot(&self, error: impl std::fmt::Display) -> Failure {
        Failure::failed(format!("cannot write '{}': {error}", self.path.display()))
    }

    /// Adds a call.
    ///
    /// # Errors
    /// If the disk says no; nothing is left under the final name.
    pub fn write(&mut self, call: &CallLog) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(call).map_err(|e| self.cannot(e))?;
        line.push(b'\n');
        let written = match &mut self.sink {
            Sink::Plain(file) => file.write_all(&line),
            Sink::Compressed(file) => file.write_all(&line),
        };
        written.map_err(|e| self.cannot(e))
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn finish(self) -> Result<(), Failure> {
        let path = self.path;
        let cannot = |e: &dyn std::fmt::Display| {
            Failure::failed(format!("cannot write '{}': {e}", path.display()))
        };
        let file = match self.sink {
            Sink::Plain(file) => file,
            Sink::Compressed(encoder) => encoder.finish().map_err(|e| cannot(&e))?,
        };
        let file = file.into_inner().map_err(|e| cannot(&e.into_error()))?;
        file.as_file().sync_all().map_err(|e| cannot(&e))?;
        file.persist(&path).map_err(|e| cannot(&e.error))?;
        Ok(())
    }
}
