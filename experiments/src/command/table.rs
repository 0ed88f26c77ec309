//! `offhook table`: export and decide; the other subcommands have files of their own.

mod decide;
mod diff;
mod distill;
mod drift;
mod show;
mod sign;
mod turns;
mod verify;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use offhook_table::{DecisionTable, Format};

use crate::atomic;
use crate::cli::{TableCommand, TableFormat};
use crate::error::Failure;
use crate::policies::open_table;
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
            Some(csv) => decide::many(table, csv, *json),
            None => decide::one(table, set, *json),
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
    let mut files = Vec::new();
    // First, so that no model ever stands there without its test cases.
    if format == Format::Dmn {
        files.push(test_cases(&table, out)?);
    }
    files.push((out.to_owned(), format.export(&table)));
    for (path, _) in &files {
        atomic::check_free(path, force)?;
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
