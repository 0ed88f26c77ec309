//! Why the text of a customer's act was refused.

use crate::act::{AboutClass, UserActKind};
use crate::diagnostic::suggestion;

/// Most characters of a value that the scenario does not list.
const MAX_HEARD: usize = 200;

/// Why an act is none that a scenario knows; nothing was taken in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ActError {
    /// No act, or one of another scenario.
    #[error("{0}")]
    Unknown(String),
    /// A value that the slot cannot have.
    #[error("slot `{slot}` cannot be `{}`, expected {allowed}", shown(value))]
    Value {
        /// The slot.
        slot: String,
        /// What was found.
        value: String,
        /// What would be right.
        allowed: String,
    },
}

impl ActError {
    /// What words are that can be the value of a slot.
    pub(super) const TOLD: &str = "at most 200 characters without brackets";

    pub(super) fn unclosed(act: &str) -> Self {
        Self::Unknown(format!("act `{}` lacks its `)`", shown(act)))
    }

    pub(super) fn unknown(act: &str) -> Self {
        Self::Unknown(format!("unknown act `{}`", shown(act)))
    }

    pub(super) fn about_nothing(act: &str, kind: UserActKind) -> Self {
        Self::Unknown(format!("act `{}`: `{kind}` is about nothing", shown(act)))
    }

    pub(super) fn needs_name(act: &str, class: AboutClass) -> Self {
        let (act, class) = (shown(act), class.prefix());
        Self::Unknown(format!("act `{act}` needs a {class} in brackets"))
    }

    pub(super) fn unknown_name(act: &str, class: AboutClass, name: &str, known: &[String]) -> Self {
        let hint = suggestion(name, known.iter().map(String::as_str));
        let (act, class) = (shown(act), class.prefix());
        Self::Unknown(format!("act `{act}`: unknown {class}: {hint}"))
    }

    pub(super) fn value(slot: &str, value: &str, allowed: String) -> Self {
        Self::Value {
            slot: slot.to_owned(),
            value: value.to_owned(),
            allowed,
        }
    }

    /// Whether a text can be the value of a slot whose values the scenario does not list.
    pub(super) fn can_be_heard(value: &str) -> bool {
        let stops = |c: char| c.is_control() || matches!(c, '(' | ')');
        (1..=MAX_HEARD).contains(&value.chars().count()) && !value.contains(stops)
    }
}

/// What came from outside, so that a message stays readable.
fn shown(text: &str) -> String {
    let end = text.char_indices().nth(MAX_HEARD);
    let (text, more) = end.map_or((text, ""), |(end, _)| (&text[..end], "…"));
    format!("{}{more}", text.escape_debug())
}
