//! The files of one training seed, from which an interrupted run goes on: each counts only if it is what this run
//! has written there.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::hash::{sha256, sha256_of};
use super::run_dir::{RunDir, RunFile};
use crate::disk::atomic::{self, FileError};

/// Name of the file that says what was written.
const WRITTEN: &str = "written.json";
/// Most bytes of it that are read.
const MAX_WRITTEN: u64 = 1 << 20;

/// The folder of a seed.
pub(super) struct SeedFiles<'a> {
    dir: &'a RunDir,
    seed: u64,
    written: RefCell<Written>,
}

/// What was written into a seed's folder, by whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// SHA-256 of all that went into the run, see [`RunDir::identity`].
    run: String,
    seed: u64,
    /// SHA-256 by file; while one is being replaced, of the old and of the new.
    files: BTreeMap<String, Vec<String>>,
}

/// What lies under the name of a file.
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// Something that this run has not written for this seed.
    Foreign,
    /// What this run has written.
    Own(Vec<u8>),
}

impl<'a> SeedFiles<'a> {
    /// The folder of a seed, with what an earlier part of the same run has left there.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn open(dir: &'a RunDir, seed: u64) -> Result<Self, FileError> {
        let fresh = Written {
            run: dir.identity().to_owned(),
            seed,
            files: BTreeMap::new(),
        };
        let files = Self {
            dir,
            seed,
            written: RefCell::new(fresh.clone()),
        };
        let stored = match atomic::read(&files.path(WRITTEN), MAX_WRITTEN) {
            Ok(bytes) => serde_json::from_slice::<Written>(&bytes).ok(),
            Err(e) if e.is_not_found() => None,
            Err(e) => return Err(e),
        };
        let is_ours = |stored: &Written| (&stored.run, stored.seed) == (&fresh.run, seed);
        if let Some(stored) = stored.filter(is_ours) {
            files.written.replace(stored);
            files.settle()?;
        }
        Ok(files)
    }

    /// Where a file lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(RunFile::Checkpoints).join(self.name(name))
    }

    fn name(&self, name: &str) -> String {
        format!("seed_{}/{name}", self.seed)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn read(&self, name: &str) -> Result<Found, FileError> {
        let bytes = match atomic::read(&self.path(name), u64::MAX) {
            Ok(bytes) => bytes,
            Err(e) if e.is_not_found() => return Ok(Found::Nothing),
            Err(e) => return Err(e),
        };
        let written = self.written.borrow();
        let is_own = (written.files.get(name)).is_some_and(|known| known.contains(&sha256(&bytes)));
        Ok(match is_own {
            true => Found::Own(bytes),
            false => Found::Foreign,
        })
    }

    /// Writes files, each whole or not at all, in the order given; killed in between, all that is there counts.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn write(&self, files: &[(&str, &[u8])]) -> Result<(), FileError> {
        for (name, bytes) in files {
            let mut written = self.written.borrow_mut();
            let known = written.files.entry((*name).to_owned()).or_default();
            known.push(sha256(bytes));
            known.dedup();
        }
        self.note()?;
        for (name, bytes) in files {
            let name = self.name(name);
            self.dir.write_in(RunFile::Checkpoints, &name, bytes)?;
        }
        self.settle()
    }

    /// Of files that were being replaced notes what is there.
    fn settle(&self) -> Result<(), FileError> {
        let before = self.written.borrow().clone();
        for (name, known) in &before.files {
            if let (2.., Ok(found)) = (known.len(), sha256_of(&self.path(name))) {
                let mut written = self.written.borrow_mut();
                let known = written.files.entry(name.clone()).or_default();
                known.retain(|hash| *hash == found);
            }
        }
        if *self.written.borrow() == before {
            return Ok(());
        }
        self.note()
    }

    fn note(&self) -> Result<(), FileError> {
        let json = serde_json::to_string_pretty(&*self.written.borrow());
        let json = json.expect("texts and numbers are always JSON") + "\n";
        let name = self.name(WRITTEN);
        self.dir
            .write_in(RunFile::Checkpoints, &name, json.as_bytes())
    }
}
