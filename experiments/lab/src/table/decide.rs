//! What a table decides: one observation by names, or every row of a CSV file.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::csv::{Position, Reader, StringRecord};
use offhook_table::{DecideError, DecisionTable, Rule};

use crate::disk::atomic::FileError;
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
    reader: Reader<File>,
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
    /// Opens the file.
    ///
    /// # Errors
    /// If it cannot be read, names a feature twice, or lacks one that rules test.
    pub fn open(table: &'a DecisionTable, path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|e| FileError::new("read", path, e))?;
        let mut reader = Reader::from_reader(file);
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
        match self.reader.read_record(&mut cells) {
            Ok(true) => Some(self.decide(cells)),
            Ok(false) => None,
            Err(e) => Some(Err(at(&self.path, &e))),
        }
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
