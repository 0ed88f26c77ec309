//! What is recorded of a call's slots, and what a turn changed of it.

use super::call::Recorded;
use crate::act::NONE;
use crate::belief::tracker::BeliefState;
use crate::call::RECORDED;
use crate::scenario::{MAX_SLOTS, Scenario};

/// What was recorded up to now.
#[derive(Clone, Debug)]
pub struct Record {
    slots: [Entry; MAX_SLOTS],
}

/// A slot of the record.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Entry {
    value: u8,
    confirmed: bool,
}

const NOTHING: Entry = Entry {
    value: NONE,
    confirmed: false,
};

impl Record {
    /// The record of a call that begins: nothing.
    pub const EMPTY: Self = Self {
        slots: [NOTHING; MAX_SLOTS],
    };

    /// Takes in what is believed after a turn and says what that changed; `text` is the text of a slot's value.
    pub fn update<'v>(
        &mut self,
        scenario: &Scenario,
        text: impl Fn(usize, u8) -> Option<&'v str>,
        belief: &BeliefState,
    ) -> Vec<Recorded> {
        let mut changed = Vec::new();
        for (slot, name) in scenario.names.slots.iter().enumerate() {
            let believed = belief.slot(slot);
            let value = text(slot, believed.value());
            let value = value.filter(|_| believed.prob() >= RECORDED);
            let entry = match value {
                Some(_) => Entry {
                    value: believed.value(),
                    confirmed: belief.is_confirmed(slot),
                },
                None => NOTHING,
            };
            if std::mem::replace(&mut self.slots[slot], entry) != entry {
                changed.push(Recorded {
                    slot: name.clone(),
                    value: value.map(str::to_owned),
                    confidence: believed.prob(),
                    confirmed: entry.confirmed,
                });
            }
        }
        changed
    }
}
