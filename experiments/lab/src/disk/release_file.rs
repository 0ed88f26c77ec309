//! The file of a release, told from other files by how it begins.

use std::path::Path;

use offhook_table::release::{MAX_BYTES, Release};

use super::atomic;
use crate::error::Failure;

/// How much of a file says whether it is a release.
const HEAD: u64 = 64;

/// The release that a path is, checked and proved; `None` where it is another file, or none.
///
/// # Errors
/// If it begins as a release and is none; the file is named.
pub fn read(path: &Path) -> Result<Option<Release>, Failure> {
    if !path.is_file() || !Release::is(&atomic::read(path, HEAD)?) {
        return Ok(None);
    }
    of_bytes(path, &atomic::read(path, MAX_BYTES as u64 + 1)?)
}

/// The same of bytes that were read from there.
///
/// # Errors
/// As [`read`].
pub fn of_bytes(path: &Path, bytes: &[u8]) -> Result<Option<Release>, Failure> {
    if !Release::is(bytes) {
        return Ok(None);
    }
    let release = Release::from_bytes(bytes);
    let release = release.map_err(|e| Failure::failed(format!("'{}': {e}", path.display())))?;
    Ok(Some(release))
}
