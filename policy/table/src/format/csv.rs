//! A table as a spreadsheet: one row per rule, `rule,action,support,fidelity`, then a column per
//! feature that any rule tests, then `table`.
//!
//! A cell is `-` where the rule allows any level, and otherwise the levels allowed,
//! `claimed|doubted`; a fidelity that was not measured is empty. The last column holds, in the
//! first row only, what the rows do not show (untested features, default action, provenance,
//! checksum), so that the file reads back as the same table. A table without rules has one row with
//! nothing but that.
//!
//! A spreadsheet may have saved it with `;` or tabs between the cells, as it does where the comma parts
//! whole numbers from fractions; it may not have rounded a number.

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use crate::format::check_len;
use crate::table::document::{Document, action, compact};
use crate::table::{
    DecisionTable, Layout, MAX_CONTENT_BYTES, MAX_RULES, RESERVED, Rule, TableError, shorten,
};

/// Columns before those of the features.
const N_BEFORE: usize = RESERVED.len() - 1;

impl DecisionTable {
    /// The table as CSV, its rules in order.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer = WriterBuilder::new().from_writer(Vec::new());
        let mut write = |row: Vec<&str>| {
            writer
                .write_record(row)
                .expect("a Vec takes every write, and all rows are as long as the header");
        };
        let (before, after) = RESERVED.split_at(N_BEFORE);
        let tested = || self.tested().map(|(_, feature)| feature.name.as_str());
        write([before, &tested().collect::<Vec<_>>(), after].concat());
        let mut head = compact(&Document::head(self));
        for rule in self.rules() {
            let conditions = self.layout().conditions(&rule.when);
            let support = rule.support.to_string();
            let fidelity = rule
                .fidelity
                .map_or(String::new(), |share| share.to_string());
            let cells: Vec<String> = tested()
                .map(|name| {
                    conditions
                        .get(name)
                        .map_or("-".to_owned(), |levels| levels.join("|"))
                })
                .collect();
            let mut row = vec![
                &*rule.id,
                self.action_name(rule.action),
                &support,
                &fidelity,
            ];
            row.extend(cells.iter().map(String::as_str));
            row.push(&head);
            write(row);
            head.clear();
        }
        if self.rules().is_empty() {
            write(vec!["", "", "", "", &head]);
        }
        let bytes = writer.into_inner().expect("a Vec takes every write");
        String::from_utf8(bytes).expect("names are UTF-8")
    }

    /// Reads a table from what [`DecisionTable::to_csv`] writes; features may come in any order.
    ///
    /// Any bytes are safe: input beyond four times [`MAX_CONTENT_BYTES`] is refused unread, and
    /// [`format`](mod@crate::format) bounds the memory.
    ///
    /// # Errors
    /// [`TableError`] with line and column, what was found and what was expected.
    pub fn from_csv(bytes: &[u8]) -> Result<Self, TableError> {
        check_len(bytes, 4 * MAX_CONTENT_BYTES)?;
        let delimiter = delimiter(bytes);
        let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
        let header = reader.headers().map_err(syntax)?.clone();
        let columns = columns(&header)?;
        let mut rows = Vec::new();
        for record in reader.records() {
            if rows.len() == MAX_RULES {
                return Err(TableError::invalid(
                    "rows",
                    format!("more than {MAX_RULES}"),
                    format!("at most {MAX_RULES}"),
                ));
            }
            rows.push(record.map_err(syntax)?);
        }
        let mut heads = rows.iter().map(|row| &row[row.len() - 1]);
        let head = heads.find(|head| !head.is_empty()).ok_or_else(|| {
            TableError::invalid(
                "column 'table'",
                "nothing",
                "the features and the provenance in some row",
            )
        })?;
        let is_rule = |row: &&StringRecord| row.iter().take(N_BEFORE).any(|cell| !cell.is_empty());
        let rules = || rows.iter().filter(is_rule);
        let table = Document::parse("CSV", head.as_bytes())?.open(|layout| {
            check_features(&columns, layout)?;
            let comma = delimiter != b',';
            let rules = rules().map(|row| parse_rule(&columns, row, layout, comma));
            rules.collect()
        });
        match table {
            Err(TableError::Checksum { .. }) if is_rounded(rules().map(|row| &row[3])) => {
                Err(TableError::invalid(
                    "column 'fidelity'",
                    format!("no number of more than {SPREADSHEET_DIGITS} digits"),
                    "those that were written: a spreadsheet has rounded them, so the checksum does not fit; keep \
                     the column as text there, or use the table in JSON",
                ))
            }
            read => read,
        }
    }
}

/// Digits that spreadsheets keep of a number; its shortest form has up to 17.
const SPREADSHEET_DIGITS: usize = 15;

/// Whether numbers look as if a spreadsheet had saved them: some have all the digits that it keeps, and none more.
fn is_rounded<'a>(numbers: impl Iterator<Item = &'a str>) -> bool {
    let n_digits = |number: &str| {
        let digits = number.trim_start_matches(['0', '.', ',']);
        digits.chars().filter(char::is_ascii_digit).count()
    };
    // A last digit that is 0 is left out.
    (SPREADSHEET_DIGITS - 1..=SPREADSHEET_DIGITS)
        .contains(&numbers.map(n_digits).max().unwrap_or(0))
}

/// What parts the cells: what stands behind the first name.
fn delimiter(bytes: &[u8]) -> u8 {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let name = text.strip_prefix(b"\"").unwrap_or(text);
    let rest = name.strip_prefix(RESERVED[0].as_bytes()).unwrap_or(b"");
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    match rest.first() {
        Some(&found @ (b';' | b'\t')) => found,
        _ => b',',
    }
}

fn syntax(error: csv::Error) -> TableError {
    TableError::Syntax {
        format: "CSV",
        reason: error.to_string(),
    }
}

/// The names of the feature columns.
fn columns(header: &StringRecord) -> Result<Vec<&str>, TableError> {
    let names: Vec<&str> = header.iter().collect();
    let (before, after) = RESERVED.split_at(N_BEFORE);
    let features = names
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(after));
    features.map(<[&str]>::to_vec).ok_or_else(|| {
        let found: Vec<String> = names
            .iter()
            .take(N_BEFORE)
            .map(|name| shorten(name))
            .collect();
        TableError::invalid(
            "line 1",
            format!(
                "'{} ... {}'",
                found.join(","),
                shorten(names.last().unwrap_or(&""))
            ),
            format!("'{} ... {}'", before.join(","), after.concat()),
        )
    })
}

fn check_features(columns: &[&str], layout: &Layout) -> Result<(), TableError> {
    for (idx, name) in columns.iter().enumerate() {
        let place = format!("line 1, column {}", N_BEFORE + idx + 1);
        if layout.feature_idx(name).is_none() {
            let expected = format!("one of {}", layout.feature_names());
            return Err(TableError::invalid(
                place,
                format!("feature '{}'", shorten(name)),
                expected,
            ));
        }
        if columns[..idx].contains(name) {
            return Err(TableError::invalid(
                place,
                format!("feature '{name}' again"),
                "each feature once",
            ));
        }
    }
    Ok(())
}

/// One row; the reader has checked that it is as long as the header. With `comma` fractions may have one.
fn parse_rule(
    columns: &[&str],
    record: &StringRecord,
    layout: &Layout,
    comma: bool,
) -> Result<Rule, TableError> {
    let line = record.position().map_or(0, csv::Position::line);
    let invalid = |column: usize, expected: &str| {
        let place = format!("line {line}, column '{}'", RESERVED[column]);
        TableError::invalid(place, format!("'{}'", shorten(&record[column])), expected)
    };
    let action = action(layout, &format!("line {line}"), &record[1])?;
    let support = record[2]
        .parse()
        .map_err(|_| invalid(2, "a number of visits"))?;
    let fidelity = match &record[3] {
        "" => None,
        share => {
            let share = match comma {
                true => share.replacen(',', ".", 1).parse(),
                false => share.parse(),
            };
            Some(share.map_err(|_| invalid(3, "a share from 0 to 1, or nothing"))?)
        }
    };
    let cells: Vec<(&str, Vec<&str>)> = columns
        .iter()
        .zip(record.iter().skip(N_BEFORE))
        .filter(|&(_, levels)| levels != "-")
        .map(|(&name, levels)| (name, levels.split('|').collect()))
        .collect();
    let conditions: Vec<(&str, &[&str])> = cells
        .iter()
        .map(|(name, levels)| (*name, levels.as_slice()))
        .collect();
    let when = layout
        .cell(&conditions)
        .map_err(|error| error.within(&format!("line {line}")))?;
    Ok(Rule {
        id: record[0].to_owned(),
        when,
        action,
        support,
        fidelity,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::cases;
    use crate::{Feature, Provenance};

    fn table() -> DecisionTable {
        let features = vec![
            Feature::new("identity", &["unknown", "claimed", "doubted"]),
            Feature::new("mood", &["good", "bad"]),
            Feature::new("confidence", &["low", "high"]),
        ];
        let layout = Layout::new(
            features,
            vec!["ask".into(), "offer(cover, \u{20ac} 5)".into()],
        )
        .unwrap();
        let known = layout
            .cell(&[("identity", &["claimed", "doubted"])])
            .unwrap();
        let unsure = layout
            .cell(&[("identity", &["unknown"]), ("confidence", &["low"])])
            .unwrap();
        let rules = vec![
            Rule {
                support: 9,
                fidelity: Some(0.25),
                ..Rule::new("r1", known, 1)
            },
            Rule::new("r2", unsure, 0),
        ];
        DecisionTable::new("mock", layout, rules, 0, Provenance::new()).unwrap()
    }

    #[test]
    fn a_row_reads_like_the_rule_and_untested_features_have_no_column() {
        let text = table().to_csv();
        let (head, rest) = text.split_once(",\"{\"\"schema\"\"").unwrap();
        assert_eq!(
            head,
            "rule,action,support,fidelity,identity,confidence,table
r1,\"offer(cover, \u{20ac} 5)\",9,0.25,claimed|doubted,-"
        );
        assert!(rest.ends_with("\"\nr2,ask,0,,unknown,low,\n"), "{rest}");
        assert_eq!(DecisionTable::from_csv(text.as_bytes()).unwrap(), table());
    }

    #[test]
    fn a_table_without_rules_comes_back_as_well() {
        let layout = table().layout().clone();
        let empty = DecisionTable::new("mock", layout, vec![], 1, Provenance::new()).unwrap();
        let back = DecisionTable::from_csv(empty.to_csv().as_bytes()).unwrap();
        assert_eq!(back, empty);
    }

    #[test]
    fn a_broken_cell_is_named_by_line_and_column() {
        let check = |from: &str, to: &str, expected: &str| {
            let text = table().to_csv().replacen(from, to, 1);
            let message = DecisionTable::from_csv(text.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(message.contains(expected), "{message}");
        };
        check(
            "r2,ask",
            "r2,shout",
            "line 3: found action 'shout', expected one of ask, offer",
        );
        check(
            ",9,",
            ",many,",
            "line 2, column 'support': found 'many', expected a number of visits",
        );
        check("0.25", "high", "line 2, column 'fidelity': found 'high'");
        check(
            "unknown,low",
            "unknown,medium",
            "line 3, condition on 'confidence': found level 'medium'",
        );
        check(
            "fidelity,identity",
            "fidelity,id",
            "line 1, column 5: found feature 'id', expected one of identity",
        );
        check(
            "rule,action",
            "id,action",
            "line 1: found 'id,action,support,fidelity ... table', expected 'rule,",
        );
        check("unknown,low", "unknown", "found record with 6 fields");
        check("schema", "scheme", "unknown field `scheme`");
        check("{\"\"schema", "", "not a table in CSV");
        check("unknown,low", "unknown,high", "checksum: found ");
        check("\nr2,ask,0,,unknown,low,", "", "checksum: found ");
        assert!(DecisionTable::from_csv(b"").is_err());
        assert!(DecisionTable::from_csv(b"rule,action,support,fidelity,table\n").is_err());
    }

    #[test]
    fn what_a_spreadsheet_saved_is_read_or_named() {
        let mut rules = table().rules().to_vec();
        rules[0].fidelity = Some(1.0 / 3.0);
        let layout = table().layout().clone();
        let table = DecisionTable::new("mock", layout, rules, 0, Provenance::new()).unwrap();
        let text = table.to_csv();
        // All records again, with another mark between the cells.
        let saved = |delimiter: u8, text: &str| {
            let mut reader = ReaderBuilder::new()
                .has_headers(false)
                .from_reader(text.as_bytes());
            let mut writer = WriterBuilder::new()
                .delimiter(delimiter)
                .from_writer(Vec::new());
            for record in reader.records() {
                writer.write_record(&record.unwrap()).unwrap();
            }
            writer.into_inner().unwrap()
        };
        let with_comma = text.replace(",0.3333333333333333,", ",\"0,3333333333333333\",");
        for bytes in [
            saved(b';', &text),
            saved(b'\t', &text),
            saved(b';', &with_comma),
            [b"\xef\xbb\xbf", &saved(b';', &text)[..]].concat(),
        ] {
            assert_eq!(DecisionTable::from_bytes(&bytes).unwrap(), table);
        }
        let rounded = text.replace("0.3333333333333333", "0.333333333333333");
        for bytes in [rounded.clone().into_bytes(), saved(b';', &rounded)] {
            let message = DecisionTable::from_bytes(&bytes).unwrap_err().to_string();
            assert!(
                message.contains("a spreadsheet has rounded them"),
                "{message}"
            );
        }
        let edited = text.replace("0.3333333333333333", "0.3");
        let message = DecisionTable::from_bytes(edited.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(message.starts_with("checksum: found"), "{message}");
    }

    proptest! {
        #![proptest_config(cases(64))]

        #[test]
        fn no_bytes_make_the_reader_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
        ) {
            let _ = DecisionTable::from_csv(&bytes);
            let mut mutated = table().to_csv().into_bytes();
            for (place, byte) in edits {
                let idx = place.index(mutated.len());
                mutated[idx] = byte;
            }
            if let Ok(read) = DecisionTable::from_csv(&mutated) {
                prop_assert_eq!(read, table());
            }
        }
    }
}
