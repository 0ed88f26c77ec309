//! Tables of results: aligned text for the terminal, rows for CSV, and what the report shows as HTML.

use offhook_lab::printable::one_line;
use offhook_lab::unit::Unit;
use offhook_stats::Estimate;

/// A table with a header; every row has as many cells as there are columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextTable {
    /// Column heads, the first of which names the rows; units of plain numbers belong here.
    pub columns: Vec<String>,
    /// Rows from top to bottom.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell of a [`TextTable`].
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words, flush left.
    Text(String),
    /// A number with its interval, flush right.
    Value(Estimate, Unit),
    /// Not measured: empty, never 0.
    Missing,
}

impl Cell {
    /// A number, or [`Cell::Missing`] where there is none.
    pub fn value(estimate: Option<Estimate>, unit: &Unit) -> Self {
        match estimate {
            Some(estimate) if estimate.value.is_finite() => Self::Value(estimate, unit.clone()),
            _ => Self::Missing,
        }
    }

    /// What stands before the interval, and the interval; either may be empty.
    pub(crate) fn parts(&self) -> (String, String) {
        match self {
            Self::Text(text) => (one_line(text).into_owned(), String::new()),
            Self::Value(estimate, unit) => (unit.text(estimate.value), unit.bounds(estimate)),
            Self::Missing => Default::default(),
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl TextTable {
    /// The same with columns for rows: what named the rows heads the columns.
    pub fn transposed(&self) -> Self {
        let heads = self.rows.iter().filter_map(|row| row.first());
        let heads = heads.map(|cell| cell.parts().0);
        let row = |(column, head): (usize, &String)| {
            let cells = self.rows.iter().filter_map(|row| row.get(column).cloned());
            std::iter::once(Cell::Text(head.clone()))
                .chain(cells)
                .collect()
        };
        Self {
            columns: self
                .columns
                .first()
                .cloned()
                .into_iter()
                .chain(heads)
                .collect(),
            rows: self.columns.iter().enumerate().skip(1).map(row).collect(),
        }
    }

    /// The table as lines of text: numbers flush right, their intervals in a column of their own, two spaces
    /// between columns and none at the end.
    pub fn to_text(&self) -> String {
        let mut lines = vec![String::new(); self.rows.len() + 1];
        for (column, head) in self.columns.iter().enumerate() {
            let head = one_line(head);
            let cells: Vec<&Cell> = self.rows.iter().filter_map(|row| row.get(column)).collect();
            let numeric = cells.iter().any(|cell| matches!(cell, Cell::Value(..)));
            let parts: Vec<_> = cells.iter().map(|cell| cell.parts()).collect();
            let front = parts
                .iter()
                .map(|(front, _)| width(front))
                .max()
                .unwrap_or(0);
            let back = parts.iter().map(|(_, back)| width(back)).max().unwrap_or(0);
            let texts = parts.iter().map(|(text, bounds)| {
                let pad = " ".repeat(front - width(text));
                let text = if numeric {
                    format!("{pad}{text}")
                } else {
                    format!("{text}{pad}")
                };
                if back == 0 {
                    text
                } else {
                    format!("{text} {bounds:<back$}")
                }
            });
            let texts: Vec<String> = texts.collect();
            let full = texts
                .iter()
                .map(|text| width(text))
                .max()
                .unwrap_or(0)
                .max(width(&head));
            for (line, text) in lines
                .iter_mut()
                .zip([head.to_string()].into_iter().chain(texts))
            {
                let pad = " ".repeat(full - width(&text));
                if column > 0 {
                    line.push_str("  ");
                }
                // Heads stand over their numbers.
                let text = if numeric {
                    format!("{pad}{text}")
                } else {
                    format!("{text}{pad}")
                };
                line.push_str(&text);
            }
        }
        lines
            .iter()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect()
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TextTable {
        let value = |value: Option<Estimate>, unit: &Unit| Cell::value(value, unit);
        let (share, turns) = (Unit::share(), Unit::plain("turns", 2));
        TextTable {
            columns: ["policy", "completion", "turns"].map(String::from).to_vec(),
            rows: vec![
                vec![
                    "script".into(),
                    value(Some(Estimate::new(0.713, 0.704, 0.722)), &share),
                    value(Some(Estimate::point(11.5)), &turns),
                ],
                vec![
                    "reinforcement".into(),
                    value(Some(Estimate::new(0.061, 0.06, 0.102)), &share),
                    value(None, &turns),
                ],
                vec![
                    "imitation".into(),
                    Cell::Missing,
                    value(Some(Estimate::point(-0.001)), &turns),
                ],
            ],
        }
    }

    #[test]
    fn columns_line_up_and_the_unmeasured_stays_empty() {
        let expected = "\
policy                  completion  turns
script         71.3 % [70.4, 72.2]  11.50
reinforcement   6.1 % [6.0, 10.2]
imitation                            0.00
";
        assert_eq!(table().to_text(), expected);
    }

    #[test]
    fn a_table_without_rows_has_its_head() {
        let table = TextTable {
            columns: vec!["policy".into(), "turns".into()],
            rows: vec![],
        };
        assert_eq!(table.to_text(), "policy  turns\n");
    }
}
