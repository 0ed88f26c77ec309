//! Importers: foreign corpora onto the call log, one file per source. Nothing is lost silently.

pub mod dstc2;

use std::collections::BTreeMap;
use std::io::BufRead;

use offhook_env::log::{CallLog, LogError};

/// What an import did, for the user to read.
#[derive(Debug, Default)]
pub struct Tally {
    /// Calls written.
    pub n_calls: usize,
    /// Turns written.
    pub n_turns: usize,
    /// Lines refused, with their numbers.
    pub refused: Vec<LogError>,
    /// What was left out of calls that were kept, and how often, by reason.
    pub dropped: BTreeMap<String, usize>,
}

impl Tally {
    /// Notes something left out of a call that was kept.
    pub fn drop(&mut self, reason: impl Into<String>) {
        *self.dropped.entry(reason.into()).or_default() += 1;
    }
}

/// Turns one line of a corpus into a call, noting in the tally what is left out.
pub type ImportLine = fn(&[u8], &mut Tally) -> Result<CallLog, String>;

/// Imports a corpus line by line and hands the calls to `write`.
///
/// With `strict` the first refused line ends it.
///
/// # Errors
/// Of `write`, or the refused line when strict.
pub fn import<E: From<LogError>>(
    mut reader: impl BufRead,
    import_line: ImportLine,
    strict: bool,
    mut write: impl FnMut(&CallLog) -> Result<(), E>,
) -> Result<Tally, E> {
    let mut tally = Tally::default();
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let read = reader.read_until(b'\n', &mut bytes);
        let parsed = match read {
            Ok(0) => break,
            Ok(_) if bytes.iter().all(u8::is_ascii_whitespace) => continue,
            Ok(_) => import_line(&bytes, &mut tally),
            Err(ref e) => Err(format!("cannot be read: {e}; is the file cut short?")),
        };
        match parsed {
            Ok(call) => {
                tally.n_calls += 1;
                tally.n_turns += call.turns.len();
                write(&call)?;
            }
            Err(message) => {
                let error = LogError { line, message };
                if strict {
                    return Err(error.into());
                }
                tally.refused.push(error);
            }
        }
        if read.is_err() {
            break;
        }
    }
    Ok(tally)
}

/// Checks one line of a call log.
///
/// # Errors
/// What is wrong with it.
pub fn call_log(bytes: &[u8], _tally: &mut Tally) -> Result<CallLog, String> {
    offhook_env::log::parse_call(bytes)
}
