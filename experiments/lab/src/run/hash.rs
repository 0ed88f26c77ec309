//! SHA-256 of what goes into a run and comes out of it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use offhook_env::diagnostic::Text;
use offhook_env::scenario::ScenarioText;
use sha2::{Digest, Sha256};

use crate::disk::atomic::{self, FileError};

/// SHA-256 in lowercase hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

/// The same of a file of any size, which is not kept in memory.
///
/// # Errors
/// If it cannot be read.
pub fn sha256_of(path: &Path) -> Result<String, FileError> {
    let mut file = BufReader::with_capacity(1 << 16, atomic::open(path)?);
    let mut hash = Sha256::new();
    loop {
        let bytes = file
            .fill_buf()
            .map_err(|e| FileError::new("read", path, e))?;
        if bytes.is_empty() {
            return Ok(hex(hash));
        }
        hash.update(bytes);
        let n = bytes.len();
        file.consume(n);
    }
}

fn hex(hash: Sha256) -> String {
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of a scenario's texts by their role: `scenario`, `library/<name>`, `tracker`.
pub fn hashes(text: &ScenarioText) -> BTreeMap<String, String> {
    let hash = |role: String, text: &Text| (role, sha256(text.text.as_bytes()));
    let library = text.library.iter();
    let tracker = text.tracker.iter();
    std::iter::once(hash("scenario".to_owned(), &text.main))
        .chain(tracker.map(|tables| hash("tracker".to_owned(), tables)))
        .chain(library.map(|(name, part)| hash(format!("library/{name}"), part)))
        .collect()
}

/// One SHA-256 for the scenario and the parts of the library that it includes: that of the text that
/// `sha256sum` would print for them under the names of their roles (`scenario`, `library/identity`).
pub fn scenario_hash(inputs: &BTreeMap<String, String>) -> String {
    let parts = (inputs.iter())
        .filter(|(role, _)| role.as_str() == "scenario" || role.starts_with("library/"));
    let lines: String = parts
        .map(|(role, hash)| format!("{hash}  {role}\n"))
        .collect();
    sha256(lines.as_bytes())
}

/// One SHA-256 for all that defines the calls of a run: its scenario and the line.
pub fn calls_hash(inputs: &BTreeMap<String, String>) -> String {
    let channel = inputs.get("channel").map_or("", String::as_str);
    sha256(format!("{}\n{channel}\n", scenario_hash(inputs)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_scenario_is_that_of_what_sha256sum_prints() {
        let hash = |text: &[u8]| sha256(text);
        let inputs = BTreeMap::from([
            ("channel".to_owned(), hash(b"c")),
            ("config".to_owned(), hash(b"d")),
            ("library/identity".to_owned(), hash(b"b")),
            ("scenario".to_owned(), hash(b"a")),
        ]);
        let lines = format!(
            "{}  library/identity\n{}  scenario\n",
            hash(b"b"),
            hash(b"a")
        );
        assert_eq!(scenario_hash(&inputs), sha256(lines.as_bytes()));
    }

    #[test]
    fn the_hash_is_sha256() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
    }
}
