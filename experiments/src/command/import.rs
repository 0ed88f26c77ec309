//! `offhook import`: a corpus onto the call log, with a count of all that was left out.

use offhook_env::log::LogError;

use crate::cli::{ImportArgs, ImportFormat};
use crate::terminal::outln;
use offhook_lab::disk::jsonl;
use offhook_lab::error::Failure;
use offhook_lab::import::{self, ImportLine, Tally, dstc2};
use offhook_lab::unit::Unit;
use offhook_report::record::Record;
use offhook_stats::Estimate;

/// Refused lines that are printed one by one.
const SHOWN: usize = 20;

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or written; with `--strict` the first refused line.
pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    let import_line: ImportLine = match args.format {
        ImportFormat::Dstc2 => dstc2::call,
        ImportFormat::Log => import::call_log,
    };
    let reader = jsonl::open(&args.file)?;
    let mut writer = jsonl::Writer::create(&args.out, args.force)?;
    let tally = import::import(reader, import_line, args.strict, |call| {
        writer.write(call).map_err(ImportError::Write)
    })
    .map_err(|e: ImportError| e.in_file(args))?;
    if tally.n_calls == 0 {
        let why = tally
            .refused
            .first()
            .map_or("it is empty".to_owned(), ToString::to_string);
        let file = args.file.display();
        return Err(Failure::failed(format!(
            "no call could be imported from '{file}', nothing was written: {why}"
        )));
    }
    writer.finish()?;
    if args.json {
        print_json(&tally)
    } else {
        print_text(args, &tally)
    }
    Ok(())
}

/// Why an import stopped.
enum ImportError {
    Line(LogError),
    Write(Failure),
}

impl From<LogError> for ImportError {
    fn from(error: LogError) -> Self {
        Self::Line(error)
    }
}

impl ImportError {
    fn in_file(self, args: &ImportArgs) -> Failure {
        match self {
            Self::Line(e) => Failure::failed(format!(
                "'{}' {e}; nothing was written",
                args.file.display()
            )),
            Self::Write(failure) => failure,
        }
    }
}

fn print_json(tally: &Tally) {
    let line = |metric: &str, n: usize, what: &str| {
        let estimate = Estimate::point(n as f64);
        outln!(
            "{}",
            Record::new(
                metric,
                estimate,
                n as u64,
                &Unit::plain("count", 0),
                [("what", what)]
            )
            .to_json()
        );
    };
    line("import.calls", tally.n_calls, "calls");
    line("import.turns", tally.n_turns, "turns");
    line("import.lines_refused", tally.refused.len(), "lines");
    for (reason, &n) in &tally.dropped {
        line("import.dropped", n, reason);
    }
}

fn print_text(args: &ImportArgs, tally: &Tally) {
    outln!(
        "{} calls, {} turns written to {}",
        tally.n_calls,
        tally.n_turns,
        args.out.display()
    );
    outln!("{} lines refused", tally.refused.len());
    for error in tally.refused.iter().take(SHOWN) {
        outln!("  {error}");
    }
    if tally.refused.len() > SHOWN {
        outln!("  ... and {} more", tally.refused.len() - SHOWN);
    }
    for (reason, n) in &tally.dropped {
        outln!("{n} left out: {reason}");
    }
}
