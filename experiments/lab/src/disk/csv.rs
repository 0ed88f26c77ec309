//! CSV as every file of the laboratory has it: a head, rows as long as the head, quotes where needed, and no cell that
//! a spreadsheet would take for a formula.

use std::borrow::Cow;

use ::csv::{Reader, StringRecord, Writer};

use crate::error::Failure;

/// A CSV file; the same rows give the same bytes.
///
/// # Panics
/// If a row is not as long as the head.
pub fn to_csv<R>(head: &[&str], rows: impl IntoIterator<Item = R>) -> String
where
    R: IntoIterator<Item = String>,
{
    let mut writer = Writer::from_writer(Vec::new());
    let rows = rows.into_iter().map(|row| row.into_iter().collect());
    let head = head.iter().map(|name| (*name).to_owned()).collect();
    for row in std::iter::once(head).chain(rows) {
        let row: Vec<String> = row;
        writer
            .write_record(row.iter().map(|cell| no_formula(cell).into_owned()))
            .expect("memory takes every row, and rows are as long as the head");
    }
    let bytes = writer.into_inner().expect("memory takes every row");
    String::from_utf8(bytes).expect("cells are UTF-8")
}

/// The rows of a CSV file with the given head, each made by `row`.
///
/// # Errors
/// The first line that is no row, or that `row` does not take.
pub fn from_csv<T>(
    file: &str,
    text: &str,
    head: &[&str],
    row: impl Fn(&StringRecord) -> Option<T>,
) -> Result<Vec<T>, Failure> {
    let expected = head.join(",");
    let wrong = |line: u64| {
        let found = text.lines().nth(line.saturating_sub(1) as usize);
        let found = found.unwrap_or_default();
        Failure::failed(format!(
            "'{file}' line {line}: found `{found}`, expected {expected}"
        ))
    };
    let mut reader = Reader::from_reader(text.as_bytes());
    if reader.headers().is_ok_and(|found| found != head) {
        return Err(wrong(1));
    }
    let parsed = reader.records().map(|record| match record {
        Ok(record) => {
            let line = record.position().map_or(0, |at| at.line());
            row(&record).ok_or_else(|| wrong(line))
        }
        Err(error) => Err(wrong(error.position().map_or(0, |at| at.line()))),
    });
    parsed.collect()
}

/// A cell that a spreadsheet shows as it is: before a text that it would take for a formula stands `'`. Numbers are
/// none.
pub fn no_formula(cell: &str) -> Cow<'_, str> {
    match cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err() {
        true => format!("'{cell}").into(),
        false => cell.into(),
    }
}

/// A number for a cell; empty where nothing was measured.
pub fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_quotes_survive() {
        let cells = ["a, b", "\"c\"", ""].map(str::to_owned);
        let text = to_csv(&["x", "y", "z"], [cells.clone()]);
        let read = from_csv("f", &text, &["x", "y", "z"], |row| {
            Some(row.iter().map(str::to_owned).collect::<Vec<_>>())
        });
        assert_eq!(read.expect("own file"), [cells]);
    }

    #[test]
    fn no_cell_is_a_formula() {
        let cells = ["=1+1", "-run", "@a", "\tx", "-1.5", "a=b"].map(str::to_owned);
        let text = to_csv(&["a", "b", "c", "d", "e", "f"], [cells]);
        assert!(text.ends_with("'=1+1,'-run,'@a,'\tx,-1.5,a=b\n"), "{text}");
    }

    #[test]
    fn a_row_of_another_length_is_named() {
        let error = from_csv("f.csv", "x,y\n1,2\n3\n", &["x", "y"], |_| Some(()));
        let message = error.expect_err("too short").message;
        assert_eq!(message, "'f.csv' line 3: found `3`, expected x,y");
    }
}
