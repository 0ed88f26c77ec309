//! Files that are part of the program, and finding one: a path wins, else a name of the bundled ones.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use offhook_env::diagnostic::Text;
use offhook_env::scenario::ScenarioText;

/// A file that is part of the program, so that it runs from any folder.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// Name without ending.
    pub name: &'static str,
    /// The whole text.
    pub text: &'static str,
}

impl File {
    fn to_text(self) -> Text {
        Text {
            file: format!("{}.toml (bundled)", self.name),
            text: self.text.to_owned(),
        }
    }
}

/// The bundled files of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Folder {
    /// What one of them is, as messages name it: `scenario`.
    pub kind: &'static str,
    /// The files, in the order in which they are listed.
    pub files: &'static [File],
}

/// The TOML files of a folder, seen from the file that calls the macro, as a list of [`File`]s.
#[macro_export]
macro_rules! bundle {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$($crate::bundled::File {
            name: $name,
            text: include_str!(concat!($folder, "/", $name, ".toml")),
        },)*]
    };
}

/// Kinds of call.
pub const SCENARIOS: Folder = Folder {
    kind: "scenario",
    files: bundle!(
        "../scenarios": "fraud_alert", "insurance_renewal", "fund_notice", "compliance_followup",
        "merchant_promotion", "arrears_reminder", "epidemic_survey", "dstc2", "voicemail_pomdp"
    ),
};

/// Sub-processes that scenarios include.
pub const LIBRARY: Folder = Folder {
    kind: "sub-process",
    files: bundle!(
        "../scenarios/library": "callback", "identity", "identity_card", "opt_out", "questions",
        "repair", "transfer", "voicemail", "answering_machine", "wrong_person"
    ),
};

/// Lines between customer and robot.
pub const CHANNELS: Folder = Folder {
    kind: "channel",
    files: bundle!("../channels": "dstc2", "value_error_30"),
};

/// The JSON Schema of scenario files, made from the types that read them; a test keeps it so.
pub const SCENARIO_SCHEMA: &str = include_str!("../scenarios/scenario.schema.json");

/// Whether a scenario's text says who is called, so that calls can be simulated.
pub fn has_population(text: &str) -> bool {
    let (root, _) = toml::de::DeTable::parse_recoverable(text);
    root.get_ref().contains_key("population")
}

/// Why a file was not found or could not be taken as text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// Neither a file nor a bundled name.
    #[error("no {kind} '{name}': neither a file nor one of the bundled {known}")]
    Unknown {
        /// What was looked for.
        kind: &'static str,
        /// The name that was given.
        name: String,
        /// The bundled names.
        known: String,
    },
    /// The file cannot be read.
    #[error("cannot read '{}': {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is larger than any of its kind.
    #[error("'{}' has more than {MAX_TEXT} bytes; is it the right file?", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file is not text.
    #[error("'{}' is not UTF-8 from byte {at} on; save it as UTF-8 text", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// First byte that does not belong, counted from 1.
        at: usize,
    },
}

impl Folder {
    /// The bundled file of that name.
    pub fn get(&self, name: &str) -> Option<&'static File> {
        self.files.iter().find(|file| file.name == name)
    }

    /// The bundled names, as a message lists them.
    pub fn names(&self) -> String {
        let names: Vec<_> = self.files.iter().map(|file| file.name).collect();
        names.join(", ")
    }

    /// Reads a file by path (seen from `base`, if it is not there from here), or a bundled one by name.
    ///
    /// # Errors
    /// If there is neither, or the file cannot be read or is not UTF-8.
    pub fn find(&self, name: &str, base: Option<&Path>) -> Result<Text, FindError> {
        let beside = base.map(|base| base.join(name));
        let path = [Some(PathBuf::from(name)), beside]
            .into_iter()
            .flatten()
            .find(|path| path.is_file());
        if let Some(path) = path {
            return read(&path);
        }
        let file = self.get(name).ok_or_else(|| FindError::Unknown {
            kind: self.kind,
            name: name.to_owned(),
            known: self.names(),
        })?;
        Ok(file.to_text())
    }
}

/// What the tables of a tracker are called beside a scenario.
pub const TRACKER_FILE: &str = "tracker.json";

/// Reads a scenario and the sub-processes it includes: a file `library/<name>.toml` beside the
/// scenario wins, else a bundled one. Tables of a tracker that lie beside it, as in a run, are its own.
///
/// # Errors
/// If there is no such scenario, or a file cannot be read or is not UTF-8.
pub fn scenario(name: &str, base: Option<&Path>) -> Result<ScenarioText, FindError> {
    let main = SCENARIOS.find(name, base)?;
    let beside = Path::new(&main.file).parent().map(Path::to_owned);
    let folder = beside.as_ref().map(|beside| beside.join("library"));
    let tracker = beside.map(|beside| beside.join(TRACKER_FILE));
    let mut text = ScenarioText::gather(main, |name| {
        let file = format!("{name}.toml");
        let path = folder.as_ref().map(|folder| folder.join(&file));
        if let Some(path) = path.filter(|path| path.is_file()) {
            return read(&path).map(Some);
        }
        Ok(LIBRARY.get(name).copied().map(File::to_text))
    })?;
    if let Some(path) = tracker.filter(|path| path.is_file()) {
        text.tracker = Some(read(&path)?);
    }
    Ok(text)
}

/// Most bytes of a file that was written by hand: many times the largest scenario.
const MAX_TEXT: u64 = 1 << 20;

/// Reads a text file that was written by hand.
///
/// # Errors
/// If it cannot be read, has more than 1 MiB or is not UTF-8; the message names the path and the place.
pub fn read(path: &Path) -> Result<Text, FindError> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| {
        let mut bounded = file.take(MAX_TEXT + 1);
        bounded.read_to_end(&mut bytes)
    });
    let n_bytes = read.map_err(|source| FindError::Read {
        path: path.to_owned(),
        source,
    })?;
    if n_bytes as u64 > MAX_TEXT {
        let path = path.to_owned();
        return Err(FindError::TooLarge { path });
    }
    let text = String::from_utf8(bytes).map_err(|e| FindError::NotUtf8 {
        path: path.to_owned(),
        at: e.utf8_error().valid_up_to() + 1,
    })?;
    Ok(Text {
        file: path.display().to_string(),
        text,
    })
}

#[cfg(test)]
mod tests {
    use offhook_env::act::{Hypothesis, NBest, NONE, SystemActKind};
    use offhook_env::action::ActionMask;
    use offhook_env::belief::tracker::BeliefState;
    use offhook_env::rng::{Stream, derive};
    use offhook_env::scenario::lint::Reach;
    use offhook_env::scenario::{N_CODES, Scenario};
    use rand::RngExt;

    use super::*;
    use crate::world;

    fn parsed(name: &str) -> Scenario {
        let text = scenario(name, None).expect("it is bundled");
        Scenario::parse(&text).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn every_bundled_scenario_compiles_with_its_library_and_population() {
        let mut n_populations = 0;
        for file in SCENARIOS.files {
            assert_eq!(parsed(file.name).name, file.name);
            if has_population(file.text) {
                n_populations += 1;
                world::load(file.name, None).unwrap_or_else(|e| panic!("{e}"));
            }
        }
        assert_eq!(n_populations, 8);
    }

    #[test]
    fn a_scenario_inherits_acts_and_rules_of_its_sub_processes() {
        let scenario = parsed("fraud_alert");
        assert_eq!(scenario.acts(0)[0].kind, SystemActKind::Greet);
        assert_eq!(scenario.mask(&[0; N_CODES]), ActionMask(1));
        assert!(scenario.can_say(SystemActKind::LeaveMessage, NONE));
        let inherited = "a request for a human is answered by a transfer";
        assert!(
            scenario
                .constraints
                .iter()
                .any(|c| c.conduct && c.name == inherited)
        );
        let identity = scenario
            .layout
            .action("confirm_identity")
            .expect("included");
        assert_eq!(
            scenario.phrase(identity),
            "Am I speaking with the holder of the account?",
            "the scenario's own words win"
        );
    }

    #[test]
    fn nothing_comes_up_in_a_bundled_scenario_that_was_held_impossible() {
        for file in SCENARIOS.files {
            let scenario = parsed(file.name);
            let reach = Reach::of(&scenario);
            let mut rng = derive(3, Stream::Act, 0);
            for _ in 0..2_000 {
                let mut belief = BeliefState::new(&scenario);
                // After the last turn nobody decides any more.
                for _ in 1..scenario.max_turns {
                    let mask = belief.mask();
                    assert_eq!(mask.0 & !reach.actions.0, 0, "{}", scenario.name);
                    let action = mask.nth(rng.random_range(0..mask.count()));
                    if scenario.ending().allows(action) {
                        break;
                    }
                    let act = scenario.customer[rng.random_range(0..scenario.customer.len())].0;
                    let hypothesis = Hypothesis {
                        utterance: act.into(),
                        confidence: rng.random(),
                    };
                    let heard: NBest = [hypothesis].into_iter().collect();
                    belief.update(&scenario, action, &heard);
                    let codes = belief.codes(&scenario);
                    assert!(reach.contains(codes), "{}: {codes:?}", scenario.name);
                }
            }
        }
    }

    #[test]
    fn every_file_of_the_bundled_folders_is_bundled() {
        for (folder, path) in [
            (SCENARIOS, "scenarios"),
            (LIBRARY, "scenarios/library"),
            (CHANNELS, "channels"),
        ] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            for entry in fs::read_dir(path).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.extension().is_none_or(|ending| ending != "toml") {
                    continue;
                }
                let name = path.file_stem().expect("a name").to_string_lossy();
                assert!(folder.get(&name).is_some(), "{name} is not in the list");
            }
        }
    }
}
