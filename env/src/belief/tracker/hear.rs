//! What was heard in reply, taken into the codes and the beliefs about slots.

use super::BeliefState;
use super::slot_signs::Prompt;
use crate::act::{NBest, NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::action::ActionId;
use crate::belief::bounds::{
    CONFIRMED_FROM, LIKELY_FROM, MISSED_BELOW, TAKEN_FROM, confidence_level, posterior_level,
    slot_level,
};
use crate::belief::effects::{Certainty, Hearing, Meaning};
use crate::belief::features::{
    FeatureIndex, answered_by, callback, confidence, count, heard_level, identity, offer,
};
use crate::belief::slot_belief::evidence;
use crate::scenario::{Move, Scenario};

impl BeliefState {
    #[inline(always)]
    pub(super) fn hear(&mut self, scenario: &Scenario, own: &Move, n_best: &NBest) {
        let f = &scenario.index;
        let [top, behind @ ..] = n_best.hypotheses() else {
            self.heard_nothing(f);
            if scenario.calibration.is_some() {
                self.hear_slots(scenario, own, n_best, 0);
            }
            return;
        };
        let acts = top.utterance.acts();
        let sure = top.confidence;
        let first = scenario.hearing(top.utterance.first().kind);
        self.codes[f.heard] = first.heard;
        self.codes[f.heard_also] = acts.get(1).map_or(0, |a| scenario.hearing(a.kind).heard);
        self.codes[f.confidence] = confidence_level(sure);
        self.codes[f.misses] = if first.missed | (sure < MISSED_BELOW) {
            (self.codes[f.misses] + 1).min(count::MANY)
        } else {
            count::ZERO
        };
        let (mut heard_about, mut heard_slots) = (0, 0u32);
        for &act in acts {
            let hearing = scenario.hearing(act.kind);
            // The first that is about anything.
            let about = hearing.about(act.about);
            heard_about = if heard_about == 0 { about } else { heard_about };
            heard_slots |= hearing.slots(act.about, own.asked_slots);
            self.take(scenario, hearing, own, act, sure);
        }
        self.codes[f.heard_about] = heard_about;
        for reading in behind {
            for act in reading.utterance.acts() {
                let hearing = scenario.hearing(act.kind);
                heard_slots |= hearing.slots(act.about, own.asked_slots);
                hearing.take(&mut self.codes, act.about, Certainty::Behind);
            }
        }
        self.hear_slots(scenario, own, n_best, heard_slots);
    }

    /// Takes in what was heard of the slots in `heard`, one bit each.
    #[inline(always)]
    fn hear_slots(&mut self, scenario: &Scenario, own: &Move, n_best: &NBest, mut heard: u32) {
        let f = &scenario.index;
        let tables = scenario.calibration.as_deref();
        if tables.is_some() {
            // Hearing nothing of what was asked for says something, too.
            heard |= own.wanted_slot;
        }
        while heard != 0 {
            let slot = heard.trailing_zeros() as u8;
            heard &= heard - 1;
            let belief = &mut self.slots[usize::from(slot)];
            let before = belief.value();
            match tables {
                None => belief.update(&evidence(scenario, &own.asked, n_best, slot)),
                Some(tables) => {
                    let prompt = Prompt::of(scenario, self.meant, self.read_out, slot);
                    (tables.slots).update(scenario, slot, prompt, n_best, belief);
                }
            }
            if belief.value() != before {
                // The wish has changed; what was refused belongs to the old one.
                self.codes[f.apologies] = count::ZERO;
                self.confirmed &= !(1 << slot);
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

    /// Takes in one act of the first reading, but for the slots it speaks of.
    #[inline]
    fn take(
        &mut self,
        scenario: &Scenario,
        hearing: &Hearing,
        own: &Move,
        act: UserAct,
        sure: f32,
    ) {
        let f = &scenario.index;
        let taken = sure >= TAKEN_FROM;
        let by = self.codes[f.answered_by];
        let is_person = hearing.personal & taken & (by != answered_by::UNKNOWN);
        self.codes[f.answered_by] = if is_person { answered_by::PERSON } else { by };
        let certainty = if taken {
            Certainty::Taken
        } else {
            Certainty::Doubtful
        };
        hearing.take(&mut self.codes, act.about, certainty);
        match hearing.meaning {
            Meaning::Itself => {}
            Meaning::Tells if act.about == NONE => self.hear_proof(f, act.value, sure),
            Meaning::Tells => {
                if taken && Some(act.about) == scenario.callback_slot {
                    self.agree_callback(f);
                }
            }
            Meaning::Yes => self.hear_yes(f, &own.asked, sure),
            Meaning::No => self.hear_no(f, &own.asked, sure),
            Meaning::Wrong => self.claim = 0.0,
        }
    }

    /// Takes a yes as the answer to everything that the robot asked.
    fn hear_yes(&mut self, f: &FeatureIndex, asked: &[SystemAct], sure: f32) {
        for act in asked {
            let about = act.about as usize;
            match act.kind {
                SystemActKind::ConfirmIdentity => {
                    self.claim = 1.0 - (1.0 - self.claim) * (1.0 - sure);
                    if self.codes[f.identity] != identity::VERIFIED {
                        self.codes[f.identity] = match self.claim {
                            p if p < LIKELY_FROM => identity::CLAIMED,
                            p if p < CONFIRMED_FROM => identity::LIKELY,
                            _ => identity::CONFIRMED,
                        };
                    }
                }
                SystemActKind::Offer => {
                    self.codes[f.offers[about]] = if sure >= TAKEN_FROM {
                        offer::ACCEPTED
                    } else {
                        offer::MAYBE
                    };
                }
                SystemActKind::ProposeCallback if sure >= TAKEN_FROM => self.agree_callback(f),
                SystemActKind::Confirm if sure >= TAKEN_FROM => self.confirmed |= 1 << about,
                _ => {}
            }
        }
    }

    /// Takes a no as the answer to everything that the robot asked.
    fn hear_no(&mut self, f: &FeatureIndex, asked: &[SystemAct], sure: f32) {
        for act in asked {
            let about = act.about as usize;
            match act.kind {
                SystemActKind::ConfirmIdentity => {
                    self.claim *= 1.0 - sure;
                    self.codes[f.identity] = if sure >= TAKEN_FROM {
                        identity::WRONG
                    } else {
                        identity::DOUBTED
                    };
                }
                SystemActKind::Offer if sure >= TAKEN_FROM => {
                    let level = &mut self.codes[f.offers[about]];
                    *level = if *level >= offer::DECLINED {
                        offer::DECLINED_TWICE
                    } else {
                        offer::DECLINED
                    };
                }
                SystemActKind::ProposeCallback if sure >= TAKEN_FROM => {
                    self.codes[f.callback] = callback::DECLINED
                }
                SystemActKind::Confirm => self.confirmed &= !(1 << about),
                _ => {}
            }
        }
    }

    fn hear_proof(&mut self, f: &FeatureIndex, value: u8, sure: f32) {
        let level = &mut self.codes[f.identity];
        if value == 1 {
            *level = if sure >= TAKEN_FROM {
                identity::VERIFIED
            } else {
                (*level).max(identity::LIKELY)
            };
        } else {
            *level = identity::DOUBTED;
            self.claim = 0.0;
        }
    }

    pub(super) fn encode_slot(&mut self, f: &FeatureIndex, slot: usize) {
        let belief = self.slots[slot];
        self.codes[f.slots[slot]] = slot_level(belief.value(), belief.prob());
        self.codes[f.posteriors[slot]] = posterior_level(belief.value(), belief.prob());
        for (feature, levels) in &f.values[slot] {
            self.codes[*feature] = levels[usize::from(belief.value())];
        }
    }

    /// Counts what the scenario has counted.
    #[cold]
    pub(super) fn count(&mut self, scenario: &Scenario, action: ActionId, n_best: &NBest) {
        let top = n_best.hypotheses().first();
        let taken = top.filter(|top| top.confidence >= TAKEN_FROM);
        let acts = taken.map_or(&[][..], |top| top.utterance.acts());
        let heard = acts
            .iter()
            .fold(0, |set, act| set | 1u32 << act.kind as u32);
        for (counter, &feature) in scenario.counters.iter().zip(&scenario.index.counters) {
            if counter.heard & heard != 0 || counter.said.allows(action) {
                self.codes[feature] = (self.codes[feature] + 1).min(count::MANY);
            }
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
