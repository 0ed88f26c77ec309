//! What is known of a customer before the call: features on file, and answers of an earlier call.

use super::compile::shown;
use super::file::Name;
use super::slot::Reading;
use super::{MAX_SLOTS, Scenario};
use crate::act::NONE;
use crate::belief::layout::MAX_LEVELS;
use crate::diagnostic::{OrderedMap, Source};
use crate::log::Caller;
use crate::names::{MAX_NAME, is_name, value_fault};

/// Most features of a caller.
pub const MAX_CALLER: usize = 8;
/// The first level of each of them.
pub const UNKNOWN: &str = "unknown";

/// One feature of a caller, such as a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerFeature {
    /// Its name; a policy sees it as `caller.NAME`.
    pub name: String,
    /// The values it may have, behind [`UNKNOWN`].
    pub values: Vec<String>,
}

/// What is on file of one customer when the call begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerRecord {
    /// Level of each caller feature: 0 where it is unknown, else the place of its value counted from 1.
    pub features: [u8; MAX_CALLER],
    /// Value of each slot as an earlier call recorded it, or [`NONE`].
    pub slots: [u8; MAX_SLOTS],
}

impl CallerRecord {
    /// Nothing is known.
    pub const EMPTY: Self = Self {
        features: [0; MAX_CALLER],
        slots: [NONE; MAX_SLOTS],
    };

    /// The record of a logged caller. Features and slots that the scenario does not know are none of its business;
    /// values that it does not know are left out, and counted in the second part.
    pub fn read(scenario: &Scenario, caller: &Caller) -> (Self, usize) {
        let (mut record, mut n_dropped) = (Self::EMPTY, 0);
        for (feature, level) in scenario.caller.iter().zip(&mut record.features) {
            let Some(found) = caller.features.get(&feature.name) else {
                continue;
            };
            match feature.values.iter().position(|value| value == found) {
                Some(value) => *level = value as u8 + 1,
                None => n_dropped += usize::from(found != UNKNOWN),
            }
        }
        for (slot, name) in scenario.names.slots.iter().enumerate() {
            let Some(found) = caller.recorded.get(name) else {
                continue;
            };
            match scenario.slots[slot].read(found) {
                Some(Reading::Listed(value)) if scenario.slots[slot].carried => {
                    record.slots[slot] = value;
                }
                _ => n_dropped += 1,
            }
        }
        (record, n_dropped)
    }

    /// The record as a log has it, without an identifier.
    pub fn log(&self, scenario: &Scenario) -> Caller {
        let features = scenario.caller.iter().zip(self.features);
        let slots = scenario
            .names
            .slots
            .iter()
            .zip(&scenario.slots)
            .zip(self.slots);
        Caller {
            id: String::new(),
            features: features
                .filter_map(|(feature, level)| {
                    let value = feature.values.get(usize::from(level).checked_sub(1)?)?;
                    Some((feature.name.clone(), value.clone()))
                })
                .collect(),
            recorded: slots
                .filter_map(|((name, slot), value)| {
                    let value = slot.values.get(usize::from(value))?;
                    Some((name.clone(), value.clone()))
                })
                .collect(),
        }
    }
}

/// Compiles what a scenario says of its callers.
pub(super) fn compile(source: &mut Source<'_>, list: &OrderedMap<Vec<Name>>) -> Vec<CallerFeature> {
    if let Some((extra, _)) = list.0.get(MAX_CALLER) {
        let n = list.0.len();
        let message = format!("{n} features of a caller, at most {MAX_CALLER} fit; leave some out");
        source.report(extra.span(), message);
    }
    let mut features = Vec::new();
    for (name, values) in list.0.iter().take(MAX_CALLER) {
        let text = name.get_ref();
        if !is_name(text) {
            let text = shown(text);
            let message = format!(
                "`{text}` is no name, expected at most {MAX_NAME} lowercase letters, digits and `_`"
            );
            source.report(name.span(), message);
        }
        if !(1..MAX_LEVELS).contains(&values.len()) {
            let (n, most) = (values.len(), MAX_LEVELS - 1);
            let message = format!("`{text}` has {n} values, expected 1 to {most}");
            source.report(name.span(), message);
        }
        for (k, value) in values.iter().enumerate() {
            let own = value.get_ref();
            if own == UNKNOWN {
                let message = format!("`{UNKNOWN}` is a value of `{text}` by itself; leave it out");
                source.report(value.span(), message);
            } else if let Some(why) = value_fault(own) {
                let message = format!("`{}` cannot be a value of `{text}`: {why}", shown(own));
                source.report(value.span(), message);
            } else if values[..k].iter().any(|other| other.get_ref() == own) {
                source.report(
                    value.span(),
                    format!("value `{own}` of `{text}` is named twice"),
                );
            }
        }
        features.push(CallerFeature {
            name: text.clone(),
            values: values
                .iter()
                .take(MAX_LEVELS - 1)
                .map(|v| v.get_ref().clone())
                .collect(),
        });
    }
    features
}
