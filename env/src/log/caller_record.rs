//! What is on file of a caller, from and to its place in a log.

use super::call::Caller;
use crate::belief::caller::{CallerRecord, UNKNOWN};
use crate::scenario::Scenario;
use crate::scenario::slot::Reading;

impl CallerRecord {
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
