//! The short form of a new kind of call.

use std::collections::BTreeSet;
use std::str::FromStr;

use offhook_env::names::{is_name, value_fault};

use crate::error::Failure;

/// How sure the robot has to be of who is on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Anybody may hear it.
    None,
    /// The person says so.
    Confirm,
    /// The person proves it with the identity card.
    Verify,
}

impl Identity {
    /// Every degree, the least first.
    pub const ALL: [Self; 3] = [Self::None, Self::Confirm, Self::Verify];

    /// Its name on the form.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Confirm => "confirm",
            Self::Verify => "verify",
        }
    }

    /// What it means, in a line of help.
    pub fn about(self) -> &'static str {
        match self {
            Self::None => "Anybody may hear it",
            Self::Confirm => "The person says so",
            Self::Verify => "The person proves it with the identity card",
        }
    }
}

impl FromStr for Identity {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|degree| degree.name() == name);
        known.ok_or_else(|| format!("identity '{name}', expected none, confirm or verify"))
    }
}

/// A name and the words that go with it.
pub type Entry = (String, Vec<String>);

/// What a new scenario is about.
#[derive(Clone, Debug)]
pub struct Form {
    /// Name of the scenario and of its file.
    pub name: String,
    /// What the call is for, in a sentence.
    pub purpose: String,
    /// How sure the robot has to be of who is on the line.
    pub identity: Identity,
    /// Topics: the words that tell them.
    pub topics: Vec<Entry>,
    /// Questions: the customer's words, the robot's answer.
    pub questions: Vec<Entry>,
    /// Concerns: the customer's words, the robot's reply.
    pub concerns: Vec<Entry>,
    /// Slots: the robot's question, then the values.
    pub slots: Vec<Entry>,
    /// Offers: the words that make them.
    pub offers: Vec<Entry>,
    /// Messages: what the robot says when it has sent them.
    pub messages: Vec<Entry>,
}

/// A list of the form, and how its entries are written: `name=text`, `name=text=text`.
#[derive(Clone, Copy, Debug)]
pub struct EntryList {
    /// What it holds.
    pub what: &'static str,
    /// An entry as it is written.
    pub example: &'static str,
    /// Texts of an entry behind its name.
    n_texts: usize,
}

/// Topics.
pub const TOPIC: EntryList = EntryList {
    what: "topic to tell",
    example: "expiry=Your insurance expired last week.",
    n_texts: 1,
};
/// Questions.
pub const QUESTION: EntryList = EntryList {
    what: "question customers ask",
    example: "price=How much is it?=It costs nineteen a month.",
    n_texts: 2,
};
/// Concerns.
pub const CONCERN: EntryList = EntryList {
    what: "concern customers have",
    example: "too_dear=That is too expensive.=You can pay monthly.",
    n_texts: 2,
};
/// Slots; the values stand behind the question with `|` between them.
pub const SLOT: EntryList = EntryList {
    what: "thing to learn",
    example: "wants=Do you want to keep it?=yes|no",
    n_texts: 2,
};
/// Offers.
pub const OFFER: EntryList = EntryList {
    what: "offer to make",
    example: "renewal=Shall we renew it for a year?",
    n_texts: 1,
};
/// Messages.
pub const MESSAGE: EntryList = EntryList {
    what: "text message to send",
    example: "link=I have just sent you the link.",
    n_texts: 1,
};

impl EntryList {
    /// Reads an entry.
    ///
    /// # Errors
    /// If a part is missing or the name is none; the message shows an example.
    pub fn entry(&self, text: &str) -> Result<Entry, Failure> {
        let parts: Vec<&str> = text.splitn(self.n_texts + 1, '=').map(str::trim).collect();
        let complete = parts.len() == self.n_texts + 1 && parts.iter().all(|part| !part.is_empty());
        if !complete || !is_name(parts[0]) {
            return Err(Failure::usage(format!(
                "{} '{text}', expected as in '{}'",
                self.what, self.example
            )));
        }
        let texts = parts[1..].iter().map(|&part| part.to_owned()).collect();
        Ok((parts[0].to_owned(), texts))
    }
}

impl Form {
    /// The same with the values of slots told apart, if names are names and there is something to do.
    ///
    /// # Errors
    /// The first that is not so.
    pub fn complete(mut self) -> Result<Self, Failure> {
        for (name, words) in &mut self.slots {
            let values = words.pop().unwrap_or_default();
            words.extend(values.split('|').map(|value| value.trim().to_owned()));
            let values = &words[1..];
            if let Some(value) = values.iter().find(|value| !is_name(value)) {
                return Err(Failure::usage(format!(
                    "value '{value}' of slot '{name}', expected lowercase letters, digits and `_`"
                )));
            }
            let fault = |value: &String| Some((value.clone(), value_fault(value)?));
            if let Some((value, why)) = values.iter().find_map(fault) {
                let message = format!("value '{value}' of slot '{name}': {why}");
                return Err(Failure::usage(message));
            }
            named_once(&format!("slot '{name}'"), values)?;
        }
        let lists = [
            ("the topics", &self.topics),
            ("the questions", &self.questions),
            ("the concerns", &self.concerns),
            ("the slots", &self.slots),
            ("the offers", &self.offers),
            ("the messages", &self.messages),
        ];
        for (what, list) in lists {
            named_once(what, list.iter().map(|(name, _)| name))?;
        }
        if !is_name(&self.name) {
            return Err(Failure::usage(format!(
                "name '{}', expected lowercase letters, digits and `_`",
                self.name
            )));
        }
        let business = [&self.topics, &self.slots, &self.offers, &self.messages];
        if business.iter().all(|list| list.is_empty()) {
            return Err(Failure::usage(format!(
                "the call has nothing to do; give at least a topic, as in --topic \"{}\"",
                TOPIC.example
            )));
        }
        Ok(self)
    }
}

/// Refuses a name that is there twice.
fn named_once<'n>(what: &str, names: impl IntoIterator<Item = &'n String>) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    let twice = names.into_iter().find(|name| !seen.insert(*name));
    twice.map_or(Ok(()), |name| {
        Err(Failure::usage(format!("{what}: '{name}' is named twice")))
    })
}
