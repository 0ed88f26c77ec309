//! The short form of a new kind of call.

use std::collections::BTreeSet;
use std::str::FromStr;

use offhook_env::names::{is_name, value_fault};
use offhook_env::scenario::slot::SlotKind;

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
    /// Slots: the robot's question, and what may be answered.
    pub slots: Vec<(String, Question)>,
    /// Offers: the words that make them.
    pub offers: Vec<Entry>,
    /// Messages: what the robot says when it has sent them.
    pub messages: Vec<Entry>,
    /// What is known of callers before the call: a name, then its values.
    pub caller: Vec<Entry>,
}

/// What the robot asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The robot's words.
    pub words: String,
    /// What may be answered.
    pub answers: Answers,
}

/// What may be answered to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answers {
    /// One of these: `yes|no`.
    Choice(Vec<String>),
    /// Any of these, or none: `any of food|medicine`.
    Several(Vec<String>),
    /// A `number`, `time` or `day` between two, seen in bins: `number 1..20 in 1|2-4|5+`.
    Range {
        /// Its type, as in the scenario.
        kind: &'static str,
        /// Least and most.
        ends: [String; 2],
        /// What the policy sees; empty where it sees none.
        bins: Vec<String>,
    },
    /// Any words, with examples: `text Ana|Mr. Smith`.
    Text(Vec<String>),
}

/// Examples of words where the form has none.
const WORDS: [&str; 2] = ["something", "something else"];

impl Answers {
    /// Reads what stands behind a question.
    fn read(text: &str) -> Self {
        let list = |text: &str| -> Vec<String> {
            let parts = text.split('|').map(str::trim);
            parts
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        for kind in ["number", "time", "day"] {
            let Some(rest) = text
                .strip_prefix(kind)
                .and_then(|rest| rest.strip_prefix(' '))
            else {
                continue;
            };
            let (range, bins) = rest
                .split_once(" in ")
                .filter(|(range, _)| range.contains(".."))
                .unwrap_or((rest, ""));
            if let Some((least, most)) = range.split_once("..") {
                return Self::Range {
                    kind,
                    ends: [least, most].map(|end| end.trim().to_owned()),
                    bins: list(bins),
                };
            }
        }
        match (text.strip_prefix("any of "), text.strip_prefix("text")) {
            (Some(items), _) => Self::Several(list(items)),
            (None, Some("")) => Self::Text(WORDS.map(str::to_owned).to_vec()),
            (None, Some(examples)) if examples.starts_with(' ') => Self::Text(list(examples)),
            _ => Self::Choice(
                text.split('|')
                    .map(|value| value.trim().to_owned())
                    .collect(),
            ),
        }
    }

    /// Its values, where they are listed.
    fn values(&self) -> &[String] {
        match self {
            Self::Choice(values) | Self::Several(values) | Self::Text(values) => values,
            Self::Range { bins, .. } => bins,
        }
    }
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
/// Slots; what may be answered stands behind the question.
pub const SLOT: EntryList = EntryList {
    what: "thing to learn",
    example: "wants=Do you want to keep it?=yes|no, size=How many are you?=number 1..20 in 1|2-4|5+, since=Since \
              when?=day 14 days ago..today, at=At what time?=time 08:00..20:00, needs=What do you need?=any of food|medicine, \
              name=Who is it?=text Ana|Mr. Smith",
    n_texts: 2,
};
/// Features of callers.
pub const CALLER: EntryList = EntryList {
    what: "thing known of callers",
    example: "region=north|south",
    n_texts: 1,
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
    /// The question of a slot's entry.
    ///
    /// # Errors
    /// If a value cannot be one, or is there twice.
    pub fn question((name, words): Entry) -> Result<(String, Question), Failure> {
        let [words, answers] = <[String; 2]>::try_from(words).unwrap_or_default();
        let answers = Answers::read(&answers);
        if let Answers::Range { kind, ends, .. } = &answers {
            let number = |end: &String| SlotKind::named(kind).and_then(|kind| kind.measure(end));
            if let Some(end) = ends.iter().find(|end| number(end).is_none()) {
                let example = SLOT.example;
                return Err(Failure::usage(format!(
                    "'{end}' of slot '{name}' is no {kind}, expected as in '{example}'"
                )));
            }
        }
        let values = answers.values();
        let is_ours = matches!(answers, Answers::Choice(_) | Answers::Several(_));
        if let Some(value) = values.iter().find(|value| is_ours && !is_name(value)) {
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
        Ok((name, Question { words, answers }))
    }

    /// The same, if names are names and there is something to do.
    ///
    /// # Errors
    /// The first that is not so.
    pub fn complete(mut self) -> Result<Self, Failure> {
        for (name, words) in &mut self.caller {
            let values = words.pop().unwrap_or_default();
            words.extend(values.split('|').map(|value| value.trim().to_owned()));
            let fault = |value: &String| Some((value.clone(), value_fault(value)?));
            if let Some((value, why)) = words.iter().find_map(fault) {
                let message = format!("value '{value}' of caller feature '{name}': {why}");
                return Err(Failure::usage(message));
            }
            named_once(&format!("caller feature '{name}'"), words.iter())?;
        }
        named_once("the slots", self.slots.iter().map(|(name, _)| name))?;
        let lists = [
            ("the topics", &self.topics),
            ("the questions", &self.questions),
            ("the concerns", &self.concerns),
            ("what is known of callers", &self.caller),
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
        let business = [&self.topics, &self.offers, &self.messages];
        if self.slots.is_empty() && business.iter().all(|list| list.is_empty()) {
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
