//! Finding scenarios, channels and configs: a path wins, else a name of the bundled ones.

use std::fs;
use std::path::{Path, PathBuf};

use offhook_env::diagnostic::Text;
use offhook_env::scenario::ScenarioText;

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

impl File {
    fn to_text(self) -> Text {
        Text {
            file: format!("{}.toml (bundled)", self.name),
            text: self.text.to_owned(),
        }
    }
}

const FILES: &[File] = bundle! {
    "scenarios": "fraud_alert", "insurance_renewal", "fund_notice", "compliance_followup", "merchant_promotion", "arrears_reminder", "dstc2";
    "scenarios/library": "callback", "identity", "identity_card", "opt_out", "questions", "repair", "transfer", "voicemail", "wrong_person";
    "channels": "dstc2";
    "configs": "quickstart", "insurance_renewal", "fund_notice", "compliance_followup", "merchant_promotion", "arrears_reminder", "dqn", "offline", "dstc2";
};

/// Whether a scenario's text says who is called, so that calls can be simulated.
pub fn has_population(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("[population"))
}

/// The bundled files of a folder: `scenarios`, `scenarios/library`, `channels` or `configs`.
pub fn list(folder: &str) -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(move |file| file.folder == folder)
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
        return Ok(file.to_text());
    }
    let names: Vec<_> = list(folder).map(|file| file.name).collect();
    let one = folder.trim_end_matches('s');
    Err(Failure::usage(format!(
        "no {one} '{name}': neither a file nor one of the bundled {}",
        names.join(", ")
    )))
}

/// Reads a scenario and the sub-processes it includes: a file `library/<name>.toml` beside the
/// scenario wins, else a bundled one.
///
/// # Errors
/// If there is no such scenario, or a file cannot be read or is not UTF-8.
pub fn scenario(name: &str, base: Option<&Path>) -> Result<ScenarioText, Failure> {
    let main = find("scenarios", name, base)?;
    let folder = Path::new(&main.file).parent().map(|p| p.join("library"));
    ScenarioText::gather(main, |name| {
        let file = format!("{name}.toml");
        let path = folder.as_ref().map(|folder| folder.join(&file));
        if let Some(path) = path.filter(|path| path.is_file()) {
            return read(&path).map(Some);
        }
        let bundled = list("scenarios/library").find(|file| file.name == name);
        Ok(bundled.copied().map(File::to_text))
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use offhook_env::scenario::Scenario;

    use crate::world;

    #[test]
    fn every_bundled_scenario_compiles_with_its_library_and_population() {
        let mut n_populations = 0;
        for file in list("scenarios") {
            let text = scenario(file.name, None).expect("it is bundled");
            let parsed = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(parsed.name, file.name);
            if has_population(file.text) {
                n_populations += 1;
                world::load(file.name, None).unwrap_or_else(|e| panic!("{}", e.message));
            }
        }
        assert_eq!(n_populations, 6);
    }

    #[test]
    fn every_file_of_the_bundled_folders_is_bundled() {
        for folder in ["scenarios", "scenarios/library", "channels", "configs"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            let names = fs::read_dir(path).expect("a folder").filter_map(|entry| {
                let path = entry.expect("an entry").path();
                let is_toml = path.extension().is_some_and(|e| e == "toml");
                is_toml.then(|| path.file_stem().expect("a name").to_owned())
            });
            for name in names {
                let bundled = list(folder).any(|file| *file.name == *name);
                assert!(bundled, "{folder}: {name:?} is not in the list");
            }
        }
    }
}
