//! What a turn says of a slot, and what becomes of the belief about it.

use crate::act::{NBest, NONE, SystemActKind};
use crate::belief::bounds::confidence_level;
use crate::belief::calibration::slot_table::{N_BINS, N_SECOND, N_SYMBOLS, Role, SlotTable};
use crate::belief::effects::Meaning;
use crate::belief::features::confidence;
use crate::belief::slot_belief::SlotBelief;
use crate::scenario::Scenario;
use crate::scenario::slot::{Slot, SlotKind};

/// How far from a number its neighbours lie that it is misheard as, steps.
const NEAR: u8 = 3;

/// What the robot wanted to hear, as far as a slot is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompt {
    Asked,
    ReadOut(u8),
    Proposed,
    Unasked,
}

impl Prompt {
    /// What `scenario`'s action `meant` wanted to hear of `slot`, where it read out `value`.
    pub(crate) fn of(scenario: &Scenario, meant: u8, value: u8, slot: u8) -> Self {
        let act = scenario.move_of(meant).wanted;
        match act.kind {
            SystemActKind::Ask if act.about == slot => Self::Asked,
            SystemActKind::Confirm if act.about == slot => Self::ReadOut(value),
            SystemActKind::ProposeCallback if scenario.callback_slot == Some(slot) => {
                Self::Proposed
            }
            _ => Self::Unasked,
        }
    }
}

/// What one reading says of a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    is_there: bool,
    quiet: bool,
    /// 0 neither, 1 yes, 2 no.
    polarity: u8,
    /// The value that it tells, or [`NONE`].
    told: u8,
}

/// What a turn says of a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotSigns {
    prompt: Prompt,
    first: Part,
    second: Part,
    bin: u8,
}

impl SlotSigns {
    /// What `n_best` says of `slot` after `prompt`.
    pub(crate) fn new(scenario: &Scenario, slot: u8, prompt: Prompt, n_best: &NBest) -> Self {
        let readings = n_best.hypotheses();
        // Yes and no are about the slot only where the robot wanted to hear of it.
        let answers = match prompt {
            Prompt::Asked => scenario.slots[usize::from(slot)].yes_no().is_some(),
            Prompt::ReadOut(_) | Prompt::Proposed => true,
            Prompt::Unasked => false,
        };
        let part = |k: usize| {
            let mut part = Part {
                is_there: k < readings.len(),
                quiet: true,
                polarity: 0,
                told: NONE,
            };
            let acts = readings.get(k).map_or(&[][..], |r| r.utterance.acts());
            for act in acts {
                part.quiet = false;
                match scenario.hearing(act.kind).meaning {
                    Meaning::Tells if act.about == slot && part.told == NONE => {
                        part.told = act.value;
                    }
                    Meaning::Yes if answers && part.polarity == 0 => part.polarity = 1,
                    Meaning::No if answers && part.polarity == 0 => part.polarity = 2,
                    _ => {}
                }
            }
            part
        };
        let sure = readings.first().map_or(0.0, |first| first.confidence);
        Self {
            prompt,
            first: part(0),
            second: part(1),
            bin: confidence_level(sure) - confidence::LOWEST,
        }
    }

    /// Whether a value was told, affirmed or denied.
    fn speaks(&self) -> bool {
        let speaks = |part: &Part| part.told != NONE || part.polarity != 0;
        speaks(&self.first) || speaks(&self.second)
    }

    /// Whether the turn bears on the slot at all.
    pub(crate) fn bears(&self) -> bool {
        self.prompt != Prompt::Unasked || self.speaks()
    }

    /// The role of `value`.
    pub(crate) fn role(&self, slot: &Slot, value: u8) -> Role {
        match (self.prompt, slot.yes_no()) {
            (Prompt::Asked, None) => Role::Asked,
            (Prompt::Asked, Some([yes, _])) if value == yes => Role::AskedYes,
            (Prompt::Asked, Some([_, no])) if value == no => Role::AskedNo,
            (Prompt::Asked, Some(_)) => Role::AskedOther,
            (Prompt::ReadOut(read), _) if read == value => Role::ReadOut,
            (Prompt::ReadOut(_), _) => Role::OtherReadOut,
            (Prompt::Proposed, _) => Role::Proposed,
            (Prompt::Unasked, _) => Role::Unasked,
        }
    }

    /// The symbol as `value` sees it, and how many turns that differ look alike to it.
    pub(crate) fn symbol(&self, slot: &Slot, value: u8) -> (usize, f32) {
        let n_values = slot.values.len().max(2) as f32;
        let mut alike = 1.0;
        let mut others = n_values - 1.0;
        let told = match self.first.told {
            NONE => 0,
            told if told == value => 1,
            told => {
                let n_near = n_near(slot, value);
                let near = is_near(slot, value, told);
                alike *= match near {
                    true => n_near,
                    false => (others - n_near).max(1.0),
                };
                others -= 1.0;
                3 - u8::from(near)
            }
        };
        let first = match self.first.quiet {
            true => 0,
            false => 1 + usize::from(self.first.polarity * 4 + told),
        };
        let second = match self.second {
            Part {
                is_there: false, ..
            } => 0,
            Part { told, .. } if told == value => 4,
            Part { told, .. } if told != NONE => {
                alike *= others.max(1.0);
                5
            }
            Part { polarity, .. } => 1 + usize::from(polarity),
        };
        (
            (first * N_SECOND + second) * N_BINS + usize::from(self.bin),
            alike,
        )
    }
}

/// Whether a value is misheard as the other rather than as any.
fn is_near(slot: &Slot, value: u8, other: u8) -> bool {
    if usize::from(value) >= slot.values.len() {
        return false;
    }
    match slot.kind {
        SlotKind::Number | SlotKind::Time | SlotKind::Day => value.abs_diff(other) <= NEAR,
        SlotKind::Several => (value ^ other).count_ones() == 1,
        SlotKind::Choice | SlotKind::Text => false,
    }
}

/// How many values are near a value.
fn n_near(slot: &Slot, value: u8) -> f32 {
    let last = slot.values.len().saturating_sub(1) as u8;
    match slot.kind {
        SlotKind::Number | SlotKind::Time | SlotKind::Day => {
            let value = value.min(last);
            f32::from(value.min(NEAR) + (last - value).min(NEAR)).max(1.0)
        }
        SlotKind::Several => slot.values.len().max(1).ilog2() as f32,
        SlotKind::Choice | SlotKind::Text => 0.0,
    }
}

impl SlotTable {
    fn likelihood(&self, signs: &SlotSigns, slot: &Slot, value: u8) -> f32 {
        let (symbol, alike) = signs.symbol(slot, value);
        self.probs[signs.role(slot, value) as usize * N_SYMBOLS + symbol] / alike
    }

    /// Takes into `belief` what a turn says of a slot: `b(v) = b(v) P(heard | v)`, made to sum to 1 with what is left
    /// for values never heard of. Nothing is believed before a value was spoken of.
    pub(crate) fn update(
        &self,
        scenario: &Scenario,
        slot: u8,
        prompt: Prompt,
        n_best: &NBest,
        belief: &mut SlotBelief,
    ) {
        let signs = SlotSigns::new(scenario, slot, prompt, n_best);
        let of = &scenario.slots[usize::from(slot)];
        let began = belief.value() != NONE;
        if !(began && signs.bears() || signs.speaks()) {
            return;
        }
        if let (true, Some(values)) = (signs.prompt == Prompt::Asked || !began, of.yes_no()) {
            values.iter().for_each(|&v| self.track(slot, v, belief));
        }
        for told in [signs.first.told, signs.second.told] {
            if told != NONE {
                self.track(slot, told, belief);
            }
        }
        if belief.value() == NONE {
            return;
        }
        // A value that nobody has named and that is told by neither reading.
        let unnamed = self.likelihood(&signs, of, NONE - 1);
        let left = (1.0 - belief.probs.iter().sum::<f32>()).max(0.0);
        let mut sum = left * unnamed;
        for (value, prob) in belief.values.iter().zip(&mut belief.probs) {
            if *value != NONE {
                *prob *= self.likelihood(&signs, of, *value);
                sum += *prob;
            }
        }
        for (value, prob) in belief.values.iter().zip(&mut belief.probs) {
            if *value != NONE {
                *prob = (*prob / sum).clamp(LEAST, 1.0);
            }
        }
        belief.rank();
    }

    /// Keeps count of a value from now on, with its share of what is left for values not named yet.
    fn track(&self, slot: u8, value: u8, belief: &mut SlotBelief) {
        if belief.values.contains(&value) {
            return;
        }
        let named = belief.values.iter().filter(|v| **v != NONE);
        let named: f32 = named.map(|&v| self.prior(slot.into(), v)).sum();
        let left = (1.0 - belief.probs.iter().sum::<f32>()).max(0.0);
        let prior = self.prior(slot.into(), value);
        let share = prior / (1.0 - named).max(prior).max(LEAST);
        let place = belief.values.iter().position(|&v| v == NONE);
        let place = place.unwrap_or(belief.values.len() - 1);
        belief.values[place] = value;
        belief.probs[place] = (left * share).max(LEAST);
    }
}

/// The least that a value is believed that was named: nothing is out of the question.
const LEAST: f32 = 1e-6;
