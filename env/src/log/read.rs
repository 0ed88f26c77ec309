//! Logs line by line: what is a call, and what is wrong with a line that is none.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::BufRead;

use serde::Deserialize;

use super::call::{CallLog, SCHEMA};
use super::version_1::{CallLog1, SCHEMA_1};

/// Why a line of a log was refused.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LogError {
    /// Line, counted from 1.
    pub line: usize,
    /// What was found, what was expected, what to do.
    pub message: String,
}

/// Most characters of a message; one that quotes what it found could be as long as the line.
const MAX_MESSAGE: usize = 400;

impl LogError {
    /// An error of which no more is kept than can be read.
    pub fn new(line: usize, mut message: String) -> Self {
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        Self { line, message }
    }

    /// An error in a line of these bytes; where they have no end, neither may the file.
    pub fn in_line(line: usize, bytes: &[u8], message: String) -> Self {
        match bytes.ends_with(b"\n") {
            true => Self::new(line, message),
            false => {
                let hint = "the file ends in this line, is it cut short?";
                Self::new(line, format!("{hint} {message}"))
            }
        }
    }
}

/// Reads a log line by line; faulty lines come back as errors with their number, good ones as
/// calls. A `call_id` that was there before is a fault. Ends after the first error of the reader itself.
pub fn read_calls<R: BufRead>(
    mut reader: R,
) -> impl Iterator<Item = Result<(usize, CallLog), LogError>> {
    let mut number = 0;
    let mut over = false;
    let mut ids = CallIds::default();
    std::iter::from_fn(move || {
        while !over {
            number += 1;
            let mut bytes = Vec::new();
            match reader.read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => {
                    over = true;
                    let message = format!("cannot be read: {error}; is the file cut short?");
                    return Some(Err(LogError::new(number, message)));
                }
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let call = parse_call(&bytes).and_then(|call| {
                ids.add(&call)?;
                Ok((number, call))
            });
            return Some(call.map_err(|message| LogError::in_line(number, &bytes, message)));
        }
        None
    })
}

/// Reads and checks one line, of whatever version; the program knows the newest alone.
///
/// # Errors
/// What is wrong with it.
pub fn parse_call(bytes: &[u8]) -> Result<CallLog, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        format!(
            "not UTF-8 from byte {} on; is the file compressed or cut?",
            e.valid_up_to() + 1
        )
    })?;
    let broken = |e: serde_json::Error| format!("no call log: {e}");
    let Version { schema } = serde_json::from_str(text).map_err(broken)?;
    match schema {
        SCHEMA => {
            let call: CallLog = serde_json::from_str(text).map_err(broken)?;
            call.check()?;
            Ok(call)
        }
        SCHEMA_1 => {
            let old: CallLog1 = serde_json::from_str(text).map_err(broken)?;
            let call = CallLog::from(old);
            // Version 1 did not ask for times in order.
            call.check_parts()?;
            Ok(call)
        }
        _ => Err(format!(
            "schema {schema}, this program reads schema {SCHEMA_1} and {SCHEMA}"
        )),
    }
}

/// What of a line says how to read it.
#[derive(Deserialize)]
struct Version {
    schema: u32,
}

/// The identifiers of a file so far, as hashes of 8 bytes each, so that any log can be read on.
#[derive(Debug, Default)]
pub struct CallIds(HashSet<u64>);

impl CallIds {
    /// Notes a call's.
    ///
    /// # Errors
    /// If it was there before.
    pub fn add(&mut self, call: &CallLog) -> Result<(), String> {
        let mut hasher = DefaultHasher::new();
        call.call_id.hash(&mut hasher);
        if self.0.insert(hasher.finish()) {
            return Ok(());
        }
        let id = call.call_id.escape_debug();
        Err(format!(
            "call_id '{id}' again, expected each once; is a call in the file twice?"
        ))
    }
}
