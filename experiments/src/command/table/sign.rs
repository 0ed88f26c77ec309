//! `offhook table keygen` and `sign`, and the check of a signature: Ed25519 over the bytes of a
//! file.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use offhook_table::sign::{SIGNATURE_BYTES, SignError, check_signature, generate_keys, sign};

use crate::atomic;
use crate::cli::{KeygenArgs, SignArgs};
use crate::error::Failure;
use crate::terminal::outln;

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
    atomic::write(&public, keys.public.as_bytes())?;
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
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|e| atomic::FileError::new("write", path, e).into())
}

/// Signs a table file.
///
/// # Errors
/// If a file cannot be read or written, or the key is none.
pub fn run(args: &SignArgs) -> Result<(), Failure> {
    let file = table_file(&args.table);
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| with_ending(&file, ".sig"));
    if out.exists() && !args.force {
        return Err(Failure::failed(format!(
            "'{}' is already there; replace it with --force",
            out.display()
        )));
    }
    let key = read_text(&args.key)?;
    let signature = sign(&read(&file, u64::MAX)?, &key).map_err(|e| at(&args.key, e))?;
    atomic::write(&out, &signature)?;
    let (n, out) = (SIGNATURE_BYTES, out.display());
    outln!("{n} bytes written to {out}");
    Ok(())
}

/// Checks the signature of a table file.
///
/// # Errors
/// If a file cannot be read, or the signature does not hold.
pub fn check_file(table: &Path, key: &Path, signature: Option<&Path>) -> Result<(), Failure> {
    let file = table_file(table);
    let signature = signature.map_or_else(|| with_ending(&file, ".sig"), Path::to_owned);
    let public = read_text(key)?;
    let bytes = read(&file, u64::MAX)?;
    check_signature(&bytes, &read(&signature, MAX_BYTES)?, &public).map_err(|e| match e {
        SignError::Key { .. } => at(key, e),
        SignError::Length { .. } => at(&signature, e),
        _ => at(&file, e),
    })
}

fn at(path: &Path, error: SignError) -> Failure {
    Failure::failed(format!("'{}': {error}", path.display()))
}

/// The table of a run directory, or the file itself.
fn table_file(path: &Path) -> PathBuf {
    if path.is_dir() {
        path.join("table.json")
    } else {
        path.to_owned()
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|e| atomic::FileError::new("read", path, e))?;
    Ok(bytes)
}

fn read_text(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path, MAX_BYTES)?).map_err(|_| {
        Failure::failed(format!(
            "'{}' is no text, expected a PEM key",
            path.display()
        ))
    })
}
