//! Who may write: locks that fall with their process.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::atomic::{FileError, check_replaceable};

/// Name of the file by which a folder is locked.
pub(crate) const NAME: &str = ".lock";

/// A folder that this process alone writes to, until this is dropped.
#[derive(Debug)]
pub(crate) struct FolderLock {
    path: PathBuf,
    _file: File,
}

impl FolderLock {
    /// Takes a folder; `None` if another process has it.
    ///
    /// # Errors
    /// If it cannot be written to, or what lies there under the lock's name is no file.
    pub fn take(folder: &Path) -> Result<Option<Self>, FileError> {
        let path = folder.join(NAME);
        check_replaceable(&path)?;
        let opened = File::options().create(true).append(true).open(&path);
        let file = opened.map_err(|e| FileError::new("write", &path, e))?;
        Ok(holds(&file, &path).then(|| Self { path, _file: file }))
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // While it is held nobody else can have put another one there. A lock that stays is in nobody's way.
        let _ = fs::remove_file(&self.path);
    }
}

/// Locks a file until it is closed; whether it is now ours and still the one at `path`, which is no link. Where the
/// file system knows no locks we do without.
pub(crate) fn holds(file: &File, path: &Path) -> bool {
    let locked = !matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    locked && is_at(file, path)
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |found: io::Result<fs::Metadata>| found.ok().map(|found| (found.dev(), found.ino()));
    let ours = id(file.metadata());
    ours.is_some() && ours == id(fs::symlink_metadata(path))
}

#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}
