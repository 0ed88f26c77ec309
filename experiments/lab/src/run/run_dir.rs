//! A run directory: who may write into it, and the marks that tell a finished run from an interrupted one.
//!
//! `manifest.json` is there from the first moment and makes a folder ours; it says `finished` once all
//! else is written. A lock keeps two processes apart and falls with its process.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::hash::{sha256, sha256_of};
use super::manifest::{Manifest, first_difference};
pub use super::run_file::RunFile;
use super::verdict::Verdict;
use crate::disk::atomic::{self, FileError};
use crate::disk::lock::{self, FolderLock};
use crate::error::Failure;

/// What to do with a run that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Refuse it.
    Fresh,
    /// Replace it (`--force`).
    Force,
    /// Go on with it (`--resume`), or begin where there is none.
    Resume,
}

/// What was found in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing; the run begins.
    New,
    /// An interrupted run of the same inputs, to be continued.
    Interrupted,
    /// A finished run of the same inputs; nothing is left to do.
    Finished,
}

/// Why a directory was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunDirError {
    /// It cannot be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It holds a finished run.
    #[error("'{}' already holds a finished run; replace it with --force or choose another folder with --out", .0.display())]
    Finished(PathBuf),
    /// It holds an interrupted run.
    #[error("'{}' holds an interrupted run; continue it with --resume, or start over with --force", .0.display())]
    Interrupted(PathBuf),
    /// Something that is not a run lies there.
    #[error("'{}' is not a run directory, it holds '{found}' and {why}; choose an empty or new folder with --out", path.display())]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// An entry that is not ours.
        found: String,
        /// What is wrong with its manifest.
        why: String,
    },
    /// The run to continue had other inputs.
    #[error("cannot resume '{}': {difference}; restore it, start over with --force, or choose another folder with --out", path.display())]
    Changed {
        /// The directory.
        path: PathBuf,
        /// What differs, with both values.
        difference: String,
    },
    /// Another process is writing there.
    #[error("another run is writing to '{}'; wait for it or choose another folder with --out", .0.display())]
    Busy(PathBuf),
}

impl From<RunDirError> for Failure {
    fn from(error: RunDirError) -> Self {
        Self::failed(error)
    }
}

/// Most bytes of a config or a manifest that are read.
const MAX_TEXT: u64 = 16 << 20;
const MANIFEST: &str = "manifest.json";
/// Free space that must be there at the start: a few runs' worth of files, in bytes.
const PROBE_BYTES: usize = 16 << 20;

/// A directory that this process alone writes to.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    manifest: Manifest,
    identity: String,
    progress: Progress,
    _lock: FolderLock,
}

impl RunDir {
    /// Takes `path` for the run that `manifest` describes, and writes `config.toml` and `manifest.json`; `config`
    /// is the config as it is run with the given seeds.
    ///
    /// A run to be resumed may get more seeds than it had, even if it is finished; it then goes on.
    ///
    /// Checks, before any work is done, that nothing of value is overwritten, that the folder is
    /// writable, and that the disk has some room. On [`Progress::Finished`] nothing is touched.
    ///
    /// # Errors
    /// As [`RunDirError`] lists them; a refused directory is left as it was.
    pub fn create(
        path: &Path,
        mode: Mode,
        config: &dyn Fn(&[u64]) -> String,
        mut manifest: Manifest,
    ) -> Result<Self, RunDirError> {
        atomic::check_named(path)?;
        let as_run = config(&manifest.seeds);
        let hash = sha256(as_run.as_bytes());
        manifest.inputs.insert("config".to_owned(), hash);
        let finished = inspect(path)?.is_some_and(|run| run.finished.is_some());
        if finished && mode == Mode::Fresh {
            return Err(RunDirError::Finished(path.into()));
        }
        fs::create_dir_all(path).map_err(|e| FileError::new("create", path, e))?;
        let lock = FolderLock::take(path)?.ok_or_else(|| RunDirError::Busy(path.into()))?;
        // Only now can nobody change it any more.
        let found = inspect(path)?;
        if found.is_some() && mode == Mode::Fresh {
            return Err(RunDirError::Interrupted(path.into()));
        }
        let mut dir = Self {
            path: path.into(),
            identity: manifest.identity(&config(&[])),
            manifest,
            progress: Progress::New,
            _lock: lock,
        };
        if let (Some(old), Mode::Resume) = (found, mode) {
            let more = dir.extends(&old);
            if let Some(difference) = dir.changed(&old, config, more)? {
                return Err(RunDirError::Changed {
                    path: path.into(),
                    difference,
                });
            }
            dir.progress = if old.finished.is_some() && !more {
                Progress::Finished
            } else {
                Progress::Interrupted
            };
            dir.manifest.started.clone_from(&old.started);
            if dir.progress == Progress::Finished {
                if let Some(name) = dir.first_changed(&old)? {
                    return Err(RunDirError::Changed {
                        path: path.into(),
                        difference: format!("'{name}' is not what the run wrote"),
                    });
                }
                dir.manifest = old;
                return Ok(dir);
            }
        }
        atomic::probe(&dir.path, PROBE_BYTES)?;
        if mode == Mode::Force {
            dir.clear()?;
        }
        let manifest = dir.manifest.to_json();
        let mut files = [
            (RunFile::Manifest, manifest.as_bytes()),
            (RunFile::Config, as_run.as_bytes()),
        ];
        // The manifest comes first, for without it a folder is not ours; it comes last where it says that a run gets
        // more seeds, so that a run that is killed in between gets them when it goes on.
        if dir.progress == Progress::Interrupted {
            files.reverse();
        }
        for (file, bytes) in files {
            dir.write(file, bytes)?;
        }
        Ok(dir)
    }

    /// What was found when the directory was taken.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// What the run was begun with.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 of all that went into the run but its list of seeds, to which more may be added.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Where the file or folder lies.
    pub fn join(&self, file: RunFile) -> PathBuf {
        self.path.join(file.name())
    }

    /// Writes a file whole or not at all.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn write(&self, file: RunFile, bytes: &[u8]) -> Result<(), FileError> {
        atomic::write(&self.join(file), bytes)
    }

    /// The same below a folder of the run, whose own folders are created.
    ///
    /// # Errors
    /// If the disk says no.
    pub fn write_in(&self, folder: RunFile, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let mut path = self.join(folder);
        let names = name.split('/');
        for name in names {
            create_folder(&path)?;
            path.push(name);
        }
        atomic::write(&path, bytes)
    }

    /// Marks the run as finished, with its verdict if there is one, and records the hash of each of its files;
    /// `finished` is RFC 3339.
    ///
    /// # Errors
    /// If a file cannot be read or the manifest not be written.
    pub fn finish(
        mut self,
        finished: String,
        verdict: Option<Verdict>,
    ) -> Result<Manifest, FileError> {
        self.manifest.files.clear();
        let mut names = self.ours()?;
        while let Some(name) = names.pop() {
            let path = self.path.join(&name);
            if path.is_dir() {
                names.extend(
                    entries(&path)?
                        .into_iter()
                        .map(|inner| format!("{name}/{inner}")),
                );
            } else if name != MANIFEST && !name.ends_with(atomic::PARTIAL) {
                let bytes = atomic::read(&path, u64::MAX)?;
                self.manifest.files.insert(name, sha256(&bytes));
            }
        }
        self.manifest.finished = Some(finished);
        self.manifest.verdict = verdict;
        self.write(RunFile::Manifest, self.manifest.to_json().as_bytes())?;
        Ok(self.manifest)
    }

    /// Whether this run has every seed of the one that was found, and more.
    fn extends(&self, old: &Manifest) -> bool {
        let seeds = &self.manifest.seeds;
        seeds.len() > old.seeds.len() && old.seeds.iter().all(|seed| seeds.contains(seed))
    }

    /// What differs between the run that was found and this one: a line of the config, or another input. Where
    /// this one has `more` seeds, the others are compared.
    fn changed(
        &self,
        old: &Manifest,
        config: &dyn Fn(&[u64]) -> String,
        more: bool,
    ) -> Result<Option<String>, FileError> {
        let mut new = self.manifest.clone();
        if more {
            new.seeds.clone_from(&old.seeds);
        }
        let as_run = config(&new.seeds);
        let hash = sha256(as_run.as_bytes());
        new.inputs.insert("config".to_owned(), hash);
        let path = self.join(RunFile::Config);
        let stored = match atomic::read(&path, MAX_TEXT) {
            // Killed between its first two files.
            Err(e) if e.is_not_found() => as_run.clone().into_bytes(),
            read => read?,
        };
        // Killed between the two when it was given more seeds.
        let is_extended = stored == config(&self.manifest.seeds).as_bytes();
        let difference = match is_extended {
            true => None,
            false => first_difference(&stored, as_run.as_bytes()),
        };
        Ok(difference.or_else(|| old.difference(&new)))
    }

    /// The first file of a finished run that is not as it was written.
    fn first_changed(&self, finished: &Manifest) -> Result<Option<String>, FileError> {
        for (name, hash) in &finished.files {
            match sha256_of(&self.path.join(name)) {
                Ok(found) if found == *hash => {}
                Err(e) if !e.is_not_found() => return Err(e),
                _ => return Ok(Some(name.clone())),
            }
        }
        Ok(None)
    }

    /// Names at the top of the directory that a run writes.
    fn ours(&self) -> Result<Vec<String>, FileError> {
        let names = entries(&self.path)?.into_iter();
        Ok(names.filter(|name| RunFile::is(name)).collect())
    }

    /// Removes what a run writes; the manifest goes last, for without it the rest is nobody's.
    fn clear(&self) -> Result<(), FileError> {
        let mut names = self.ours()?;
        names.sort_by_key(|name| name == MANIFEST);
        for name in names {
            let path = self.path.join(&name);
            let removed = if path.is_dir() {
                fs::remove_dir_all(&path)
            } else {
                fs::remove_file(&path)
            };
            removed.map_err(|e| FileError::new("remove", &path, e))?;
        }
        Ok(())
    }
}

/// The manifest of the run that lies in `path`, if any.
fn inspect(path: &Path) -> Result<Option<Manifest>, RunDirError> {
    let found = match entries(path) {
        Err(error) if error.is_not_found() => return Ok(None),
        found => found?,
    };
    let manifest = path.join(MANIFEST);
    let why = match atomic::read(&manifest, MAX_TEXT) {
        Ok(bytes) => match Manifest::parse(&bytes) {
            Ok(manifest) => return Ok(Some(manifest)),
            Err(why) => format!("its {MANIFEST} is not ours ({why})"),
        },
        Err(e) if e.is_not_found() => format!("no {MANIFEST} of ours"),
        Err(e) => return Err(e.into()),
    };
    // What a run may leave behind that was killed before its manifest was written.
    let remains = |name: &str| name == lock::NAME || name.ends_with(atomic::PARTIAL);
    match found.into_iter().find(|name| !remains(name)) {
        None => Ok(None),
        Some(found) => Err(RunDirError::Foreign {
            path: path.into(),
            found,
            why,
        }),
    }
}

/// Creates a folder where none is. A link is refused, since what is written there would go elsewhere.
fn create_folder(path: &Path) -> Result<(), FileError> {
    let cannot = |e| FileError::new("create", path, e);
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(cannot(io::Error::other("a file or a link is in the way"))),
        // Another seed's thread may just have made it.
        Err(_) => match fs::create_dir(path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => create_folder(path),
            made => made.map_err(cannot),
        },
    }
}

/// Names in a folder, in order.
fn entries(folder: &Path) -> Result<Vec<String>, FileError> {
    let list = || -> io::Result<Vec<String>> {
        let mut names: Vec<String> = fs::read_dir(folder)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<_>>()?;
        names.sort();
        Ok(names)
    };
    list().map_err(|e| FileError::new("read the folder", folder, e))
}

#[cfg(test)]
mod tests;
