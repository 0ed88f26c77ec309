//! `offhook table keygen` and `sign`, and the check of a signature: Ed25519 over the bytes of a
//! file.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use offhook_table::sign::{SIGNATURE_BYTES, SignError, check_signature, generate_keys, sign};
use serde_json::Value;

use crate::cli::{KeygenArgs, SignArgs};
use crate::terminal::outln;
use offhook_lab::disk::atomic;
use offhook_lab::error::Failure;
use offhook_lab::policies::{read_table, table_file, table_of};

/// Most bytes of a key file or signature that are read.
const MAX_BYTES: u64 = 1 << 16;

/// Makes a pair of keys; never over files that are there.
///
/// # Errors
/// If a file is there or cannot be written, or the system gives no random numbers.
pub fn keygen(args: &KeygenArgs) -> Result<(), Failure> {
    let public = with_ending(&args.out, ".pub");
    for path in [&args.out, &public] {
        if path.exists() {
            let path = path.display();
            return Err(Failure::failed(format!(
                "'{path}' is already there; a key is never replaced, choose another name"
            )));
        }
    }
    let keys = generate_keys()?;
    write_private(&args.out, &keys.private)?;
    if let Err(error) = atomic::write(&public, keys.public.as_bytes()) {
        // Both or none; the first failure is the one worth telling.
        let _ = fs::remove_file(&args.out);
        return Err(error.into());
    }
    outln!("private key, keep it secret: {}", args.out.display());
    outln!("public key, hand it out: {}", public.display());
    Ok(())
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

/// Signs a table file.
///
/// # Errors
/// If a file cannot be read or written, or table or key are none.
pub fn run(args: &SignArgs) -> Result<(), Failure> {
    let file = table_file(&args.table)?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| with_ending(&file, ".sig"));
    let out_file = out.canonicalize().ok();
    for signed in [&file, &args.key] {
        if out_file.is_some() && out_file == signed.canonicalize().ok() {
            return Err(Failure::usage(format!(
                "--out {}: that is the table or the key, expected a file for the signature",
                out.display()
            )));
        }
    }
    atomic::check_free(&out, args.force)?;
    let key = read_text(&args.key)?;
    let bytes = read_table(&file)?;
    check_table(&file, &bytes)?;
    let signature = sign(&bytes, &key).map_err(|e| at(&args.key, e))?;
    atomic::write(&out, &signature)?;
    let (n, out) = (SIGNATURE_BYTES, out.display());
    outln!("{n} bytes written to {out}");
    Ok(())
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

fn at(path: &Path, error: SignError) -> Failure {
    Failure::failed(format!("'{}': {error}", path.display()))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(atomic::read(path, MAX_BYTES)?).map_err(|_| {
        Failure::failed(format!(
            "'{}' is no text, expected a PEM key",
            path.display()
        ))
    })
}
