//! What a table decides: one observation by names, or every row of a CSV file.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use ::csv::{Position, Reader, ReaderBuilder, StringRecord};
use offhook_table::{DecideError, DecisionTable, Rule};

use crate::disk::atomic::{self, FileError};
use crate::disk::jsonl::MAX_LINE;
use crate::error::Failure;

/// A decision, and why.
#[derive(Clone, Copy, Debug)]
pub struct NamedDecision<'a> {
    /// The table that decided.
    pub table: &'a DecisionTable,
    /// Name of the action.
    pub action: &'a str,
    /// The rule that fired; none where the default action is taken.
    pub rule: Option<&'a Rule>,
}

/// Decides one observation, given as pairs of feature and level.
///
/// # Errors
/// If names are unknown or missing.
pub fn one<'a>(
    table: &'a DecisionTable,
    named: &[(&str, &str)],
) -> Result<NamedDecision<'a>, DecideError> {
    let decision = table.decide_named(named)?;
    Ok(NamedDecision {
        table,
        action: table.action_name(decision.action),
        rule: decision.rule.map(|k| &table.rules()[k as usize]),
    })
}

/// Columns that decisions add; those of an earlier decision on the same rows are replaced.
pub const DECISION_COLUMNS: [&str; 2] = ["action", "rule"];

/// The rows of a CSV file with a column per feature, each with what the table decides there. Other columns, such
/// as a call's number, are handed through.
pub struct DecidedRows<'a> {
    table: &'a DecisionTable,
    path: PathBuf,
    reader: Reader<BoundedRows<'a>>,
    /// Bytes that may still be read for the next row.
    left: Rc<Cell<usize>>,
    header: StringRecord,
    /// Those that are features.
    columns: Vec<usize>,
    /// Those that are handed through: all but an earlier decision's.
    kept: Vec<usize>,
}

/// A row and its decision.
pub struct DecidedRow<'a> {
    /// Its line in the file, counted from 1.
    pub line: u64,
    /// Its cells, as many as [`DecidedRows::header`] has.
    pub cells: StringRecord,
    /// What the table decides.
    pub decision: NamedDecision<'a>,
}

impl<'a> DecidedRows<'a> {
    /// Opens the file; its cells are parted by commas, or by `;` or tabs as spreadsheets may have it.
    ///
    /// # Errors
    /// If it cannot be read, names a feature twice, or lacks one that rules test.
    pub fn open(table: &'a DecisionTable, path: &Path) -> Result<Self, Failure> {
        Self::read(table, path, BufReader::new(atomic::open(path)?))
    }

    /// The same from what stands in a file of that name.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read(
        table: &'a DecisionTable,
        path: &Path,
        mut file: impl BufRead + 'a,
    ) -> Result<Self, Failure> {
        let mut first = Vec::new();
        let read = (&mut file)
            .take(MAX_LINE as u64)
            .read_until(b'\n', &mut first);
        read.map_err(|e| FileError::new("read", path, e))?;
        let has = |mark: u8| first.contains(&mark);
        let delimiter = [b',', b';', b'\t'].into_iter().find(|&mark| has(mark));
        let left = Rc::new(Cell::new(MAX_LINE));
        let rows = BoundedRows {
            file: Box::new(io::Cursor::new(first).chain(file)),
            left: left.clone(),
        };
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter.unwrap_or(b','))
            .from_reader(rows);
        let header = reader.headers().map_err(|e| at(path, &e))?.clone();
        let columns: Vec<usize> = (0..header.len())
            .filter(|&column| table.layout().feature_idx(&header[column]).is_some())
            .collect();
        check_header(table, &header, &columns)
            .map_err(|e| Failure::failed(format!("'{}' line 1: {e}", path.display())))?;
        let kept = (0..header.len())
            .filter(|column| {
                columns.contains(column) || !DECISION_COLUMNS.contains(&&header[*column])
            })
            .collect();
        Ok(Self {
            table,
            path: path.to_owned(),
            reader,
            left,
            header,
            columns,
            kept,
        })
    }

    /// The names of the columns that are handed through.
    pub fn header(&self) -> StringRecord {
        self.kept(&self.header)
    }

    fn kept(&self, cells: &StringRecord) -> StringRecord {
        self.kept.iter().map(|&column| &cells[column]).collect()
    }

    fn decide(&self, cells: StringRecord) -> Result<DecidedRow<'a>, Failure> {
        let (header, path) = (&self.header, self.path.display());
        let line = cells.position().map_or(0, Position::line);
        let named: Vec<(&str, &str)> = (self.columns.iter())
            .map(|&column| (&header[column], &cells[column]))
            .collect();
        let decision = one(self.table, &named).map_err(|e| {
            let at = match &e {
                DecideError::UnknownLevel { feature, .. } => {
                    header.iter().position(|h| h == feature)
                }
                _ => None,
            };
            let column = at.map_or(String::new(), |at| format!(", column {}", at + 1));
            Failure::failed(format!("'{path}' line {line}{column}: {e}"))
        })?;
        Ok(DecidedRow {
            line,
            cells: self.kept(&cells),
            decision,
        })
    }
}

impl<'a> Iterator for DecidedRows<'a> {
    type Item = Result<DecidedRow<'a>, Failure>;

    /// The next row; an error names line and column.
    fn next(&mut self) -> Option<Self::Item> {
        let mut cells = StringRecord::new();
        self.left.set(MAX_LINE);
        match self.reader.read_record(&mut cells) {
            Ok(true) => Some(self.decide(cells)),
            Ok(false) => None,
            Err(e) => Some(Err(at(&self.path, &e))),
        }
    }
}

/// A file of which no row has more than [`MAX_LINE`] bytes, so that none fills the memory.
struct BoundedRows<'a> {
    file: Box<dyn Read + 'a>,
    left: Rc<Cell<usize>>,
}

impl Read for BoundedRows<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            let message = format!("a row of more than {MAX_LINE} bytes; is a quote missing?");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        let n_bytes = self.file.read(out)?;
        self.left.set(self.left.get().saturating_sub(n_bytes));
        Ok(n_bytes)
    }
}

fn at(path: &Path, error: &::csv::Error) -> Failure {
    Failure::failed(format!("'{}': {error}", path.display()))
}

/// Refuses a header that names a feature twice, or lacks one that rules test.
fn check_header(
    table: &DecisionTable,
    header: &StringRecord,
    columns: &[usize],
) -> Result<(), DecideError> {
    let repeated = |&&column: &&usize| header.iter().filter(|h| *h == &header[column]).count() > 1;
    if let Some(&column) = columns.iter().find(repeated) {
        let feature = header[column].to_owned();
        return Err(DecideError::Repeated { feature });
    }
    let names = table
        .tested_features()
        .map(|idx| &*table.layout().features()[idx].name);
    let missing: Vec<&str> = names
        .filter(|name| !header.iter().any(|h| h == *name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let features = missing.join(", ");
    Err(DecideError::Missing { features })
}
