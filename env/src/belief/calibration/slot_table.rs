//! What is heard of a slot, against each of its values.
//!
//! Of a turn only so much counts as bears on the slot: what the robot wanted to hear, and for the first two readings
//! whether they say yes or no and which value they tell; with how sure the first one is. Seen from a value that is a
//! *symbol*: the value was told, one near it, another one. `P(symbol | value)` is counted for each [`Role`] that a value
//! can have in a turn; one of several values that look alike has its share of the symbol's probability.

use crate::act::{NBest, NONE, SystemActKind};
use crate::belief::effects::Meaning;
use crate::belief::features::{confidence, confidence_level};
use crate::belief::slot_belief::SlotBelief;
use crate::scenario::Scenario;
use crate::scenario::slot::{Slot, SlotKind};

/// Codes of the first reading: nothing, or a combination of polarity (3) and value (4).
const N_FIRST: usize = 13;
/// Codes of the second reading.
const N_SECOND: usize = 6;
/// Levels of confidence.
const N_BINS: usize = 6;
/// Symbols of a turn.
pub(super) const N_SYMBOLS: usize = N_FIRST * N_SECOND * N_BINS;
/// How far from a number its neighbours lie that it is misheard as, steps.
const NEAR: u8 = 3;

/// What a turn is to one value of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The slot was asked for.
    Asked,
    /// The slot was asked for and "yes" stands for the value.
    AskedYes,
    /// "No" stands for it.
    AskedNo,
    /// Yes and no stand for other values.
    AskedOther,
    /// The value was read out.
    ReadOut,
    /// Another one was.
    OtherReadOut,
    /// Another call was proposed, whose time the slot is.
    Proposed,
    /// The robot wanted to hear something else.
    Unasked,
}

/// Roles of a value.
pub(super) const N_ROLES: usize = 8;
/// Names of the roles in files.
pub(super) const ROLES: [&str; N_ROLES] = [
    "asked",
    "asked_yes",
    "asked_no",
    "asked_other",
    "read_out",
    "other_read_out",
    "proposed",
    "unasked",
];

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
pub(super) struct Signs {
    prompt: Prompt,
    first: Part,
    second: Part,
    bin: u8,
}

impl Signs {
    /// What `n_best` says of `slot` after `prompt`.
    pub(super) fn new(scenario: &Scenario, slot: u8, prompt: Prompt, n_best: &NBest) -> Self {
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
    pub(super) fn bears(&self) -> bool {
        self.prompt != Prompt::Unasked || self.speaks()
    }

    /// The role of `value`.
    pub(super) fn role(&self, slot: &Slot, value: u8) -> Role {
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
    pub(super) fn symbol(&self, slot: &Slot, value: u8) -> (usize, f32) {
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

/// `P(symbol | role)`, and how frequent each value of each slot is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SlotTable {
    /// By role and symbol.
    pub(super) probs: Vec<f32>,
    /// By slot and value.
    pub(super) priors: Vec<Vec<f32>>,
}

impl SlotTable {
    fn prior(&self, slot: usize, value: u8) -> f32 {
        let known = &self.priors[slot];
        // What the scenario does not list is one more value beside those that it does.
        let beyond = 1.0 / (known.len() + 1) as f32;
        known.get(usize::from(value)).copied().unwrap_or(beyond)
    }

    fn likelihood(&self, signs: &Signs, slot: &Slot, value: u8) -> f32 {
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
        let signs = Signs::new(scenario, slot, prompt, n_best);
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

/// `P(symbol | role)` from the counts of a role: where little was counted of a symbol, how often its first reading is
/// heard so surely times how often its second stands behind such a first.
pub(super) fn smoothed(counts: &[u64]) -> Vec<f32> {
    /// Weight of the less detailed counts, turns.
    const BACK_OFF: f64 = 20.0;
    /// What was never seen is as likely as so many turns.
    const UNSEEN: f64 = 0.02;
    let mut firsts = [UNSEEN; N_FIRST * N_BINS];
    let mut seconds = [UNSEEN; N_FIRST * N_SECOND];
    let parts = |symbol: usize| {
        (
            symbol / N_BINS / N_SECOND,
            symbol / N_BINS % N_SECOND,
            symbol % N_BINS,
        )
    };
    for (symbol, &n) in counts.iter().enumerate() {
        let (first, second, bin) = parts(symbol);
        firsts[first * N_BINS + bin] += n as f64;
        seconds[first * N_SECOND + second] += n as f64;
    }
    let all: f64 = firsts.iter().sum();
    let behind = |first: usize| seconds[first * N_SECOND..][..N_SECOND].iter().sum::<f64>();
    let prob = |(symbol, &n): (usize, &u64)| {
        let (first, second, bin) = parts(symbol);
        let second = seconds[first * N_SECOND + second] / behind(first);
        let expected = firsts[first * N_BINS + bin] / all * second;
        ((n as f64 + BACK_OFF * expected) / (all + BACK_OFF)) as f32
    };
    counts.iter().enumerate().map(prob).collect()
}
