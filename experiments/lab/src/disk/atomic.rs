//! Reading a file, and writing one whole or not at all: a partial file beside it, flushed to the disk, then
//! renamed.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::Failure;

/// Ending of a file that is being written. One that a killed process left behind is overwritten next time.
pub(crate) const PARTIAL: &str = ".partial";

/// A file or folder could not be written or read; the message says which, why, and what to do.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} '{}': {source}{}", path.display(), remedy(source))]
pub struct FileError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Self::failed(error)
    }
}

impl FileError {
    /// `doing` is a verb, as in "cannot write 'FILE': ...".
    pub fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self {
            doing,
            path: path.into(),
            source,
        }
    }

    /// Whether there is no such file or folder.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == ErrorKind::NotFound
    }
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "; free some space or write elsewhere with --out"
        }
        ErrorKind::ReadOnlyFilesystem => "; choose a folder on a writable disk with --out",
        ErrorKind::PermissionDenied => "; change its permissions or write elsewhere with --out",
        ErrorKind::NotFound => "; check the spelling of the path",
        ErrorKind::NotADirectory => "; a part of the path is a file",
        ErrorKind::IsADirectory => "; a folder of that name is in the way",
        _ => "",
    }
}

/// Refuses to write where something is that nobody allowed to be replaced, or anything but a file is.
///
/// # Errors
/// If there is; the message names the remedy.
pub fn check_free(path: &Path, force: bool) -> Result<(), Failure> {
    check_replaceable(path)?;
    if path.exists() && !force {
        let path = path.display();
        return Err(Failure::failed(format!(
            "'{path}' is already there; replace it with --force"
        )));
    }
    Ok(())
}

/// Refuses to replace a folder, a device, a pipe or a link by a file.
///
/// # Errors
/// If there is one.
pub(crate) fn check_replaceable(path: &Path) -> Result<(), FileError> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    let found = found.file_type();
    let refusal = |why: &str| io::Error::new(ErrorKind::InvalidInput, why.to_owned());
    let error = if found.is_dir() {
        ErrorKind::IsADirectory.into()
    } else if found.is_symlink() {
        refusal("it is a link; name the file that it points to")
    } else if !found.is_file() {
        refusal("it is a device or a pipe and no file; name another one")
    } else {
        return Ok(());
    };
    Err(FileError::new("write", path, error))
}

/// Opens a file, or a pipe, to be read.
///
/// # Errors
/// If it cannot be opened, or is a folder or a device, which may have no end.
pub fn open(path: &Path) -> Result<File, FileError> {
    let cannot = |e| FileError::new("read", path, e);
    let file = File::open(path).map_err(cannot)?;
    let found = file.metadata().map_err(cannot)?.file_type();
    if found.is_dir() {
        return Err(cannot(io::Error::other(
            "it is a folder; name a file in it",
        )));
    }
    #[cfg(unix)]
    let is_device = {
        use std::os::unix::fs::FileTypeExt;
        found.is_char_device() || found.is_block_device()
    };
    #[cfg(not(unix))]
    let is_device = false;
    if is_device {
        return Err(cannot(io::Error::other(
            "it is a device, which may have no end",
        )));
    }
    Ok(file)
}

/// A temporary file, which becomes a file with the permissions that the user gives to new ones.
///
/// # Errors
/// If the folder cannot be written.
pub fn temporary_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let builder = {
        use std::os::unix::fs::PermissionsExt;
        // Less what the umask takes away.
        builder.permissions(fs::Permissions::from_mode(0o666))
    };
    builder.tempfile_in(folder)
}

/// The bytes of a file, or its first `limit` if there are more, so that no file fills the memory.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    open(path)?
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|e| FileError::new("read", path, e))?;
    Ok(bytes)
}

/// Writes `bytes` under `path`, replacing what was there; a reader, or a crash at any moment, sees the old
/// file or the new one and nothing between.
///
/// # Errors
/// If the folder is missing or not writable or the disk is full; `path` is then untouched and no partial
/// file remains.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    check_replaceable(path)?;
    let mut name = path.file_name().unwrap_or(OsStr::new("")).to_os_string();
    name.push(PARTIAL);
    let partial = path.with_file_name(name);
    let written = create_new(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&partial, path))
        .map_err(|source| {
            // The first failure is the one worth telling.
            let _ = fs::remove_file(&partial);
            FileError::new("write", path, source)
        })?;
    // The rename itself is durable once the folder is flushed, which not every system can do.
    if let Some(folder) = path.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Creates a file where none is; what a killed process has left behind is removed first. No link is followed, so
/// that nothing elsewhere is written.
fn create_new(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => File::create_new(path),
    }
}

/// Writes `n_bytes` into `folder` and removes them, so that a read-only folder or a full disk shows before
/// the work is done.
///
/// # Errors
/// If it cannot be written to or has no room.
pub fn probe(folder: &Path, n_bytes: usize) -> Result<(), FileError> {
    let path = folder.join(format!(".probe{PARTIAL}"));
    // Ones, since some file systems store no zeros.
    let block = [1; 1 << 16];
    let written = create_new(&path).and_then(|mut file| {
        (0..n_bytes.div_ceil(block.len())).try_for_each(|_| file.write_all(&block))?;
        file.sync_all()
    });
    let removed = fs::remove_file(&path);
    written
        .and(removed)
        .map_err(|e| FileError::new("write to", folder, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        fs::write(
            folder.path().join("a.csv.partial"),
            "left by a killed process",
        )
        .expect("a file");
        write(&path, b"one").expect("written");
        write(&path, b"two").expect("written");
        assert_eq!(fs::read(&path).expect("a file"), b"two");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_failure_names_path_reason_and_remedy_and_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("missing/a.csv");
        let error = write(&missing, b"x")
            .expect_err("no such folder")
            .to_string();
        assert!(
            error.contains("missing/a.csv") && error.ends_with("; check the spelling of the path"),
            "{error}"
        );
        let blocked = folder.path().join("blocked");
        fs::create_dir(&blocked).expect("a folder");
        let error = write(&blocked, b"x")
            .expect_err("a folder is in the way")
            .to_string();
        assert!(
            error.ends_with("; a folder of that name is in the way"),
            "{error}"
        );
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_full_disk_says_what_to_do() {
        let full = io::Error::from(ErrorKind::StorageFull);
        let error = FileError::new("write", Path::new("a"), full).to_string();
        assert_eq!(
            error,
            "cannot write 'a': no storage space; free some space or write elsewhere with --out"
        );
    }
}
