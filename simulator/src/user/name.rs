//! User models as the command line names them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::model::UserModelKind;

/// A user model by name, with the log that it is to be fitted to: `agenda`, `bigram`, `bigram=LOG`, ...
#[derive(Clone, Debug, PartialEq)]
pub struct UserModelName {
    /// Which model.
    pub kind: UserModelKind,
    /// The call log of a fitted model; without one it is fitted to played calls.
    pub log: Option<PathBuf>,
}

impl FromStr for UserModelName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, log) = match text.split_once('=') {
            Some((name, log)) => (name, Some(PathBuf::from(log))),
            None => (text, None),
        };
        let kinds = UserModelKind::ALL.iter().copied();
        match kinds.into_iter().find(|kind| kind.name() == name) {
            None => Err(expected()),
            Some(kind) if log.is_some() && !kind.is_fitted() => {
                Err(format!("{name} is not fitted to a log"))
            }
            Some(kind) => Ok(Self { kind, log }),
        }
    }
}

/// Every name, then those that take a log.
fn expected() -> String {
    let kinds = || UserModelKind::ALL.iter();
    let fitted = kinds().filter(|kind| kind.is_fitted());
    let mut names: Vec<String> = kinds().map(|kind| kind.name().to_owned()).collect();
    names.extend(fitted.map(|kind| format!("{}=LOG", kind.name())));
    let last = names.pop().unwrap_or_default();
    format!("expected {} or {last}", names.join(", "))
}

impl fmt::Display for UserModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        match &self.log {
            Some(log) => write!(f, "={}", log.display()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for text in [
            "agenda",
            "bigram",
            "bigram=a=b.jsonl",
            "replay",
            "replay=x",
            "adversarial",
        ] {
            let name: UserModelName = text.parse().expect("a user model");
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn a_wrong_name_is_told_the_right_ones() {
        for text in ["bigrams", "", "=x"] {
            assert_eq!(
                text.parse::<UserModelName>().unwrap_err(),
                "expected agenda, bigram, replay, adversarial, bigram=LOG or replay=LOG"
            );
        }
        for name in ["agenda", "adversarial"] {
            let found = format!("{name}=x").parse::<UserModelName>().unwrap_err();
            assert_eq!(found, format!("{name} is not fitted to a log"));
        }
    }
}
