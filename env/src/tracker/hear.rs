//! What was heard in reply, taken into the codes and the beliefs about slots.

use super::BeliefState;
use crate::act::{NBest, NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::effects::{Certainty, Meaning};
use crate::features::{
    FeatureIndex, SPARE, answered_by, callback, confidence, confidence_level, count, heard_level,
    identity, offer, slot,
};
use crate::scenario::{Move, Scenario};
use crate::slot_belief::evidence;

/// A reading at least this sure is taken as said; below it only noted as possible.
const TAKEN: f32 = 0.5;

impl BeliefState {
    pub(super) fn hear(&mut self, scenario: &Scenario, said: &Move, n_best: &NBest) {
        let f = &scenario.index;
        let Some(top) = n_best.hypotheses().first() else {
            self.heard_nothing(f);
            return;
        };
        let acts = top.utterance.acts();
        let first = scenario.hearing(top.utterance.first().kind);
        self.codes[f.heard] = first.heard;
        self.codes[f.heard_also] = acts.get(1).map_or(0, |a| scenario.hearing(a.kind).heard);
        // The first that is about anything; looking at all takes no branch.
        self.codes[f.heard_about] = acts.iter().rev().fold(0, |level, act| {
            match scenario.hearing(act.kind).about(act.about) {
                0 => level,
                own => own,
            }
        });
        self.codes[f.confidence] = confidence_level(top.confidence);
        self.codes[f.misses] = if first.missed || top.confidence < 0.3 {
            (self.codes[f.misses] + 1).min(count::MANY)
        } else {
            count::ZERO
        };
        let mut certainty = if top.confidence >= TAKEN {
            Certainty::Taken
        } else {
            Certainty::Doubtful
        };
        let mut heard_slots = 0u8;
        for hypothesis in n_best.hypotheses() {
            for &act in hypothesis.utterance.acts() {
                heard_slots |= self.take(scenario, said, act, hypothesis.confidence, certainty);
            }
            certainty = Certainty::Behind;
        }
        while heard_slots != 0 {
            let slot = heard_slots.trailing_zeros() as u8;
            heard_slots &= heard_slots - 1;
            let belief = &mut self.slots[usize::from(slot)];
            let before = belief.value();
            belief.update(&evidence(scenario, &said.asked, n_best, slot));
            if belief.value() != before {
                // The wish has changed; what was refused belongs to the old one.
                self.codes[f.apologies] = count::ZERO;
            }
            self.encode_slot(f, usize::from(slot));
        }
    }

    fn heard_nothing(&mut self, f: &FeatureIndex) {
        self.codes[f.heard] = heard_level(UserActKind::Silence);
        self.codes[f.heard_also] = 0;
        self.codes[f.heard_about] = 0;
        self.codes[f.confidence] = confidence::NONE;
        self.codes[f.misses] = (self.codes[f.misses] + 1).min(count::MANY);
    }

    /// Takes in one act of one hypothesis; returns the slots it speaks of, one bit each.
    #[inline]
    fn take(
        &mut self,
        scenario: &Scenario,
        said: &Move,
        act: UserAct,
        sure: f32,
        certainty: Certainty,
    ) -> u8 {
        let f = &scenario.index;
        let hearing = scenario.hearing(act.kind);
        let (top, taken) = (
            certainty != Certainty::Behind,
            certainty == Certainty::Taken,
        );
        let by = self.codes[f.answered_by];
        let is_person = hearing.personal & taken & (by != answered_by::UNKNOWN);
        self.codes[f.answered_by] = if is_person { answered_by::PERSON } else { by };
        hearing.take(&mut self.codes, act.about, certainty);
        match hearing.meaning {
            Meaning::Itself => 0,
            Meaning::Tells if act.about == NONE => {
                if top {
                    self.hear_proof(f, act.value, sure);
                }
                0
            }
            Meaning::Tells => {
                if taken && Some(act.about) == scenario.callback_slot {
                    self.agree_callback(f);
                }
                1 << act.about
            }
            Meaning::Yes => {
                if top {
                    self.hear_yes(f, &said.asked, sure);
                }
                said.asked_slots
            }
            Meaning::No => {
                if top {
                    self.hear_no(f, &said.asked, sure);
                }
                said.asked_slots
            }
            Meaning::Wrong => {
                if top {
                    self.claim = 0.0;
                }
                0
            }
        }
    }

    /// A yes means what was asked.
    fn hear_yes(&mut self, f: &FeatureIndex, asked: &[SystemAct], sure: f32) {
        for act in asked {
            let about = act.about as usize;
            match act.kind {
                SystemActKind::ConfirmIdentity => {
                    self.claim = 1.0 - (1.0 - self.claim) * (1.0 - sure);
                    if self.codes[f.identity] != identity::VERIFIED {
                        self.codes[f.identity] = match self.claim {
                            p if p < 0.6 => identity::CLAIMED,
                            p if p < 0.9 => identity::LIKELY,
                            _ => identity::CONFIRMED,
                        };
                    }
                }
                SystemActKind::Offer => {
                    self.codes[f.offers[about]] = if sure >= TAKEN {
                        offer::ACCEPTED
                    } else {
                        offer::MAYBE
                    };
                }
                SystemActKind::ProposeCallback if sure >= TAKEN => self.agree_callback(f),
                _ => {}
            }
        }
    }

    /// A no as well.
    fn hear_no(&mut self, f: &FeatureIndex, asked: &[SystemAct], sure: f32) {
        for act in asked {
            let about = act.about as usize;
            match act.kind {
                SystemActKind::ConfirmIdentity => {
                    self.claim *= 1.0 - sure;
                    self.codes[f.identity] = if sure >= TAKEN {
                        identity::WRONG
                    } else {
                        identity::DOUBTED
                    };
                }
                SystemActKind::Offer if sure >= TAKEN => {
                    let level = &mut self.codes[f.offers[about]];
                    *level = if *level >= offer::DECLINED {
                        offer::DECLINED_TWICE
                    } else {
                        offer::DECLINED
                    };
                }
                SystemActKind::ProposeCallback if sure >= TAKEN => {
                    self.codes[f.callback] = callback::DECLINED
                }
                _ => {}
            }
        }
    }

    fn hear_proof(&mut self, f: &FeatureIndex, value: u8, sure: f32) {
        let level = &mut self.codes[f.identity];
        if value == 1 {
            *level = if sure >= TAKEN {
                identity::VERIFIED
            } else {
                (*level).max(identity::LIKELY)
            };
        } else {
            *level = identity::DOUBTED;
            self.claim = 0.0;
        }
    }

    fn encode_slot(&mut self, f: &FeatureIndex, slot: usize) {
        let belief = self.slots[slot];
        self.codes[f.slots[slot]] = match belief.prob() {
            _ if belief.value() == NONE => slot::UNKNOWN,
            p if p <= 0.2 => slot::FAINT,
            p if p <= 0.5 => slot::LOW,
            p if p <= 0.8 => slot::FAIR,
            p if p <= 0.95 => slot::HIGH,
            _ => slot::SURE,
        };
        if f.values[slot] != SPARE {
            self.codes[f.values[slot]] = if belief.value() == NONE {
                0
            } else {
                belief.value() + 1
            };
        }
    }

    fn agree_callback(&mut self, f: &FeatureIndex) {
        if matches!(
            self.codes[f.callback],
            callback::PROPOSED | callback::WANTED
        ) {
            self.codes[f.callback] = callback::AGREED;
        }
    }
}
