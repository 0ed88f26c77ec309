//! A value whose JSON has a shape of its own, such as a proof or a table.

use serde::Serialize;

/// A value as shown: words for people, JSON for machines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// For the terminal; ends with a line feed, unless it is empty.
    pub text: String,
    /// JSON objects, each on a line of its own.
    pub json: String,
}

impl Document {
    /// Words and a JSON object.
    pub(crate) fn of(text: String, value: &impl Serialize) -> Self {
        let json = line(value);
        Self { text, json }
    }

    /// The JSON or the words.
    pub fn show(&self, json: bool) -> &str {
        if json { &self.json } else { &self.text }
    }
}

/// A JSON object on a line.
pub(crate) fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts, numbers and lists are always JSON") + "\n"
}
