//! `offhook table`: a file per subcommand but for the shortest.

mod decide;
mod distill;
mod show;
mod verify;

use std::path::Path;

use offhook_lab::error::Failure;
use offhook_lab::policies::open_table;
use offhook_lab::table::diff::{self, DiffLog};
use offhook_lab::table::drift::{self, DriftPlan};
use offhook_lab::table::export;
use offhook_lab::table::sign::{self, SignPlan};
use offhook_report::table as report;
use offhook_table::Format;
use offhook_table::sign::SIGNATURE_BYTES;

use crate::cli::{DiffArgs, DriftArgs, KeygenArgs, SignArgs, TableCommand};
use crate::terminal::{out, outln};

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
        TableCommand::Diff(args) => diff(args),
        TableCommand::Drift(args) => drift(args),
        TableCommand::Keygen(args) => keygen(args),
        TableCommand::Sign(args) => sign(args),
    }
}

fn export(table: &Path, format: Format, out: &Path, force: bool) -> Result<(), Failure> {
    let table = open_table(table)?;
    for file in export::export(&table, format, out, force)? {
        let (n_rules, n_bytes) = (table.rules().len(), file.n_bytes);
        let path = file.path.display();
        outln!("{n_rules} rules, {n_bytes} bytes written to {path}");
    }
    Ok(())
}

fn diff(args: &DiffArgs) -> Result<(), Failure> {
    let log = args.log.as_deref().map(|log| DiffLog {
        log,
        scenario: args.scenario.as_deref(),
    });
    let diff = diff::diff(&args.a, &args.b, log)?;
    out!("{}", report::diff::present(&diff).show(args.json));
    Ok(())
}

fn drift(args: &DriftArgs) -> Result<(), Failure> {
    let drift = drift::drift(DriftPlan {
        table: &args.table,
        log: &args.log,
        expected: args.expected.as_deref(),
        scenario: args.scenario.as_deref(),
    })?;
    out!("{}", report::drift::present(&drift).show(args.json));
    if !drift.report.ok() {
        let (log, table) = (args.log.display(), args.table.display());
        return Err(Failure::failed(format!(
            "the calls of '{log}' are not those that '{table}' was made for"
        )));
    }
    Ok(())
}

fn keygen(args: &KeygenArgs) -> Result<(), Failure> {
    let public = sign::keygen(&args.out)?;
    outln!("private key, keep it secret: {}", args.out.display());
    outln!("public key, hand it out: {}", public.display());
    Ok(())
}

fn sign(args: &SignArgs) -> Result<(), Failure> {
    let out = sign::sign_file(SignPlan {
        table: &args.table,
        key: &args.key,
        out: args.out.as_deref(),
        force: args.force,
    })?;
    outln!("{SIGNATURE_BYTES} bytes written to {}", out.display());
    Ok(())
}
