//! Importers: foreign corpora onto the call log, one file per source. Nothing is lost silently.
//!
//! To add one, write a file with an [`Importer`] like [`dstc2`], and name it in [`IMPORTERS`].

pub mod call_log;
pub mod dstc2;
pub mod importer;

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use offhook_env::log::{CallIds, CallLog, LogError};

use crate::disk::jsonl;
use crate::disk::out_file::OutFile;
use crate::error::Failure;
use crate::stop::Stop;

pub use importer::{Importer, Tally};

/// Every format that can be imported.
pub const IMPORTERS: &[Importer] = &[
    dstc2::IMPORTER,
    call_log::IMPORTER,
    #[cfg(test)]
    tests::IMPORTER,
];

impl FromStr for Importer {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = IMPORTERS.iter().find(|importer| importer.name == name);
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = IMPORTERS.iter().map(|importer| importer.name).collect();
            format!(
                "found format '{name}', expected one of {}",
                names.join(", ")
            )
        })
    }
}

/// What was imported.
#[derive(Debug)]
pub struct Import {
    /// The call log that was written.
    pub path: PathBuf,
    /// What became of the lines.
    pub tally: Tally,
}

/// Writes the calls of a corpus as a call log. With `strict` the first refused line ends it.
///
/// # Errors
/// If a file cannot be read or written, no line is a call, with `strict` one is none, or `stop` is asked for; nothing
/// is written then.
pub fn import(
    importer: Importer,
    file: &Path,
    out: &OutFile,
    strict: bool,
    stop: &Stop,
) -> Result<Import, Failure> {
    let reader = jsonl::open(file)?;
    let mut writer = out.create_log()?;
    let refuse = |error: &LogError| {
        let file = file.display();
        Failure::failed(format!("'{file}' {error}; nothing was written"))
    };
    let write = |call: &CallLog| {
        stop.check()?;
        writer.write(call)
    };
    let refused = |error: &LogError| match strict {
        true => Err(refuse(error)),
        false => Ok(()),
    };
    let tally = import_lines(importer, reader, write, refused, refuse)?;
    if tally.n_calls == 0 {
        let why = tally.refused.first();
        let why = why.map_or("it is empty".to_owned(), ToString::to_string);
        let file = file.display();
        return Err(Failure::failed(format!(
            "no call could be imported from '{file}', nothing was written: {why}"
        )));
    }
    writer.finish()?;
    Ok(Import {
        path: out.path.clone(),
        tally,
    })
}

/// Imports a corpus line by line: hands calls to `write`, and shows refused lines to `refused`, which may end it.
/// A line in which the file ends too early ends it, with the message that `cut` makes.
fn import_lines(
    importer: Importer,
    mut reader: impl BufRead,
    mut write: impl FnMut(&CallLog) -> Result<(), Failure>,
    refused: impl Fn(&LogError) -> Result<(), Failure>,
    cut: impl Fn(&LogError) -> Failure,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let mut ids = CallIds::default();
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let read = reader.read_until(b'\n', &mut bytes);
        let parsed = match read {
            Ok(0) => break,
            Ok(_) if bytes.iter().all(u8::is_ascii_whitespace) => continue,
            Ok(_) => call(importer, &bytes, &mut ids, &mut tally),
            Err(e) => {
                let message = format!("cannot be read: {e}; is the file cut short?");
                return Err(cut(&LogError::new(line, message)));
            }
        };
        match parsed {
            Ok(call) => {
                tally.n_calls += 1;
                tally.n_turns += call.turns.len();
                write(&call)?;
            }
            Err(message) => {
                let error = LogError::in_line(line, &bytes, message);
                // A file that ends within a line was cut, and calls are missing.
                if !bytes.ends_with(b"\n") {
                    return Err(cut(&error));
                }
                refused(&error)?;
                tally.refuse(error);
            }
        }
    }
    Ok(tally)
}

/// The call of one line, by the rules of every call log, and not one of `ids` before.
///
/// # Errors
/// Why there is none.
pub fn call(
    importer: Importer,
    line: &[u8],
    ids: &mut CallIds,
    tally: &mut Tally,
) -> Result<CallLog, String> {
    let call = (importer.line)(line, tally)?;
    call.check()?;
    ids.add(&call)?;
    Ok(call)
}

#[cfg(test)]
mod tests {
    use offhook_env::log::TurnLog;

    use super::*;

    /// A format of one more file and one more line: `words` in a JSON string become a call of one turn.
    pub const IMPORTER: Importer = Importer {
        name: "words",
        about: "A call's id alone",
        line: |bytes, tally| {
            let id: String = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
            tally.drop("everything but the id");
            Ok(CallLog {
                call_id: id,
                turns: vec![TurnLog::default()],
                ..CallLog::default()
            })
        },
    };

    fn imported(text: &str, strict: bool) -> Result<(Import, String), Failure> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("words.jsonl");
        std::fs::write(&file, text).expect("written");
        let out = OutFile {
            path: folder.path().join("calls.jsonl"),
            force: false,
        };
        let importer = "words".parse().expect("a format");
        let found = import(importer, &file, &out, strict, &Stop::new());
        assert_eq!(out.path.exists(), found.is_ok());
        Ok((found?, std::fs::read_to_string(&out.path).expect("a log")))
    }

    #[test]
    fn a_format_is_one_file_and_one_line() {
        let text = "\"a\"\n\n3\n\"b\"\n\"a\"\n";
        let (found, log) = imported(text, false).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(log.lines().count(), 2);
        assert_eq!((found.tally.n_calls, found.tally.n_refused), (2, 2));
        assert_eq!(found.tally.refused[0].line, 3);
        assert!(found.tally.refused[1].message.contains("call_id 'a' again"));
        assert_eq!(found.tally.dropped["everything but the id"], 3);
        let error = "wrods".parse::<Importer>().expect_err("no format");
        assert!(
            error.ends_with("expected one of dstc2, log, words"),
            "{error}"
        );
    }

    #[test]
    fn a_strict_import_ends_at_the_first_refused_line() {
        let message = imported("\"a\"\n3\n", true).map_err(|e| e.message);
        let message = message.map(|_| ()).expect_err("line 2 is no call");
        assert!(message.contains("line 2") && message.ends_with("nothing was written"));
    }

    #[test]
    fn a_file_that_ends_within_a_line_was_cut() {
        let message = imported("\"a\"\n\"b", false).map_err(|e| e.message);
        let message = message.map(|_| ()).expect_err("line 2 has no end");
        assert!(message.contains("line 2"), "{message}");
        let whole = imported("\"a\"\n\"b\"", false).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(whole.0.tally.n_calls, 2);
    }

    #[test]
    fn lines_of_no_use_are_counted_and_not_kept() {
        let (found, _) =
            imported(&("x\n".repeat(5_000) + "\"a\"\n"), false).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(
            (found.tally.n_refused, found.tally.refused.len()),
            (5_000, 1_000)
        );
    }

    #[test]
    fn a_corpus_without_a_call_is_a_failure() {
        let message = imported("", false).map_err(|e| e.message);
        let message = message.map(|_| ()).expect_err("no call");
        assert!(message.ends_with("nothing was written: it is empty"));
    }
}
