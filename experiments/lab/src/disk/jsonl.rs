//! Call logs on disk: one call a line, plain or compressed with Zstandard: when writing by the file's ending.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use offhook_env::log::{CallLog, read_calls};

use crate::disk::atomic::{self, FileError, NewFile};
use crate::error::Failure;

/// Longest line that is read, in bytes; a call of a hundred turns has some hundred thousand.
pub const MAX_LINE: usize = 16 << 20;
/// How a file compressed with Zstandard begins (RFC 8878, 3.1.1).
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How some programs begin UTF-8 text.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

fn is_compressed(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default();
    ending.eq_ignore_ascii_case("zst")
}

/// Opens a text file to be read by lines, compressed or not, whatever its name; a byte-order mark is skipped.
///
/// # Errors
/// If it cannot be opened, or is neither a file nor a pipe. The reader fails on a line longer than
/// [`MAX_LINE`], and on a compressed file that is cut short.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    let file = BufReader::new(atomic::open(path)?);
    let lines = lines(file).map_err(|e| FileError::new("read", path, e))?;
    Ok(lines)
}

/// The text of what [`open`] opens.
///
/// # Errors
/// If its first bytes cannot be read.
pub fn lines<'r>(mut file: impl BufRead + 'r) -> io::Result<Box<dyn BufRead + 'r>> {
    let is_compressed = file.fill_buf()?.starts_with(&ZSTD);
    let mut lines: Box<dyn BufRead> = if is_compressed {
        let text = zstd::Decoder::with_buffer(file)?;
        Box::new(BoundedLines::new(BufReader::new(text)))
    } else {
        Box::new(BoundedLines::new(file))
    };
    // An error of the stream is told with the line that it is in.
    if lines
        .fill_buf()
        .is_ok_and(|start| start.starts_with(&BYTE_ORDER_MARK))
    {
        lines.consume(BYTE_ORDER_MARK.len());
    }
    Ok(lines)
}

/// The calls of a log, each with its line; every reader of logs has them from here.
///
/// # Errors
/// If it cannot be opened. An item is one that says file, line and what is wrong: no call, one that was there
/// before, or a file that is cut short. A plain log that was cut between two lines cannot be told from a
/// shorter one.
pub fn calls(
    path: &Path,
) -> Result<impl Iterator<Item = Result<(usize, CallLog), Failure>>, Failure> {
    let name = path.display().to_string();
    let calls = read_calls(open(path)?);
    Ok(calls.map(move |call| call.map_err(|e| Failure::failed(format!("'{name}' {e}")))))
}

/// A reader that refuses lines longer than [`MAX_LINE`], so that none fills the memory.
struct BoundedLines<R> {
    inner: R,
    /// Bytes of the current line so far.
    n_bytes: usize,
}

impl<R: BufRead> BoundedLines<R> {
    fn new(inner: R) -> Self {
        Self { inner, n_bytes: 0 }
    }
}

impl<R: BufRead> Read for BoundedLines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for BoundedLines<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.n_bytes > MAX_LINE {
            let message = format!("a line of more than {MAX_LINE} bytes; is the file a call log?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        // What is consumed was filled before, so that nothing is read here.
        let taken = self.inner.fill_buf().map_or(&[][..], |bytes| &bytes[..n]);
        let line_end = taken.iter().rposition(|&byte| byte == b'\n');
        self.n_bytes = line_end.map_or(self.n_bytes + n, |at| n - at - 1);
        self.inner.consume(n);
    }
}

enum Sink {
    Plain(BufWriter<NewFile>),
    Compressed(zstd::Encoder<'static, BufWriter<NewFile>>),
}

/// Writes a call log; the file appears under its name only when it is whole, and nobody else can begin it meanwhile.
pub struct Writer {
    path: PathBuf,
    sink: Sink,
}

impl Writer {
    /// Prepares to write `path`; an existing file is only replaced with `force`.
    ///
    /// # Errors
    /// If the file is there or another process writes it, or its folder cannot be written.
    pub fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        atomic::check_free(path, force)?;
        let cannot = |e| FileError::new("write", path, e);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(cannot)?;
        }
        let file = BufWriter::new(NewFile::create(path)?);
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

    /// Adds a call.
    ///
    /// # Errors
    /// If the disk says no; nothing is left under the final name.
    pub fn write(&mut self, call: &CallLog) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(call)?;
        line.push(b'\n');
        let written = match &mut self.sink {
            Sink::Plain(file) => file.write_all(&line),
            Sink::Compressed(file) => file.write_all(&line),
        };
        Ok(written.map_err(|e| FileError::new("write", &self.path, e))?)
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn finish(self) -> Result<(), Failure> {
        let path = self.path;
        let cannot = |e| FileError::new("write", &path, e);
        let file = match self.sink {
            Sink::Plain(file) => file,
            Sink::Compressed(encoder) => encoder.finish().map_err(cannot)?,
        };
        let file = file.into_inner().map_err(|e| cannot(e.into_error()))?;
        Ok(file.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<String>> {
        lines(bytes)?.lines().collect()
    }

    #[test]
    fn a_file_is_what_it_holds_and_not_what_it_is_called() {
        let text = b"one\ntwo\n";
        let compressed = zstd::encode_all(&text[..], 1).expect("memory takes it");
        let marked = [&BYTE_ORDER_MARK[..], text].concat();
        for bytes in [text.to_vec(), compressed, marked] {
            assert_eq!(read(&bytes).expect("text"), ["one", "two"]);
        }
    }

    #[test]
    fn a_line_without_end_is_no_line() {
        let long = vec![b'x'; MAX_LINE + 2];
        // Some kilobytes when compressed.
        let compressed = zstd::encode_all(&long[..], 1).expect("memory takes it");
        for bytes in [[b"short\n", &long[..]].concat(), compressed] {
            let message = read(&bytes).expect_err("too long").to_string();
            assert!(message.contains("a line of more than"), "{message}");
        }
        let just = vec![b'x'; MAX_LINE];
        assert_eq!(read(&just).expect("a line").len(), 1);
    }

    #[test]
    fn a_compressed_file_that_was_cut_anywhere_is_an_error() {
        let text: String = (0..2_000)
            .map(|k| format!("line {k} {}\n", k * k))
            .collect();
        let whole = zstd::encode_all(text.as_bytes(), 1).expect("memory takes it");
        assert_eq!(read(&whole).expect("whole").len(), 2_000);
        for n_bytes in (ZSTD.len()..whole.len()).step_by(7) {
            assert!(read(&whole[..n_bytes]).is_err(), "{n_bytes} bytes");
        }
    }
}
