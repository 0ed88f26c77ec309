//! What the robot believes of slots: a focus tracker over the recogniser's hypotheses.

use crate::act::{NBest, NONE, SystemAct, SystemActKind};
use crate::belief::effects::Meaning;
use crate::scenario::Scenario;

/// How likely the value of an earlier call still is, and was heard right (assumption).
const STILL_TRUE: f32 = 0.9;

/// What the robot believes of one slot: its likeliest values, best first.
///
/// The focus tracker of the second Dialog State Tracking Challenge (Henderson, Thomson and Williams,
/// 2014, section 5): with `m` the mass of all values heard in a turn, `b(v) = b(v) (1 - m) + p(v)`, so
/// that evidence for one value adds up and evidence for another displaces it.
#[derive(Clone, Copy, Debug)]
pub struct SlotBelief {
    pub(super) values: [u8; 3],
    pub(super) probs: [f32; 3],
}

impl SlotBelief {
    pub(crate) const UNKNOWN: Self = Self {
        values: [NONE; 3],
        probs: [0.0; 3],
    };

    /// What an earlier call recorded.
    pub(crate) fn recorded(value: u8) -> Self {
        Self {
            values: [value, NONE, NONE],
            probs: [STILL_TRUE, 0.0, 0.0],
        }
    }

    /// The likeliest value, or [`NONE`].
    pub fn value(&self) -> u8 {
        self.values[0]
    }

    /// How likely it is, in `[0, 1]`.
    pub fn prob(&self) -> f32 {
        // A reading that says the same twice ("yes, I do") counts twice.
        self.probs[0].min(1.0)
    }

    /// Takes in what one turn said of the slot.
    pub(crate) fn update(&mut self, heard: &Evidence) {
        let mass: f32 = heard.probs.iter().sum::<f32>().min(1.0);
        let keep = 1.0 - mass;
        self.probs = self.probs.map(|p| p * keep);
        for (&value, &prob) in heard
            .values
            .iter()
            .zip(&heard.probs)
            .filter(|(v, _)| **v != NONE)
        {
            match self.values.iter().position(|&v| v == value) {
                Some(k) => self.probs[k] = (self.probs[k] + prob).min(1.0),
                None if prob > self.probs[2] => (self.values[2], self.probs[2]) = (value, prob),
                None => {}
            }
            self.sort();
        }
        if heard.affirmed > 0.0 || heard.denied > 0.0 {
            self.probs[0] =
                (self.probs[0] + (1.0 - self.probs[0]) * heard.affirmed) * (1.0 - heard.denied);
            self.sort();
        }
    }

    /// Puts the likeliest first.
    pub(super) fn rank(&mut self) {
        // Three entries, of which only one moved: two passes of neighbours, stable for equals.
        for (a, b) in [(1, 2), (0, 1), (1, 2)] {
            if self.probs[b] > self.probs[a] {
                self.probs.swap(a, b);
                self.values.swap(a, b);
            }
        }
    }

    fn sort(&mut self) {
        self.rank();
        if self.probs[0] < 0.01 {
            *self = Self::UNKNOWN;
        }
    }
}

/// What one turn says of one slot, summed over the hypotheses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    values: [u8; 3],
    probs: [f32; 3],
    affirmed: f32,
    denied: f32,
}

impl Evidence {
    pub(crate) const NOTHING: Self = Self {
        values: [NONE; 3],
        probs: [0.0; 3],
        affirmed: 0.0,
        denied: 0.0,
    };

    fn add(&mut self, value: u8, sure: f32) {
        let at = self.values.iter().position(|&v| v == value || v == NONE);
        if let (Some(k), true) = (at, value != NONE) {
            self.values[k] = value;
            self.probs[k] += sure;
        }
    }
}

/// What `n_best` says of `slot` in reply to the acts `asked`.
pub(crate) fn evidence(
    scenario: &Scenario,
    asked: &[SystemAct],
    n_best: &NBest,
    slot: u8,
) -> Evidence {
    let mut evidence = Evidence::NOTHING;
    for hypothesis in n_best.hypotheses() {
        let sure = hypothesis.confidence;
        for act in hypothesis.utterance.acts() {
            let yes = match scenario.hearing(act.kind).meaning {
                Meaning::Tells if act.about == slot => {
                    evidence.add(act.value, sure);
                    continue;
                }
                Meaning::Yes => true,
                Meaning::No => false,
                Meaning::Tells | Meaning::Wrong | Meaning::Itself => continue,
            };
            for asked in asked.iter().filter(|asked| asked.about == slot) {
                match asked.kind {
                    SystemActKind::Ask => {
                        if let Some([if_yes, if_no]) = scenario.yes_no(usize::from(slot)) {
                            evidence.add(if yes { if_yes } else { if_no }, sure);
                        }
                    }
                    SystemActKind::Confirm if yes => evidence.affirmed += sure,
                    SystemActKind::Confirm => evidence.denied += sure,
                    _ => {}
                }
            }
        }
    }
    evidence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(values: &[(u8, f32)]) -> Evidence {
        let mut evidence = Evidence::NOTHING;
        for &(value, prob) in values {
            evidence.add(value, prob);
        }
        evidence
    }

    #[test]
    fn the_same_value_twice_is_surer_than_once() {
        let mut belief = SlotBelief::UNKNOWN;
        belief.update(&heard(&[(3, 0.6)]));
        belief.update(&heard(&[(3, 0.5)]));
        assert_eq!(belief.value(), 3);
        assert!(
            (belief.prob() - (0.6 * 0.5 + 0.5)).abs() < 1e-6,
            "{belief:?}"
        );
    }

    #[test]
    fn another_value_displaces_by_its_mass() {
        let mut belief = SlotBelief::UNKNOWN;
        belief.update(&heard(&[(3, 0.6)]));
        belief.update(&heard(&[(1, 0.7), (3, 0.1)]));
        // b(3) = 0.6 * 0.2 + 0.1, b(1) = 0.7.
        assert_eq!(belief.value(), 1);
        assert!(
            (belief.prob() - 0.7).abs() < 1e-6 && (belief.probs[1] - 0.22).abs() < 1e-6,
            "{belief:?}"
        );
    }

    #[test]
    fn a_denied_value_makes_room_for_its_rival() {
        let mut belief = SlotBelief::UNKNOWN;
        belief.update(&heard(&[(3, 0.6), (1, 0.3)]));
        belief.update(&Evidence {
            denied: 0.9,
            ..Evidence::NOTHING
        });
        assert_eq!(belief.value(), 1);
    }
}
