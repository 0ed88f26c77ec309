//! A log that grows: its answers anew whenever a call was appended.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use offhook_env::log::{CallLog, LogError, parse_call};

use super::tally::Tallies;
use super::{Answers, AnswersPlan, Survey, calibration};
use crate::disk::atomic::{self, FileError};
use crate::disk::jsonl::MAX_LINE;
use crate::error::{Failure, FailureKind};
use crate::stop::Stop;
use crate::threads;

/// Between two looks at the file.
const LOOK: Duration = Duration::from_millis(200);
/// Bytes that are read at a time.
const PIECE: usize = 1 << 16;
/// At least as many of the last calls are known by their identifiers, so that one that was written twice is told.
const N_RECENT: usize = 1 << 16;
/// How a file compressed with Zstandard begins.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What came of a log that is followed.
#[derive(Clone, Debug)]
pub enum Update {
    /// The answers of all calls so far.
    Answers(Answers),
    /// Something of the file that is to be told.
    Told(String),
}

/// Reads a log to its end, and on as it grows, until `stop` is asked for or `on_update` says no; half a line at the
/// end waits for its rest. A line that is no call is told and left out. Of a file that was cut or replaced the count
/// begins anew.
///
/// # Errors
/// If the log cannot be opened, is compressed or a run, or nobody knows the caller feature or a slot.
pub fn follow(
    plan: &AnswersPlan,
    stop: &Stop,
    mut on_update: impl FnMut(Update) -> bool + Send,
) -> Result<(), Failure> {
    threads::install(plan.calls.threads, || {
        let calibration = calibration(plan, stop)?;
        let mut tail = Tail::open(&plan.source)?;
        let mut count = Count::new(plan)?;
        let mut goes_on = true;
        while goes_on && !stop.is_asked() {
            let (mut told, mut has_grown) = (Vec::new(), false);
            match tail.look(&plan.source)? {
                Look::Same => {}
                Look::Gone(why) => told.push(why),
                Look::Other(why) => {
                    told.push(why);
                    count = Count::new(plan)?;
                }
            }
            while let Some(line) = tail.line().map_err(|e| at_file(&plan.source, e))? {
                if stop.is_asked() {
                    return Ok(());
                }
                has_grown = true;
                told.extend(count.add(plan, &line)?);
            }
            let mut updates: Vec<Update> = told.into_iter().map(Update::Told).collect();
            if has_grown && count.survey.tallies.is_some() {
                updates.push(count.answers(plan, calibration.as_ref())?);
            }
            goes_on = updates.into_iter().all(&mut on_update);
            if goes_on && !stop.is_asked() {
                sleep(LOOK);
            }
        }
        Ok(())
    })
}

fn at_file(path: &Path, error: std::io::Error) -> Failure {
    FileError::new("read", path, error).into()
}

/// The counts of a file so far.
struct Count {
    survey: Survey,
    line: usize,
    recent: Recent,
}

impl Count {
    fn new(plan: &AnswersPlan) -> Result<Self, Failure> {
        Ok(Self {
            survey: Survey::new(plan)?,
            line: 0,
            recent: Recent::default(),
        })
    }

    /// Counts a line; in words what is wrong with it.
    fn add(&mut self, plan: &AnswersPlan, bytes: &[u8]) -> Result<Option<String>, Failure> {
        self.line += 1;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        let call = parse_call(bytes).and_then(|call| {
            self.recent.add(&call)?;
            Ok(call)
        });
        let added = call.map_err(Failure::failed);
        let added = added.and_then(|call| self.survey.add(plan, &call));
        match added {
            Ok(()) => Ok(None),
            Err(failure) if failure.kind == FailureKind::Usage => Err(failure),
            Err(failure) => {
                let error = LogError::new(self.line, failure.message);
                let name = plan.source.display();
                Ok(Some(format!("'{name}' {error}; it is not counted")))
            }
        }
    }

    fn answers(
        &self,
        plan: &AnswersPlan,
        calibration: Option<&Tallies>,
    ) -> Result<Update, Failure> {
        self.survey.answers(plan, calibration).map(Update::Answers)
    }
}

/// The identifiers of the last calls: those of one generation and of the one before.
#[derive(Default)]
struct Recent {
    old: HashSet<u64>,
    new: HashSet<u64>,
}

impl Recent {
    fn add(&mut self, call: &CallLog) -> Result<(), String> {
        let mut hasher = DefaultHasher::new();
        call.call_id.hash(&mut hasher);
        let id = hasher.finish();
        if self.old.contains(&id) || !self.new.insert(id) {
            let id = call.call_id.escape_debug();
            return Err(format!("call_id '{id}' again, expected each once"));
        }
        if self.new.len() == N_RECENT {
            self.old = std::mem::take(&mut self.new);
        }
        Ok(())
    }
}

/// What became of a file.
enum Look {
    Same,
    Gone(String),
    /// Another one is read from now on.
    Other(String),
}

/// The end of a file that others write.
struct Tail {
    file: File,
    id: Option<(u64, u64)>,
    /// Bytes read of the file.
    n_read: u64,
    /// What was read and is not yet a line; lines before `start` are done with.
    pending: Vec<u8>,
    start: usize,
    /// Up to here there is no line feed in it.
    searched: usize,
    was_there: bool,
}

impl Tail {
    fn open(path: &Path) -> Result<Self, Failure> {
        if path.is_dir() {
            return Err(Failure::usage(format!(
                "'{}' is a folder; only a log can be followed",
                path.display()
            )));
        }
        let mut file = atomic::open(path)?;
        let mut start = [0; ZSTD.len()];
        let mut n = 0;
        while let Ok(read @ 1..) = file.read(&mut start[n..]) {
            n += read;
        }
        if start == ZSTD {
            return Err(Failure::usage(format!(
                "'{}' is compressed, so that its end cannot be followed; write the log plain, or read it without --follow",
                path.display()
            )));
        }
        file.seek(SeekFrom::Start(0))
            .map_err(|e| at_file(path, e))?;
        Ok(Self {
            id: file.metadata().ok().as_ref().and_then(identity),
            file,
            n_read: 0,
            pending: Vec::new(),
            start: 0,
            searched: 0,
            was_there: true,
        })
    }

    /// Looks whether the file is still the one that is read; if not, begins with what is there now and says why.
    fn look(&mut self, path: &Path) -> Result<Look, Failure> {
        let name = path.display();
        let Ok(found) = std::fs::metadata(path) else {
            let is_new = std::mem::replace(&mut self.was_there, false);
            return Ok(match is_new {
                true => Look::Gone(format!("'{name}' is gone; waiting for it to come back")),
                false => Look::Same,
            });
        };
        let other = identity(&found) != self.id;
        let why = match other {
            true => "was replaced by another file",
            false if found.len() < self.n_read => "was cut short",
            false => {
                self.was_there = true;
                return Ok(Look::Same);
            }
        };
        *self = Self::open(path)?;
        let why = format!("'{name}' {why}; counting from its beginning");
        Ok(Look::Other(why))
    }

    /// The next whole line; `None` where there is none yet.
    fn line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        loop {
            let new = &self.pending[self.searched..];
            if let Some(at) = new.iter().position(|byte| *byte == b'\n') {
                let end = self.searched + at + 1;
                let line = self.pending[self.start..end].to_vec();
                (self.start, self.searched) = (end, end);
                return Ok(Some(line));
            }
            self.pending.drain(..self.start);
            self.start = 0;
            self.searched = self.pending.len();
            if self.searched > MAX_LINE {
                let message =
                    format!("a line of more than {MAX_LINE} bytes; is the file a call log?");
                return Err(std::io::Error::new(
                    std::io::ErrorKind::InvalidData,
                    message,
                ));
            }
            let mut piece = [0; PIECE];
            match self.file.read(&mut piece)? {
                0 => return Ok(None),
                n => {
                    self.n_read += n as u64;
                    self.pending.extend_from_slice(&piece[..n]);
                }
            }
        }
    }
}

/// What tells a file from another of the same name, where the system says it.
#[cfg(unix)]
fn identity(found: &std::fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(_found: &std::fs::Metadata) -> Option<(u64, u64)> {
    None
}
