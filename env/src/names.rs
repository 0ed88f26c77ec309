//! What acts can be about, by name: the topics, slots, questions, concerns, offers and messages of a scenario.

use crate::act::AboutClass;

/// Most characters of a name or a value: files, levels, columns and acts are called like it.
pub const MAX_NAME: usize = 60;

/// Most slots of a scenario, those of included sub-processes among them.
pub const MAX_SLOTS: usize = 20;

/// Whether a text can be the name of something to speak about, and of a file.
pub fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(plain)
}

/// What keeps a text from being the value of a slot, if anything: a value becomes the level of a feature, a part of
/// an act in logs, a cell of a table and a word of the command line.
pub fn value_fault(text: &str) -> Option<&'static str> {
    let stops = |c: char| c.is_control() || "(),|\"\\\u{fffe}\u{ffff}".contains(c);
    match text {
        "" => Some("it is empty"),
        "-" => Some("`-` means any value in a table"),
        _ if text.chars().count() > MAX_NAME => Some("it has more than 60 characters"),
        _ if text.trim() != text => Some("it begins or ends with a blank"),
        _ if text.starts_with(['=', '+', '-', '@']) => Some("spreadsheets take it for a formula"),
        _ if text.starts_with('!') => Some("`!` means all levels but this one"),
        _ if text.chars().any(stops) => {
            Some("brackets, commas, `|`, `\"`, `\\` and control characters have other meanings")
        }
        _ => None,
    }
}

/// The names a scenario speaks about, by class.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// What the robot can tell.
    pub topics: Vec<String>,
    /// What the customer tells.
    pub slots: Vec<String>,
    /// What the customer may ask.
    pub questions: Vec<String>,
    /// Reasons to hesitate.
    pub concerns: Vec<String>,
    /// What the customer may take or refuse.
    pub offers: Vec<String>,
    /// Text messages or links the robot can send.
    pub messages: Vec<String>,
}

impl Names {
    /// The names of one class.
    pub fn of(&self, class: AboutClass) -> &[String] {
        match class {
            AboutClass::Topic => &self.topics,
            AboutClass::Slot => &self.slots,
            AboutClass::Question => &self.questions,
            AboutClass::Concern => &self.concerns,
            AboutClass::Offer => &self.offers,
            AboutClass::Message => &self.messages,
        }
    }

    /// Every class with its names.
    pub fn classes(&self) -> [(AboutClass, &[String]); 6] {
        AboutClass::ALL.map(|class| (class, self.of(class)))
    }
}
