//! When a call is complete, and what parts of its business are worth by themselves.

use toml::Spanned;

use super::check::lookup;
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
    /// Slots for whose true values it is needed, and which of their values those are.
    pub when: Vec<(u8, Vec<bool>)>,
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
        let when = entry.when.0.iter().filter_map(|(slot, wanted)| {
            let at = lookup(source, AboutClass::Slot, &names.slots, Some(slot))?;
            let of = &slots[at as usize];
            let mut holds = vec![false; of.values.len()];
            for text in wanted.get_ref().list() {
                let found = of.named(text);
                if found.is_empty() {
                    let slot = slot.get_ref();
                    let hint = match of.kind.is_measured() {
                        true => format!("expected {} or a bin", of.expected()),
                        false => suggestion(text, of.values.iter().map(String::as_str)),
                    };
                    let message = format!("unknown value `{text}` of slot `{slot}`: {hint}");
                    source.report(wanted.span(), message);
                }
                found
                    .into_iter()
                    .for_each(|value| holds[usize::from(value)] = true);
            }
            Some((at, holds))
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
