//! When a call is complete, and what parts of its business are worth by themselves.

use toml::Spanned;

use super::compile::lookup;
use super::file::{Name, ScenarioFile};
use super::slot::Slot;
use crate::act::AboutClass;
use crate::diagnostic::{Source, suggestion};
use crate::names::Names;

/// Something that must truly hold for a call to be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The right person is on the line and the robot knows it.
    Identified,
    /// The topic was told.
    Told(u8),
    /// The slot is recorded with its true value.
    Known(u8),
    /// The offer was truly taken or refused.
    Settled(u8),
    /// The offer was truly taken.
    Accepted(u8),
    /// The message was sent.
    Sent(u8),
    /// The concern is met, or there never was one.
    Met(u8),
}

/// What must hold when some slots truly have certain values.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// Slots and their true values for which it is needed.
    pub when: Vec<(u8, u8)>,
    /// What must hold then.
    pub need: Vec<Need>,
    /// What it is worth by itself, reward units; without it is part of what completes a call.
    pub worth: Option<f32>,
}

/// Compiles the conditions and the items of a scenario.
pub(super) fn compile(
    source: &mut Source<'_>,
    file: &ScenarioFile,
    names: &Names,
    slots: &[Slot],
) -> Vec<Completion> {
    let mut list = Vec::new();
    for entry in &file.completion {
        let when = entry.when.0.iter().filter_map(|(slot, value)| {
            let at = lookup(source, AboutClass::Slot, &names.slots, Some(slot))?;
            let values = &slots[at as usize].values;
            let found = values.iter().position(|v| v == value.get_ref());
            if found.is_none() {
                let hint = suggestion(value.get_ref(), values.iter().map(String::as_str));
                source.report(
                    value.span(),
                    format!(
                        "unknown value `{}` of slot `{}`: {hint}",
                        value.get_ref(),
                        slot.get_ref()
                    ),
                );
            }
            Some((at, found? as u8))
        });
        let when = when.collect();
        let need = entry
            .need
            .iter()
            .filter_map(|need| parse_need(source, names, need))
            .collect();
        let worth = entry
            .worth
            .as_ref()
            .map(|worth| worth_of(source, file, worth));
        list.push(Completion { when, need, worth });
    }
    list
}

/// What an item is worth: something, and less than completion.
fn worth_of(source: &mut Source<'_>, file: &ScenarioFile, worth: &Spanned<f64>) -> f32 {
    let found = *worth.get_ref();
    let most = file
        .reward
        .as_ref()
        .map_or(0.0, |reward| reward.get_ref().completion);
    if !(found > 0.0 && found < f64::from(most)) {
        let message = format!(
            "worth is {found}, expected more than 0 and less than `completion` ({most}) in [reward]"
        );
        source.report(worth.span(), message);
    }
    found as f32
}

fn parse_need(source: &mut Source<'_>, names: &Names, text: &Name) -> Option<Need> {
    const KINDS: [&str; 7] = [
        "identified",
        "told",
        "known",
        "settled",
        "accepted",
        "sent",
        "met",
    ];
    let (kind, about) = match text.get_ref().split_once('(') {
        None => (text.get_ref().as_str(), None),
        Some((kind, rest)) => (kind, Some(rest.trim_end_matches(')'))),
    };
    let (class, make): (_, fn(u8) -> Need) = match kind {
        "identified" => return Some(Need::Identified),
        "told" => (AboutClass::Topic, Need::Told),
        "known" => (AboutClass::Slot, Need::Known),
        "settled" => (AboutClass::Offer, Need::Settled),
        "accepted" => (AboutClass::Offer, Need::Accepted),
        "sent" => (AboutClass::Message, Need::Sent),
        "met" => (AboutClass::Concern, Need::Met),
        _ => {
            source.report(
                text.span(),
                format!("unknown need `{kind}`: {}", suggestion(kind, KINDS)),
            );
            return None;
        }
    };
    let name = Name::new(text.span(), about.unwrap_or_default().to_owned());
    lookup(source, class, names.of(class), Some(&name)).map(make)
}
