//! `offhook table decide`: one decision with the rule that fired, or a CSV file of many.

use std::fs::File;
use std::path::Path;

use offhook_table::{DecideError, DecisionTable};

use crate::terminal::outln;
use offhook_lab::disk::atomic::FileError;
use offhook_lab::error::Failure;
use offhook_lab::policies::open_table;

/// Decides one observation, given as `feature=level`.
///
/// # Errors
/// If the table cannot be read, or names are unknown or missing.
pub fn one(path: &Path, set: &[String], json: bool) -> Result<(), Failure> {
    let table = open_table(path)?;
    let pair = |text: &String| -> Result<(String, String), Failure> {
        let (feature, level) = text.split_once('=').ok_or_else(|| {
            Failure::usage(format!(
                "--set {text}: expected feature=level, as in --set identity=claimed,heard=affirm"
            ))
        })?;
        Ok((feature.trim().to_owned(), level.trim().to_owned()))
    };
    let pairs = set.iter().map(pair).collect::<Result<Vec<_>, _>>()?;
    let named: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(f, l)| (f.as_str(), l.as_str()))
        .collect();
    let decision = table.decide_named(&named)?;
    let rule = decision.rule.map(|k| &table.rules()[k as usize]);
    let action = table.action_name(decision.action);
    if json {
        outln!(
            "{}",
            serde_json::json!({ "action": action, "rule": rule.map(|r| &r.id) })
        );
    } else {
        match rule {
            Some(rule) => outln!("{action}\nrule {}: {}", rule.id, table.explain(rule)),
            None => outln!("{action}\nno rule applies; this is the default action"),
        }
    }
    Ok(())
}

/// Decides every line of a CSV file with a column per feature; other columns, such as a call's number,
/// are handed through. With `json` a line gives an object.
///
/// # Errors
/// If a file cannot be read, a tested feature has no column, or a level is unknown: line and column
/// are named.
pub fn many(path: &Path, csv: &Path, json: bool) -> Result<(), Failure> {
    let table = open_table(path)?;
    let place = |e: csv::Error| Failure::failed(format!("'{}': {e}", csv.display()));
    let file = File::open(csv).map_err(|e| FileError::new("read", csv, e))?;
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(place)?.clone();
    let columns: Vec<usize> = (0..header.len())
        .filter(|&column| table.layout().feature_idx(&header[column]).is_some())
        .collect();
    check_header(&table, &header, &columns)
        .map_err(|e| Failure::failed(format!("'{}' line 1: {e}", csv.display())))?;
    let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
    if !json {
        writer
            .write_record(header.iter().chain(["action", "rule"]))
            .map_err(place)?;
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(place)? {
        let line = record.position().map_or(0, csv::Position::line);
        let named: Vec<(&str, &str)> = columns
            .iter()
            .map(|&column| (&header[column], &record[column]))
            .collect();
        let decision = table.decide_named(&named).map_err(|e| {
            let at = match &e {
                DecideError::UnknownLevel { feature, .. } => {
                    header.iter().position(|h| h == feature)
                }
                _ => None,
            };
            let column = at.map_or(String::new(), |at| format!(", column {}", at + 1));
            Failure::failed(format!("'{}' line {line}{column}: {e}", csv.display()))
        })?;
        let rule = decision.rule.map(|k| table.rules()[k as usize].id.as_str());
        let action = table.action_name(decision.action);
        if json {
            outln!(
                "{}",
                serde_json::json!({ "line": line, "action": action, "rule": rule })
            );
            continue;
        }
        record.push_field(action);
        record.push_field(rule.unwrap_or(""));
        writer.write_record(&record).map_err(place)?;
    }
    writer
        .flush()
        .map_err(|e| Failure::failed(format!("cannot write the decisions: {e}")))?;
    Ok(())
}

/// Refuses a header that names a feature twice, or lacks one that rules test.
fn check_header(
    table: &DecisionTable,
    header: &csv::StringRecord,
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
