//! What an importer is: a name, and how it turns a line of a corpus into a call.

use std::collections::BTreeMap;

use offhook_env::log::{CallLog, LogError};

/// Imports one kind of file.
#[derive(Clone, Copy, Debug)]
pub struct Importer {
    /// Name of the format, as a user writes it.
    pub name: &'static str,
    /// What it is, in a sentence without final dot.
    pub about: &'static str,
    /// Turns one line into a call, noting in the tally what is left out; refuses it with the reason.
    pub line: fn(&[u8], &mut Tally) -> Result<CallLog, String>,
}

/// What an import did, for the user to read.
#[derive(Debug, Default)]
pub struct Tally {
    /// Calls written.
    pub n_calls: usize,
    /// Turns written.
    pub n_turns: usize,
    /// Lines refused.
    pub n_refused: usize,
    /// The first of them, with their numbers.
    pub refused: Vec<LogError>,
    /// What was left out of calls that were kept, and how often, by reason.
    pub dropped: BTreeMap<String, usize>,
}

/// Refused lines, and reasons why something was left out, that are kept, so that a file of nothing else does not
/// fill the memory.
const KEPT: usize = 1_000;

impl Tally {
    /// Notes a line that was refused.
    pub fn refuse(&mut self, error: LogError) {
        self.n_refused += 1;
        if self.refused.len() < KEPT {
            self.refused.push(error);
        }
    }

    /// Notes something left out of a call that was kept.
    pub fn drop(&mut self, reason: impl Into<String>) {
        let mut reason = reason.into();
        if self.dropped.len() >= KEPT && !self.dropped.contains_key(&reason) {
            reason = "other reasons".to_owned();
        }
        *self.dropped.entry(reason).or_default() += 1;
    }
}
