//! `offhook table`: export and decide; the other subcommands have files of their own.

mod diff;
mod distill;
mod drift;
mod show;
mod sign;
mod turns;
mod verify;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use offhook_env::scenario::{Scenario, condition};
use offhook_table::{Constraint, DecisionTable, Format, Report};

use crate::atomic;
use crate::cli::{TableCommand, TableFormat};
use crate::error::Failure;
use crate::policies::{open_table, table_layout};
use crate::terminal::outln;

/// Runs a subcommand.
///
/// # Errors
/// If a file cannot be read or written, a name is unknown, or a proof fails.
pub fn run(command: &TableCommand) -> Result<(), Failure> {
    match command {
        TableCommand::Export {
            table,
            format,
            out,
            force,
        } => export(table, *format, out, *force),
        TableCommand::Verify(args) => verify::run(args),
        TableCommand::Decide {
            table,
            set,
            csv,
            json,
        } => match csv {
            Some(csv) => decide_csv(table, csv),
            None => decide(table, set, *json),
        },
        TableCommand::Show(args) => show::run(args),
        TableCommand::Distill(args) => distill::run(args),
        TableCommand::Diff(args) => diff::run(args),
        TableCommand::Drift(args) => drift::run(args),
        TableCommand::Keygen(args) => sign::keygen(args),
        TableCommand::Sign(args) => sign::run(args),
    }
}

fn export(table: &Path, format: TableFormat, out: &Path, force: bool) -> Result<(), Failure> {
    let table = open_table(table)?;
    let format = match format {
        TableFormat::Json => Format::Json,
        TableFormat::Dpt => Format::Dpt,
        TableFormat::Csv => Format::Csv,
        TableFormat::Dmn => Format::Dmn,
        TableFormat::Jdm => Format::Jdm,
        TableFormat::JsonLogic => Format::JsonLogic,
    };
    let mut files = vec![(out.to_owned(), format.export(&table))];
    if format == Format::Dmn {
        files.push(test_cases(&table, out)?);
    }
    for (path, _) in &files {
        if path.exists() && !force {
            return Err(Failure::failed(format!(
                "'{}' is already there; replace it with --force",
                path.display()
            )));
        }
    }
    for (path, bytes) in &files {
        atomic::write(path, bytes)?;
        outln!(
            "{} rules, {} bytes written to {}",
            table.rules().len(),
            bytes.len(),
            path.display()
        );
    }
    Ok(())
}

/// The test cases of a DMN file, with the name that the DMN TCK gives them: `calls-test-01.xml` for
/// `calls.dmn`.
fn test_cases(table: &DecisionTable, model: &Path) -> Result<(PathBuf, Vec<u8>), Failure> {
    let name = |part: Option<&OsStr>| {
        let part = part.and_then(OsStr::to_str).map(str::to_owned);
        part.ok_or_else(|| {
            Failure::usage(format!("--out {}: expected a file name", model.display()))
        })
    };
    let path = model.with_file_name(format!("{}-test-01.xml", name(model.file_stem())?));
    let text = table.to_tck(&name(model.file_name())?);
    Ok((path, text.into_bytes()))
}

/// Rules of conduct, and masks, of a scenario as tables know them.
pub fn constraints(scenario: &Scenario) -> (Vec<Constraint>, Vec<Constraint>) {
    let constraint = |c: &condition::Constraint| Constraint {
        name: c.name.clone(),
        when: c
            .when
            .terms
            .iter()
            .map(|&(feature, levels)| (feature as usize, levels))
            .collect(),
        forbidden: c.forbidden.0,
    };
    let (rules, masks): (Vec<_>, Vec<_>) = scenario.constraints.iter().partition(|c| c.conduct);
    (
        rules.into_iter().map(constraint).collect(),
        masks.into_iter().map(constraint).collect(),
    )
}

/// Proves a table for a scenario.
///
/// # Errors
/// If the table was made for another layout; both are named.
pub fn prove(table: &DecisionTable, scenario: &Scenario) -> Result<Report, Failure> {
    let (rules, masks) = constraints(scenario);
    table.layout().check_same(&table_layout(scenario)?)?;
    Ok(offhook_table::verify(table, &[rules, masks].concat())?)
}

fn decide(path: &Path, set: &[String], json: bool) -> Result<(), Failure> {
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

fn decide_csv(path: &Path, csv: &Path) -> Result<(), Failure> {
    let table = open_table(path)?;
    let place = |e: csv::Error| Failure::failed(format!("'{}': {e}", csv.display()));
    let mut reader = csv::Reader::from_path(csv).map_err(place)?;
    let header = reader.headers().map_err(place)?.clone();
    // Other columns, such as a call's number, are handed through.
    let columns: Vec<usize> = (0..header.len())
        .filter(|&column| table.layout().feature_idx(&header[column]).is_some())
        .collect();
    let mut writer = csv::Writer::from_writer(std::io::stdout().lock());
    writer
        .write_record(header.iter().chain(["action", "rule"]))
        .map_err(place)?;
    let mut record = csv::StringRecord::new();
    let mut n_rows = 0;
    while reader.read_record(&mut record).map_err(place)? {
        n_rows += 1;
        let named: Vec<(&str, &str)> = columns
            .iter()
            .map(|&column| (&header[column], &record[column]))
            .collect();
        let decision = table
            .decide_named(&named)
            .map_err(|e| Failure::failed(format!("'{}' row {n_rows}: {e}", csv.display())))?;
        let rule = decision
            .rule
            .map_or("", |k| table.rules()[k as usize].id.as_str());
        record.push_field(table.action_name(decision.action));
        record.push_field(rule);
        writer.write_record(&record).map_err(place)?;
    }
    writer.flush()?;
    Ok(())
}
