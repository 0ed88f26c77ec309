//! Finding scenarios, channels and configs: a path wins, else a name of the bundled ones.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Failure;

macro_rules! bundle {
    ($($folder:literal: $($name:literal),*;)*) => {
        &[$($(File {
            folder: $folder,
            name: $name,
            text: include_str!(concat!("../", $folder, "/", $name, ".toml")),
        },)*)*]
    };
}

/// A file that is part of the program, so that it runs from any folder.
#[derive(Clone, Copy, Debug)]
pub struct File {
    folder: &'static str,
    /// Name without ending.
    pub name: &'static str,
    /// The whole text.
    pub text: &'static str,
}

const FILES: &[File] = bundle! {
    "scenarios": "fraud_alert", "insurance_renewal", "dstc2";
    "channels": "dstc2";
    "configs": "quickstart", "dstc2";
};

/// The bundled files of a folder: `scenarios`, `channels` or `configs`.
pub fn list(folder: &str) -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(move |file| file.folder == folder)
}

/// A text file as the user named it.
#[derive(Clone, Debug)]
pub struct Text {
    /// The path, or the name of a bundled file, for messages.
    pub file: String,
    /// What stands in it.
    pub text: String,
}

/// Reads a file by path (seen from `base`, if it is not there from here), or a bundled one by name.
///
/// # Errors
/// If there is neither, or the file cannot be read or is not UTF-8.
pub fn find(folder: &str, name: &str, base: Option<&Path>) -> Result<Text, Failure> {
    let beside = base.map(|base| base.join(name));
    let path = [Some(PathBuf::from(name)), beside]
        .into_iter()
        .flatten()
        .find(|path| path.is_file());
    if let Some(path) = path {
        return read(&path);
    }
    if let Some(file) = list(folder).find(|file| file.name == name) {
        return Ok(Text {
            file: format!("{name}.toml (bundled)"),
            text: file.text.to_owned(),
        });
    }
    let names: Vec<_> = list(folder).map(|file| file.name).collect();
    let one = folder.trim_end_matches('s');
    Err(Failure::usage(format!(
        "no {one} '{name}': neither a file nor one of the bundled {}",
        names.join(", ")
    )))
}

/// Reads a text file whole.
///
/// # Errors
/// If it cannot be read or is not UTF-8; the message names the path and the place.
pub fn read(path: &Path) -> Result<Text, Failure> {
    let bytes = fs::read(path)
        .map_err(|e| Failure::failed(format!("cannot read '{}': {e}", path.display())))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Failure::failed(format!(
            "'{}' is not UTF-8 from byte {} on; save it as UTF-8 text",
            path.display(),
            at + 1
        ))
    })?;
    Ok(Text {
        file: path.display().to_string(),
        text,
    })
}
