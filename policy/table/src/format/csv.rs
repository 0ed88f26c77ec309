//! A table as a spreadsheet: one row per rule, `rule,action,support,fidelity`, then a column per
//! feature that any rule tests.
//!
//! A cell is `-` where the rule allows any level, and otherwise the levels allowed,
//! `claimed|doubted`; a fidelity that was not measured is empty. Scenario, untested features,
//! default action and provenance are not in the file: with the layout of the table it came from,
//! [`rules_from_csv`] reads the same rules back.

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use crate::error::{TableError, shorten};
use crate::layout::{Layout, RESERVED};
use crate::table::{DecisionTable, MAX_CONTENT_BYTES, MAX_RULES, Rule};

impl DecisionTable {
    /// The rules as CSV, in the order of the table.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer = WriterBuilder::new().from_writer(Vec::new());
        let header = RESERVED
            .into_iter()
            .chain(self.tested().map(|(_, feature)| feature.name.as_str()));
        writer
            .write_record(header)
            .expect("a Vec takes every write");
        for rule in self.rules() {
            let conditions = self.layout().conditions(&rule.when);
            let fixed = [
                rule.id.clone(),
                self.action_name(rule.action).to_owned(),
                rule.support.to_string(),
                rule.fidelity
                    .map_or(String::new(), |share| share.to_string()),
            ];
            let cells = self.tested().map(|(_, feature)| {
                conditions
                    .get(&feature.name)
                    .map_or("-".to_owned(), |levels| levels.join("|"))
            });
            writer
                .write_record(fixed.into_iter().chain(cells))
                .expect("all rows are as long as the header");
        }
        let bytes = writer.into_inner().expect("a Vec takes every write");
        String::from_utf8(bytes).expect("names are UTF-8")
    }
}

/// Reads rules as [`DecisionTable::to_csv`] writes them, for a table with this layout.
///
/// The first four columns are fixed; features may come in any order, and one without a column may
/// take any level. Rules are not checked against each other here: [`DecisionTable::new`] does that.
///
/// # Errors
/// [`TableError`] with line and column, what was found and what was expected.
pub fn rules_from_csv(bytes: &[u8], layout: &Layout) -> Result<Vec<Rule>, TableError> {
    let limit = 2 * MAX_CONTENT_BYTES;
    if bytes.len() > limit {
        return Err(TableError::TooLarge {
            found: bytes.len(),
            limit,
        });
    }
    let syntax = |error: csv::Error| TableError::Syntax {
        format: "CSV",
        reason: error.to_string(),
    };
    let mut reader = ReaderBuilder::new().from_reader(bytes);
    let header = reader.headers().map_err(syntax)?.clone();
    check_header(&header, layout)?;
    let mut rules = Vec::new();
    for record in reader.records() {
        let record = record.map_err(syntax)?;
        if rules.len() == MAX_RULES {
            return Err(TableError::invalid(
                "rows",
                format!("more than {MAX_RULES}"),
                format!("at most {MAX_RULES}"),
            ));
        }
        rules.push(parse_rule(&header, &record, layout)?);
    }
    Ok(rules)
}

fn check_header(header: &StringRecord, layout: &Layout) -> Result<(), TableError> {
    if !header.iter().take(RESERVED.len()).eq(RESERVED) {
        let found = header
            .iter()
            .take(RESERVED.len())
            .map(shorten)
            .collect::<Vec<_>>()
            .join(",");
        return Err(TableError::invalid(
            "line 1",
            format!("'{found}'"),
            format!("the columns {}", RESERVED.join(",")),
        ));
    }
    for (idx, name) in header.iter().enumerate().skip(RESERVED.len()) {
        let place = format!("line 1, column {}", idx + 1);
        if layout.feature_idx(name).is_none() {
            let expected = format!("one of {}", layout.feature_names());
            return Err(TableError::invalid(
                place,
                format!("feature '{}'", shorten(name)),
                expected,
            ));
        }
        if header.iter().take(idx).any(|earlier| earlier == name) {
            return Err(TableError::invalid(
                place,
                format!("feature '{name}' again"),
                "each feature once",
            ));
        }
    }
    Ok(())
}

/// One row; the reader has checked that it is as long as the header.
fn parse_rule(
    header: &StringRecord,
    record: &StringRecord,
    layout: &Layout,
) -> Result<Rule, TableError> {
    let line = record.position().map_or(0, csv::Position::line);
    let invalid = |column: usize, expected: &str| {
        let place = format!("line {line}, column '{}'", &header[column]);
        TableError::invalid(place, format!("'{}'", shorten(&record[column])), expected)
    };
    let action = layout
        .action_idx(&record[1])
        .ok_or_else(|| invalid(1, &format!("one of {}", layout.actions().join(", "))))?;
    let support = record[2]
        .parse()
        .map_err(|_| invalid(2, "a number of visits"))?;
    let fidelity = match &record[3] {
        "" => None,
        share => Some(
            share
                .parse()
                .map_err(|_| invalid(3, "a share from 0 to 1, or nothing"))?,
        ),
    };
    let cells: Vec<(&str, Vec<&str>)> = header
        .iter()
        .zip(record)
        .skip(RESERVED.len())
        .filter(|&(_, levels)| levels != "-")
        .map(|(name, levels)| (name, levels.split('|').collect()))
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
    use crate::testing::{cases, random_table};
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
        let expected = "rule,action,support,fidelity,identity,confidence
r1,\"offer(cover, € 5)\",9,0.25,claimed|doubted,-
r2,ask,0,,unknown,low
";
        assert_eq!(table().to_csv(), expected);
        assert_eq!(
            rules_from_csv(expected.as_bytes(), table().layout()).unwrap(),
            table().rules()
        );
    }

    #[test]
    fn a_broken_cell_is_named_by_line_and_column() {
        let check = |from: &str, to: &str, expected: &str| {
            let text = table().to_csv().replace(from, to);
            let message = rules_from_csv(text.as_bytes(), table().layout())
                .unwrap_err()
                .to_string();
            assert!(message.contains(expected), "{message}");
        };
        check(
            "r2,ask",
            "r2,shout",
            "line 3, column 'action': found 'shout', expected one of ask, offer",
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
            "line 1: found 'id,action,support,fidelity'",
        );
        check("unknown,low", "unknown", "found record with 5 fields");
        assert!(rules_from_csv(b"", table().layout()).is_err());
    }

    proptest! {
        #![proptest_config(cases(64))]

        #[test]
        fn rules_come_back_from_csv(seed: u64, n_rules in 1..60usize, n_features in 1..12usize) {
            let table = random_table(seed, n_rules, n_features);
            prop_assert_eq!(rules_from_csv(table.to_csv().as_bytes(), table.layout()).unwrap(), table.rules());
        }

        #[test]
        fn no_bytes_make_the_reader_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
        ) {
            let _ = rules_from_csv(&bytes, table().layout());
            let mut mutated = table().to_csv().into_bytes();
            for (place, byte) in edits {
                let idx = place.index(mutated.len());
                mutated[idx] = byte;
            }
            let _ = rules_from_csv(&mutated, table().layout());
        }
    }
}
