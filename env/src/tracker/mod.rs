//! The one tracker: what the robot believes, kept as codes, in the laboratory and on the phone.

mod hear;
mod say;

use crate::act::{NBest, NONE, SystemActKind};
use crate::action::{ActionId, ActionMask};
use crate::features::{callback, identity, said};
use crate::policy::Observation;
use crate::scenario::{MAX_SLOTS, Scenario};
use crate::slot_belief::SlotBelief;

/// All that the robot knows of a call: the observation's codes and the beliefs behind them.
#[derive(Clone, Debug)]
pub struct BeliefState {
    codes: [u8; 64],
    slots: [SlotBelief; MAX_SLOTS],
    mask: ActionMask,
    /// How likely the right person is on the line, by claims alone.
    claim: f32,
    turn: u16,
    last_action: ActionId,
    /// The action whose words an answer refers to: the last one that was no repetition.
    meant: ActionId,
}

impl BeliefState {
    /// What is believed when the customer has just picked up.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            codes: [0; 64],
            slots: [SlotBelief::UNKNOWN; MAX_SLOTS],
            mask: scenario.mask(&[0; 64]),
            claim: 0.0,
            turn: 0,
            last_action: NONE,
            meant: NONE,
        }
    }

    /// The level of every feature, in the order of the scenario's layout.
    #[inline]
    pub fn codes(&self, scenario: &Scenario) -> &[u8] {
        &self.codes[..scenario.layout.features.len()]
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

    /// The belief of slot `slot`.
    #[inline]
    pub fn slot(&self, slot: usize) -> SlotBelief {
        self.slots[slot]
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

    /// Whether a topic was told.
    pub fn told(&self, scenario: &Scenario, topic: u8) -> bool {
        self.codes[scenario.index.topics[topic as usize]] == said::YES
    }

    /// Whether a message was sent.
    pub fn sent(&self, scenario: &Scenario, message: u8) -> bool {
        self.codes[scenario.index.messages[message as usize]] == said::YES
    }

    /// Whether the robot takes another call for agreed.
    pub fn agreed_callback(&self, scenario: &Scenario) -> bool {
        self.codes[scenario.index.callback] == callback::AGREED
    }

    /// Takes in one turn: the robot's action and what was heard in reply.
    pub fn update(&mut self, scenario: &Scenario, action: ActionId, n_best: &NBest) {
        let acts = scenario.acts(action);
        self.say(scenario, action, acts);
        if acts[0].kind != SystemActKind::Repeat || self.meant == NONE {
            self.meant = action;
        }
        self.hear(scenario, scenario.acts(self.meant), n_best);
        self.mask = scenario.mask(&self.codes);
    }
}
