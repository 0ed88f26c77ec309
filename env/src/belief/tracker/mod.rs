//! The tracker: what the robot believes of a call, kept as codes; one for the laboratory, logs and the phone.

mod calibrated;
pub(crate) mod fact_signs;
mod hear;
mod saved;
mod say;
pub(crate) mod slot_signs;

use crate::act::{NBest, NONE};
use crate::action::{ActionId, ActionMask};
use crate::belief::calibration::fact::MAX_FACTS;
use crate::belief::caller::CallerRecord;
use crate::belief::effects::Codes;
use crate::belief::features::{N_CODES, answered_by, callback, identity, spoken};
use crate::belief::slot_belief::SlotBelief;
use crate::policy::Observation;
use crate::scenario::{MAX_SLOTS, Scenario};

/// All that the robot knows of a call: the observation's codes and the beliefs behind them.
#[derive(Clone, Debug)]
pub struct BeliefState {
    codes: Codes,
    slots: [SlotBelief; MAX_SLOTS],
    /// Slots whose present value the customer confirmed, one bit each.
    confirmed: u32,
    mask: ActionMask,
    lawful: ActionMask,
    /// How likely the right person is on the line, by claims alone.
    claim: f32,
    turn: u16,
    last_action: ActionId,
    /// The action whose words an answer refers to: the last one that was no repetition.
    meant: ActionId,
    /// The value that it read out, or [`NONE`].
    read_out: u8,
    /// How likely each fact of a calibrated tracker is.
    facts: [f32; MAX_FACTS],
    /// Share of the customer's patience that is used up, as far as is known.
    patience_used: f32,
    /// Actions taken so far, one bit each.
    taken: u64,
}

impl BeliefState {
    /// What is believed when a customer has just picked up of whom nothing is known.
    pub fn new(scenario: &Scenario) -> Self {
        let (mask, lawful) = scenario.first_masks();
        let mut belief = Self {
            codes: Codes([0; N_CODES]),
            slots: [SlotBelief::UNKNOWN; MAX_SLOTS],
            confirmed: 0,
            mask,
            lawful,
            claim: 0.0,
            turn: 0,
            last_action: NONE,
            meant: NONE,
            read_out: NONE,
            facts: [0.0; MAX_FACTS],
            patience_used: 0.0,
            taken: 0,
        };
        belief.begin(scenario);
        belief
    }

    /// Forgets a call of the same scenario, for another one with a customer of whom nothing is known.
    pub(crate) fn reset(&mut self, scenario: &Scenario) {
        self.codes.0[..scenario.layout.features.len()].fill(0);
        self.slots[..scenario.slots.len()].fill(SlotBelief::UNKNOWN);
        (self.mask, self.lawful) = scenario.first_masks();
        (self.claim, self.turn, self.confirmed) = (0.0, 0, 0);
        (self.last_action, self.meant, self.read_out) = (NONE, NONE, NONE);
        self.begin(scenario);
    }

    /// What is believed when a customer has just picked up of whom this is on file.
    pub fn with(scenario: &Scenario, record: &CallerRecord) -> Self {
        let mut belief = Self::new(scenario);
        let f = &scenario.index;
        for (&feature, level) in f.caller.iter().zip(record.features) {
            belief.codes[feature] = level;
        }
        for (slot, of) in scenario.slots.iter().enumerate() {
            let value = record.slots[slot];
            if of.carried && usize::from(value) < of.values.len() {
                belief.slots[slot] = SlotBelief::recorded(value);
                belief.encode_slot(f, slot);
            }
        }
        (belief.mask, belief.lawful) = scenario.masks(&belief.codes.0);
        belief
    }

    /// The level of every feature, in the order of the scenario's layout.
    #[inline]
    pub fn codes(&self, scenario: &Scenario) -> &[u8] {
        &self.codes.0[..scenario.layout.features.len()]
    }

    /// Writes the level of every feature into `row`, one entry each.
    #[inline]
    pub(crate) fn copy_codes(&self, row: &mut [u8]) {
        let codes = &self.codes.0[..row.len()];
        // Two blocks of fixed size, overlapping where they may, cost less than a copy of any size.
        match row.len() {
            16..=32 => copy_ends::<16>(codes, row),
            33..=64 => copy_ends::<32>(codes, row),
            65..=128 => copy_ends::<64>(codes, row),
            _ => row.copy_from_slice(codes),
        }
    }

    /// What a policy sees.
    #[inline]
    pub fn observation<'a>(&'a self, scenario: &Scenario) -> Observation<'a> {
        Observation {
            codes: self.codes(scenario),
            mask: self.mask,
        }
    }

    /// The allowed actions; never empty.
    #[inline]
    pub fn mask(&self) -> ActionMask {
        self.mask
    }

    /// The actions that no rule of conduct forbids, whether they make sense or not.
    #[inline]
    pub fn lawful(&self) -> ActionMask {
        self.lawful
    }

    /// The belief of slot `slot`.
    #[inline]
    pub fn slot(&self, slot: usize) -> SlotBelief {
        self.slots[slot]
    }

    /// Whether the customer said yes when the robot read out the present value of slot `slot`, and no since.
    /// Policies do not see it.
    #[inline]
    pub fn is_confirmed(&self, slot: usize) -> bool {
        self.confirmed >> slot & 1 == 1 && self.slots[slot].value() != NONE
    }

    /// System turns so far.
    #[inline]
    pub fn turn(&self) -> u16 {
        self.turn
    }

    /// The action taken last, or [`NONE`] before the first.
    pub fn last_action(&self) -> ActionId {
        self.last_action
    }

    /// Whether the robot takes the person on the line for the one called.
    pub fn is_identified(&self, scenario: &Scenario) -> bool {
        self.codes[scenario.index.identity] >= identity::CONFIRMED
    }

    /// Whether the robot takes what is on the line for a machine.
    pub fn hears_machine(&self, scenario: &Scenario) -> bool {
        let by = self.codes[scenario.index.answered_by];
        by == answered_by::VOICEMAIL || by == answered_by::SCREENING
    }

    /// Whether a topic was told.
    pub fn told(&self, scenario: &Scenario, topic: u8) -> bool {
        self.codes[scenario.index.topics[topic as usize]] == spoken::YES
    }

    /// Whether a message was sent.
    pub fn sent(&self, scenario: &Scenario, message: u8) -> bool {
        self.codes[scenario.index.messages[message as usize]] == spoken::YES
    }

    /// Whether the robot takes another call for agreed.
    pub fn agreed_callback(&self, scenario: &Scenario) -> bool {
        self.codes[scenario.index.callback] == callback::AGREED
    }

    /// The action whose words an answer refers to, or [`NONE`] before the first.
    pub(crate) fn meant(&self) -> ActionId {
        self.meant
    }

    /// The value that it read out, or [`NONE`].
    pub(crate) fn read_out(&self) -> u8 {
        self.read_out
    }

    /// Takes in one turn: the robot's action and what was heard in reply.
    #[inline]
    pub fn update(&mut self, scenario: &Scenario, action: ActionId, n_best: &NBest) {
        let own = scenario.move_of(action);
        if !own.repeats || self.meant == NONE {
            self.meant = action;
            self.read_out = match own.confirms {
                NONE => NONE,
                slot => self.slots[usize::from(slot)].value(),
            };
        }
        let before = scenario.calibration.as_ref().map(|tables| {
            // What the turn costs depends on what was so before it.
            (
                tables,
                self.manner(scenario, action).context(own.wanted.kind),
            )
        });
        self.say(&scenario.index, action, own);
        self.hear(scenario, scenario.move_of(self.meant), n_best);
        if let Some((tables, manner)) = before {
            self.calibrate(scenario, tables, own, manner, n_best);
        }
        self.taken |= 1 << (action & 63);
        if !scenario.counters.is_empty() {
            self.count(scenario, action, n_best);
        }
        (self.mask, self.lawful) = scenario.masks(&self.codes.0);
    }
}

/// Copies the first `N` and the last `N` entries.
#[inline]
fn copy_ends<const N: usize>(from: &[u8], to: &mut [u8]) {
    if let (Some(from), Some(to)) = (from.first_chunk::<N>(), to.first_chunk_mut()) {
        *to = *from;
    }
    if let (Some(from), Some(to)) = (from.last_chunk::<N>(), to.last_chunk_mut()) {
        *to = *from;
    }
}
