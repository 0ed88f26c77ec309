//! Keys and signatures of files: Ed25519 over the bytes of a table file.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use offhook_table::release::{Release, ReleaseError};
use offhook_table::sign::{SignError, check_signature, generate_keys, sign};
use serde_json::Value;

use crate::disk::atomic;
use crate::error::Failure;
use crate::policies::{read_table, table_file, table_of};

/// Most bytes of a key file or signature that are read.
const MAX_BYTES: u64 = 1 << 16;

/// Makes a pair of keys, the private one at `private`, and says where the public one lies; never over files that
/// are there.
///
/// # Errors
/// If a file is there or cannot be written, or the system gives no random numbers.
pub fn keygen(private: &Path) -> Result<PathBuf, Failure> {
    let public = with_ending(private, ".pub");
    for path in [private, &public] {
        if path.exists() {
            let path = path.display();
            return Err(Failure::failed(format!(
                "'{path}' is already there; a key is never replaced, choose another name"
            )));
        }
    }
    let keys = generate_keys()?;
    write_private(private, &keys.private)?;
    if let Err(error) = atomic::write(&public, keys.public.as_bytes()) {
        // Both or none; the first failure is the one worth telling.
        let _ = fs::remove_file(private);
        return Err(error.into());
    }
    Ok(public)
}

/// Writes a file that only its owner may read.
fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = |e| atomic::FileError::new("write", path, e);
    let mut file = options.open(path).map_err(failed)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    written.map_err(|e| {
        let _ = fs::remove_file(path);
        failed(e).into()
    })
}

/// What is signed with what.
#[derive(Clone, Copy, Debug)]
pub struct SignPlan<'a> {
    /// A run directory or a table file.
    pub table: &'a Path,
    /// The private key.
    pub key: &'a Path,
    /// The signature; `<table file>.sig` if not given.
    pub out: Option<&'a Path>,
    /// Whether a signature that is there is replaced.
    pub force: bool,
}

/// Signs a table file, and says where the signature lies.
///
/// # Errors
/// If a file cannot be read or written, or table or key are none.
pub fn sign_file(plan: SignPlan<'_>) -> Result<PathBuf, Failure> {
    let file = table_file(plan.table)?;
    let out = plan
        .out
        .map_or_else(|| with_ending(&file, ".sig"), Path::to_owned);
    let out_file = out.canonicalize().ok();
    for signed in [&file, plan.key] {
        if out_file.is_some() && out_file == signed.canonicalize().ok() {
            return Err(Failure::usage(format!(
                "--out {}: that is the table or the key, expected a file for the signature",
                out.display()
            )));
        }
    }
    atomic::check_free(&out, plan.force)?;
    let key = read_text(plan.key)?;
    let bytes = read_table(&file)?;
    check_table(&file, &bytes)?;
    let signature = sign(&bytes, &key).map_err(|e| at(plan.key, e))?;
    atomic::write(&out, &signature)?;
    Ok(out)
}

/// Refuses what is neither a table that reads back nor one for an engine, which carries its checksum.
fn check_table(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let is_export = serde_json::from_slice::<Value>(bytes)
        .is_ok_and(|value| value["offhook"]["checksum"].is_string());
    if !is_export {
        table_of(file, bytes)?;
    }
    Ok(())
}

/// Checks the signature of a table file, whose bytes these are.
///
/// # Errors
/// If key or signature cannot be read, or the signature does not hold.
pub fn check(
    file: &Path,
    bytes: &[u8],
    key: &Path,
    signature: Option<&Path>,
) -> Result<(), Failure> {
    let signature = signature.map_or_else(|| with_ending(file, ".sig"), Path::to_owned);
    let public = read_text(key)?;
    let signed = atomic::read(&signature, MAX_BYTES)?;
    check_signature(bytes, &signed, &public).map_err(|e| match e {
        SignError::Key { .. } => at(key, e),
        SignError::Length { .. } => at(&signature, e),
        _ => at(file, e),
    })
}

/// Checks the signature inside a release that was read from `file`.
///
/// # Errors
/// If the key cannot be read, the signature does not hold or there is none, or one beside the file is named.
pub fn check_release(
    file: &Path,
    release: &Release,
    key: &Path,
    signature: Option<&Path>,
) -> Result<(), Failure> {
    if signature.is_some() {
        return Err(Failure::usage(format!(
            "--signature: a release has its signature inside, and '{}' is one; leave it out",
            file.display()
        )));
    }
    release
        .check_signature(&read_text(key)?)
        .map_err(|e| match e {
            ReleaseError::Signature(e @ SignError::Key { .. }) => at(key, e),
            e => Failure::failed(format!("'{}': {e}", file.display())),
        })
}

fn at(path: &Path, error: SignError) -> Failure {
    Failure::failed(format!("'{}': {error}", path.display()))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The text of a key file.
///
/// # Errors
/// If it cannot be read or is no text.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(atomic::read(path, MAX_BYTES)?).map_err(|_| {
        Failure::failed(format!(
            "'{}' is no text, expected a PEM key",
            path.display()
        ))
    })
}
