//! A belief as bytes, so that a call can go on elsewhere.
//!
//! Numbers are little-endian. Turn (2 bytes), last action, meant action, claim (4), confirmed slots (4, one bit each), one code for each feature, and for
//! each slot its likeliest values: how many, then number and probability (4) of each. A calibrated tracker has behind them
//! the value read out last, the actions taken (8, one bit each), the patience used up (4), and of each fact that is shown
//! its probability (4).

use super::BeliefState;
use crate::act::{MAX_ACTS, MAX_HYPOTHESES, NONE};
use crate::action::ActionId;
use crate::belief::features::SPARE;
use crate::belief::slot_belief::SlotBelief;
use crate::scenario::Scenario;

/// Most that a value can be heard in one turn.
const MAX_MASS: f32 = (MAX_ACTS * MAX_HYPOTHESES) as f32;

impl BeliefState {
    /// Appends the belief to `bytes`.
    pub fn write(&self, scenario: &Scenario, bytes: &mut Vec<u8>) {
        // What is allowed follows from the codes. Without `..`, so that nothing new is forgotten.
        let Self {
            codes: _,
            slots,
            confirmed,
            mask: _,
            lawful: _,
            claim,
            turn,
            last_action,
            meant,
            read_out,
            facts,
            patience_used,
            taken,
        } = self;
        bytes.extend(turn.to_le_bytes());
        bytes.extend([*last_action, *meant]);
        bytes.extend(claim.to_le_bytes());
        bytes.extend(confirmed.to_le_bytes());
        bytes.extend(self.codes(scenario));
        for belief in &slots[..scenario.names.slots.len()] {
            let known = belief.known();
            bytes.push(known.clone().count() as u8);
            for (value, prob) in known {
                bytes.push(value);
                bytes.extend(prob.to_le_bytes());
            }
        }
        if scenario.calibration.is_some() {
            bytes.push(*read_out);
            bytes.extend(taken.to_le_bytes());
            bytes.extend(patience_used.to_le_bytes());
            for (_, prob) in shown(scenario).zip(facts).filter(|(shown, _)| *shown) {
                bytes.extend(prob.to_le_bytes());
            }
        }
    }

    /// Takes a belief from the front of `bytes`; `is_value` says which numbers stand for a value of a slot. `None`
    /// where the bytes are no belief of the scenario.
    pub fn read(
        scenario: &Scenario,
        is_value: impl Fn(usize, u8) -> bool,
        bytes: &mut &[u8],
    ) -> Option<Self> {
        let is_prob = |p: f32| (0.0..=1.0).contains(&p);
        // Readings that say the same several times count as often.
        let is_mass = |p: f32| (0.0..=MAX_MASS).contains(&p);
        let is_action =
            |action: ActionId| action == NONE || usize::from(action) < scenario.layout.n_actions();
        let mut belief = Self::new(scenario);
        belief.turn = u16::from_le_bytes(take(bytes)?);
        [belief.last_action, belief.meant] = take(bytes)?;
        belief.claim = f32::from_le_bytes(take(bytes)?);
        belief.confirmed = u32::from_le_bytes(take(bytes)?);
        let codes = bytes.split_off(..scenario.layout.n_features())?;
        for (idx, feature) in scenario.layout.features.iter().enumerate() {
            if usize::from(codes[idx]) >= feature.levels.len() {
                return None;
            }
            belief.codes[idx] = codes[idx];
        }
        for slot in 0..scenario.names.slots.len() {
            let [n] = take(bytes)?;
            let known = &mut belief.slots[slot];
            for k in 0..usize::from(n) {
                let [value] = take(bytes)?;
                let prob = f32::from_le_bytes(take(bytes)?);
                if k >= known.values.len() || !is_value(slot, value) || !is_mass(prob) {
                    return None;
                }
                (known.values[k], known.probs[k]) = (value, prob);
            }
        }
        if scenario.calibration.is_some() {
            [belief.read_out] = take(bytes)?;
            belief.taken = u64::from_le_bytes(take(bytes)?);
            belief.patience_used = f32::from_le_bytes(take(bytes)?);
            for (_, prob) in shown(scenario)
                .zip(&mut belief.facts)
                .filter(|(shown, _)| *shown)
            {
                *prob = f32::from_le_bytes(take(bytes)?);
                if !is_prob(*prob) {
                    return None;
                }
            }
            if !is_prob(belief.patience_used) {
                return None;
            }
        }
        if !(is_action(belief.last_action) && is_action(belief.meant) && is_prob(belief.claim)) {
            return None;
        }
        (belief.mask, belief.lawful) = scenario.masks(&belief.codes.0);
        Some(belief)
    }
}

impl SlotBelief {
    /// The likeliest values with their probabilities, best first.
    pub fn known(self) -> impl Iterator<Item = (u8, f32)> + Clone {
        let pairs = self.values.into_iter().zip(self.probs);
        pairs.filter(|(value, _)| *value != NONE)
    }
}

/// Of each fact whether policies see it.
fn shown(scenario: &Scenario) -> impl Iterator<Item = bool> + '_ {
    scenario.index.facts.iter().map(|&feature| feature != SPARE)
}

/// So many bytes from the front.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    bytes.split_off(..N)?.try_into().ok()
}
