//! Reading a file, and writing one whole or not at all: a partial file beside it, flushed to the disk, then
//! renamed.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::disk::lock::holds;
use crate::error::Failure;

/// Ending of a file that is being written. One that a killed process left behind is overwritten next time.
pub(crate) const PARTIAL: &str = ".partial";

/// What other programs take for a standard stream.
const DASH: &str = "-";

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
/// If there is one, or the path is a dash, by which nobody means a file.
pub(crate) fn check_replaceable(path: &Path) -> Result<(), FileError> {
    check_named(path)?;
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

/// Refuses a dash, by which nobody means a file or folder of that name; standard output is for what is told.
///
/// # Errors
/// If it is one.
pub(crate) fn check_named(path: &Path) -> Result<(), FileError> {
    if path == Path::new(DASH) {
        let why = "standard output is for what is told; give a name";
        return Err(FileError::new("write", path, io::Error::other(why)));
    }
    Ok(())
}

/// Opens a file, or a pipe, to be read.
///
/// # Errors
/// If it cannot be opened, or is a folder or a device, which may have no end.
pub fn open(path: &Path) -> Result<File, FileError> {
    let cannot = |e| FileError::new("read", path, e);
    if path == Path::new(DASH) {
        return Err(cannot(io::Error::other(
            "standard input has the name /dev/stdin",
        )));
    }
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

/// A file that appears under its name only when it is whole; until then it lies beside it, and is this process's
/// alone.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    partial: PathBuf,
    file: File,
    is_in_place: bool,
}

impl NewFile {
    /// Begins a file that is to replace whatever file is at `path`.
    ///
    /// # Errors
    /// If another process is writing it, the folder is missing or not writable, or what is there is no file.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        check_replaceable(path)?;
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(PARTIAL);
        let partial = path.with_file_name(name);
        let file = claim(&partial).map_err(|e| FileError::new("write", path, e))?;
        Ok(Self {
            path: path.to_owned(),
            partial,
            file,
            is_in_place: false,
        })
    }

    /// Puts the file in its place. A reader, or a crash at any moment, sees the old file or the new one and nothing
    /// between.
    ///
    /// # Errors
    /// If the disk is full; what was there is then untouched.
    pub fn finish(mut self) -> Result<(), FileError> {
        let renamed = (self.file.sync_all()).and_then(|()| fs::rename(&self.partial, &self.path));
        renamed.map_err(|e| FileError::new("write", &self.path, e))?;
        self.is_in_place = true;
        // The rename itself is durable once the folder is flushed, which not every system can do.
        if let Some(folder) = self
            .path
            .parent()
            .and_then(|folder| File::open(folder).ok())
        {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_in_place {
            // What failed before is the one worth telling.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

/// Writes `bytes` under `path`, replacing what was there: all of them or none.
///
/// # Errors
/// If the folder is missing or not writable, the disk is full, or another process is writing it; `path` is then
/// untouched and no partial file remains.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = NewFile::create(path)?;
    (file.write_all(bytes)).map_err(|e| FileError::new("write", path, e))?;
    file.finish()
}

/// Creates a file that no other process claims; what a killed process has left behind is removed first. No link is
/// followed, so that nothing elsewhere is written.
fn claim(path: &Path) -> io::Result<File> {
    let busy = || io::Error::new(ErrorKind::ResourceBusy, "another process is writing it");
    // Held until the new one is: who finds either of them gone or locked gives way.
    let left = match fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => Some(File::open(path)?),
        _ => None,
    };
    if left.as_ref().is_some_and(|left| !holds(left, path)) {
        return Err(busy());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    match File::create_new(path) {
        Ok(file) if holds(&file, path) => Ok(file),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Err(busy()),
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
    let written = claim(&path).and_then(|mut file| {
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
    fn a_file_has_one_writer_and_who_gives_up_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        let mut first = NewFile::create(&path).expect("nobody else is there");
        first.write_all(b"half").expect("written");
        for second in [NewFile::create(&path).map(drop), write(&path, b"two")] {
            let error = second.expect_err("the first one writes it").to_string();
            assert!(error.ends_with("another process is writing it"), "{error}");
        }
        drop(first);
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
        write(&path, b"two").expect("it is free again");
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
