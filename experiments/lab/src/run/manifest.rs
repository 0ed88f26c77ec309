//! The manifest of a run: what went in, on which machine, when, and the hash of every file that came out.
//!
//! Times live here and nowhere else in a run directory, so that all other files are the same bytes each time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::hash::sha256;
use super::verdict::Verdict;

/// Name of the program, which marks a manifest as ours.
const PROGRAM: &str = "offhook";

/// `manifest.json` of a run directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always "offhook".
    pub program: String,
    /// Version of the program.
    pub version: String,
    /// Revision of the code that built the program, or "unknown".
    pub revision: String,
    /// SHA-256 of everything that went in, by role: `config`, `scenario`, `channel`, `data/NAME`.
    pub inputs: BTreeMap<String, String>,
    /// Training seeds, in order.
    pub seeds: Vec<u64>,
    /// Threads that were used; they change the speed, never the results.
    pub threads: usize,
    /// Where it ran.
    pub machine: Machine,
    /// When the run was first begun, RFC 3339 in UTC.
    pub started: String,
    /// When it was finished; absent while it runs and after it was interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
    /// Whether the exported table may replace the hand-written flow; absent until finished, and of a prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// SHA-256 of every file of the run by path within its directory; empty until finished.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// The machine of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Processors that the process may use.
    pub cpus: usize,
    /// Operating system, such as `linux`.
    pub os: String,
    /// Architecture, such as `x86_64`.
    pub arch: String,
}

impl Machine {
    /// The machine that this is called on.
    pub fn here() -> Self {
        Self {
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            os: std::env::consts::OS.into(),
            arch: std::env::consts::ARCH.into(),
        }
    }
}

impl Manifest {
    /// A manifest of a run that begins now, on this machine, by this program; `revision` is that of the code that
    /// built it, `started` is RFC 3339, see [`rfc3339`].
    pub fn begin(
        inputs: BTreeMap<String, String>,
        seeds: Vec<u64>,
        threads: usize,
        revision: &str,
        started: String,
    ) -> Self {
        Self {
            program: PROGRAM.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            revision: revision.into(),
            inputs,
            seeds,
            threads,
            machine: Machine::here(),
            started,
            finished: None,
            verdict: None,
            files: BTreeMap::new(),
        }
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// If the bytes are not a manifest of this program; the message starts lowercase and names the key.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        match manifest.program.as_str() {
            PROGRAM => Ok(manifest),
            other => Err(format!("program is '{other}', expected '{PROGRAM}'")),
        }
    }

    /// As indented JSON with a line feed at the end.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("strings and numbers are always JSON");
        json + "\n"
    }

    /// SHA-256 of all that determines what a seed learns: what went in, with `config` in place of the config as it was
    /// run with some seeds, and by which program.
    pub fn identity(&self, config: &str) -> String {
        let mut inputs = self.inputs.clone();
        inputs.insert("config".to_owned(), sha256(config.as_bytes()));
        let all = serde_json::json!([inputs, self.version, self.revision]);
        sha256(all.to_string().as_bytes())
    }

    /// What keeps `other` from going on with this run to the same bytes, if anything: the first thing that
    /// differs, with both values. Threads, machine and times may differ.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let say = |what: &str, old: &str, new: &str| Some(format!("{what} was {old}, now {new}"));
        for name in self.inputs.keys().chain(other.inputs.keys()) {
            let hash = |m: &Self| m.inputs.get(name).map_or("absent".into(), |h| short(h));
            if self.inputs.get(name) != other.inputs.get(name) {
                return say(name, &hash(self), &hash(other));
            }
        }
        if self.seeds != other.seeds {
            return say(
                "seeds",
                &format!("{:?}", self.seeds),
                &format!("{:?}", other.seeds),
            );
        }
        if self.version != other.version {
            return say("version", &self.version, &other.version);
        }
        if self.revision != other.revision {
            return say("revision", &self.revision, &other.revision);
        }
        None
    }
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

/// A time in UTC as RFC 3339, from seconds since 1970 (days to date after Hinnant, 2014,
/// "chrono-compatible low-level date algorithms").
pub fn rfc3339(unix_seconds: u64) -> String {
    let (days, seconds) = (unix_seconds / 86_400 + 719_468, unix_seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months are counted from March, so that the leap day comes last.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year_of_era + next;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The first line in which two configs differ, with both versions of it; bytes that are not UTF-8 are replaced.
pub fn first_difference(old: &[u8], new: &[u8]) -> Option<String> {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let (mut old, mut new) = (old.lines(), new.lines());
    for number in 1.. {
        let (a, b) = (old.next(), new.next());
        if a != b {
            let show =
                |line: Option<&str>| line.map_or("missing".into(), |l| format!("`{}`", l.trim()));
            return Some(format!(
                "line {number} of the config was {}, now {}",
                show(a),
                show(b)
            ));
        }
        if a.is_none() {
            break;
        }
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn manifest(config: &[u8]) -> Manifest {
        let inputs = BTreeMap::from([("config".into(), sha256(config))]);
        Manifest::begin(inputs, vec![1, 2], 2, "unknown", rfc3339(0))
    }

    #[test]
    fn known_times() {
        let known = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_709_210_096, "2024-02-29T12:34:56Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ];
        for (seconds, text) in known {
            assert_eq!(rfc3339(seconds), text);
        }
    }

    #[test]
    fn a_manifest_survives_its_file() {
        let mut m = manifest(b"x");
        assert!(!m.to_json().contains("finished"));
        assert_eq!(Manifest::parse(m.to_json().as_bytes()).as_ref(), Ok(&m));
        m.finished = Some(rfc3339(60));
        m.files.insert("table.json".into(), sha256(b""));
        assert_eq!(Manifest::parse(m.to_json().as_bytes()).as_ref(), Ok(&m));
    }

    #[test]
    fn a_manifest_of_something_else_is_refused() {
        let other = manifest(b"x").to_json().replace("offhook", "npm");
        assert_eq!(
            Manifest::parse(other.as_bytes()),
            Err("program is 'npm', expected 'offhook'".into())
        );
        assert!(Manifest::parse(b"{\"name\": 1}").is_err_and(|e| e.contains("unknown field")));
        assert!(Manifest::parse(b"\xff").is_err());
    }

    #[test]
    fn the_first_difference_is_named_and_threads_are_none() {
        let old = manifest(b"x");
        let new = Manifest {
            threads: 8,
            started: rfc3339(9),
            ..old.clone()
        };
        assert_eq!(old.difference(&new), None);
        let new = Manifest {
            seeds: vec![1],
            ..old.clone()
        };
        assert_eq!(
            old.difference(&new).as_deref(),
            Some("seeds was [1, 2], now [1]")
        );
        let mut new = old.clone();
        new.inputs.insert("scenario".into(), sha256(b""));
        assert_eq!(
            old.difference(&new).as_deref(),
            Some("scenario was absent, now e3b0c44298fc")
        );
    }
}
