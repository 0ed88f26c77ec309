//! `offhook table decide`: one decision with the rule that fired, or a CSV file of many.

use std::path::Path;

use offhook_lab::disk::csv::no_formula;
use offhook_lab::error::Failure;
use offhook_lab::policies::open_table;
use offhook_lab::printable;
use offhook_lab::table::decide::{DECISION_COLUMNS, DecidedRows, one as decide};
use offhook_report::table::decide::{cells, present, record};

use crate::terminal::{self, out};

/// Decides one observation, given as `feature=level`.
///
/// # Errors
/// If the table cannot be read, or names are unknown or missing.
pub fn one(path: &Path, set: &[String], json: bool) -> Result<(), Failure> {
    let table = open_table(path)?;
    let named = set.iter().map(|text| pair(text));
    let named = named.collect::<Result<Vec<_>, _>>()?;
    out!("{}", present(decide(&table, &named)?).show(json));
    Ok(())
}

fn pair(text: &str) -> Result<(&str, &str), Failure> {
    let (feature, level) = text.split_once('=').ok_or_else(|| {
        Failure::usage(format!(
            "--set {text}: expected feature=level, as in --set identity=claimed,heard=affirm"
        ))
    })?;
    Ok((feature.trim(), level.trim()))
}

/// Decides every line of a CSV file with a column per feature; other columns, such as a call's number,
/// are handed through. With `json` a line gives an object.
///
/// # Errors
/// If a file cannot be read, a tested feature has no column, or a level is unknown: line and column
/// are named.
pub fn many(path: &Path, csv: &Path, json: bool) -> Result<(), Failure> {
    let table = open_table(path)?;
    let rows = DecidedRows::open(&table, csv)?;
    if json {
        for row in rows {
            out!("{}", record(&row?));
            if terminal::is_closed() {
                break;
            }
        }
        return Ok(());
    }
    let mut writer = csv::Writer::from_writer(terminal::Stdout);
    let header = rows.header();
    // Whatever is wrong with standard output is said at the end of the program.
    let header = header.iter().chain(DECISION_COLUMNS);
    if writer.write_record(header.map(plain)).is_err() {
        return Ok(());
    }
    for row in rows {
        let row = row?;
        let cells = row.cells.iter().chain(cells(&row));
        if writer.write_record(cells.map(plain)).is_err() {
            return Ok(());
        }
    }
    let _ = writer.flush();
    Ok(())
}

/// A cell that controls neither a terminal nor a spreadsheet.
fn plain(cell: &str) -> String {
    no_formula(&printable::lines(cell)).into_owned()
}
