//! What was heard in reply, taken into the codes and the beliefs about slots.

use super::BeliefState;
use crate::act::{NBest, NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::features::{
    FeatureIndex, SPARE, about_level, answered_by, availability, callback, concern, confidence,
    confidence_level, count, heard_level, identity, offer, question, slot, wish,
};
use crate::scenario::{MAX_SLOTS, Scenario};
use crate::slot_belief::{Evidence, weigh};

/// A reading at least this sure is taken as said; below it only noted as possible.
const TAKEN: f32 = 0.5;

impl BeliefState {
    pub(super) fn hear(&mut self, scenario: &Scenario, said: &[SystemAct], n_best: &NBest) {
        let f = &scenario.index;
        let Some(top) = n_best.hypotheses().first() else {
            self.heard_nothing(f);
            return;
        };
        let acts = top.utterance.acts();
        let first = top.utterance.first();
        self.codes[f.heard] = heard_level(first.kind);
        self.codes[f.heard_also] = acts.get(1).map_or(0, |act| heard_level(act.kind));
        self.codes[f.heard_about] = acts
            .iter()
            .find_map(|act| about_level(&f.heard_about_level, act.kind.about(), act.about))
            .unwrap_or(0);
        self.codes[f.confidence] = confidence_level(top.confidence);
        let missed = matches!(first.kind, UserActKind::Silence | UserActKind::Unrelated)
            || top.confidence < 0.3;
        self.codes[f.misses] = if missed {
            (self.codes[f.misses] + 1).min(count::MANY)
        } else {
            count::ZERO
        };
        let mut evidence = [Evidence::NOTHING; MAX_SLOTS];
        let mut heard_slots = 0u8;
        for (rank, hypothesis) in n_best.hypotheses().iter().enumerate() {
            for &act in hypothesis.utterance.acts() {
                heard_slots |= weigh(scenario, said, act, hypothesis.confidence, &mut evidence);
                self.take(scenario, said, act, hypothesis.confidence, rank == 0);
            }
        }
        while heard_slots != 0 {
            let slot = heard_slots.trailing_zeros() as usize;
            heard_slots &= heard_slots - 1;
            let before = self.slots[slot].value();
            self.slots[slot].update(&evidence[slot]);
            if self.slots[slot].value() != before {
                // The wish has changed; what was refused belongs to the old one.
                self.codes[f.apologies] = count::ZERO;
            }
            self.encode_slot(f, slot);
        }
    }

    fn heard_nothing(&mut self, f: &FeatureIndex) {
        self.codes[f.heard] = heard_level(UserActKind::Silence);
        self.codes[f.heard_also] = 0;
        self.codes[f.heard_about] = 0;
        self.codes[f.confidence] = confidence::NONE;
        self.codes[f.misses] = (self.codes[f.misses] + 1).min(count::MANY);
    }

    /// Takes in one act of one hypothesis. Only slots and lasting wishes listen to readings behind
    /// the first (`top` is false there): a wish is better suspected than lost.
    fn take(
        &mut self,
        scenario: &Scenario,
        said: &[SystemAct],
        act: UserAct,
        sure: f32,
        top: bool,
    ) {
        let f = &scenario.index;
        let taken = top && sure >= TAKEN;
        if taken && self.codes[f.answered_by] != answered_by::UNKNOWN && is_personal(act.kind) {
            self.codes[f.answered_by] = answered_by::PERSON;
        }
        match act.kind {
            UserActKind::Inform if act.about == NONE => {
                if top {
                    self.hear_proof(f, act.value, sure);
                }
            }
            UserActKind::Inform => {
                if taken && Some(act.about) == scenario.callback_slot {
                    self.agree_callback(f);
                }
            }
            UserActKind::Affirm | UserActKind::Accept => self.hear_yes(scenario, said, sure, top),
            UserActKind::Deny | UserActKind::Decline => self.hear_no(scenario, said, sure, top),
            UserActKind::Ask => {
                if let Some(level) = f
                    .questions
                    .get(act.about as usize)
                    .map(|&q| &mut self.codes[q])
                {
                    if taken {
                        *level = question::OPEN;
                    } else if *level == question::NONE {
                        *level = question::MAYBE;
                    }
                }
            }
            UserActKind::Object => self.raise(f, act.about, taken),
            UserActKind::Distrust => {
                self.raise(f, scenario.distrust_concern.unwrap_or(NONE), taken)
            }
            UserActKind::Voicemail => {
                self.hear_machine(f, taken, answered_by::VOICEMAIL);
            }
            UserActKind::Screening => {
                self.hear_machine(f, taken, answered_by::SCREENING);
            }
            UserActKind::Busy => self.latch(
                f.availability,
                taken,
                availability::MAYBE,
                availability::BUSY,
            ),
            UserActKind::Driving => self.latch(
                f.availability,
                taken,
                availability::MAYBE,
                availability::DRIVING,
            ),
            UserActKind::RequestHuman => self.latch(f.human, taken, wish::MAYBE, wish::ASKED),
            UserActKind::OptOut => self.latch(f.opt_out, taken, wish::MAYBE, wish::ASKED),
            UserActKind::RequestCallback => {
                if taken && self.codes[f.callback] != callback::AGREED {
                    self.codes[f.callback] = callback::WANTED;
                }
            }
            UserActKind::WrongPerson => {
                if top {
                    self.codes[f.identity] = if sure >= TAKEN {
                        identity::WRONG
                    } else {
                        identity::DOUBTED
                    };
                    self.claim = 0.0;
                }
            }
            UserActKind::Repeat
            | UserActKind::Abuse
            | UserActKind::Silence
            | UserActKind::Unrelated
            | UserActKind::Thank
            | UserActKind::HangUp => {}
        }
    }

    /// A yes means what was asked.
    fn hear_yes(&mut self, scenario: &Scenario, said: &[SystemAct], sure: f32, top: bool) {
        let f = &scenario.index;
        for act in said {
            let about = act.about as usize;
            match act.kind {
                SystemActKind::ConfirmIdentity if top => {
                    self.claim = 1.0 - (1.0 - self.claim) * (1.0 - sure);
                    if self.codes[f.identity] != identity::VERIFIED {
                        self.codes[f.identity] = match self.claim {
                            p if p < 0.6 => identity::CLAIMED,
                            p if p < 0.9 => identity::LIKELY,
                            _ => identity::CONFIRMED,
                        };
                    }
                }
                SystemActKind::Offer if top => {
                    self.codes[f.offers[about]] = if sure >= TAKEN {
                        offer::ACCEPTED
                    } else {
                        offer::MAYBE
                    };
                }
                SystemActKind::ProposeCallback if top && sure >= TAKEN => self.agree_callback(f),
                _ => {}
            }
        }
    }

    /// A no as well.
    fn hear_no(&mut self, scenario: &Scenario, said: &[SystemAct], sure: f32, top: bool) {
        let f = &scenario.index;
        for act in said {
            let about = act.about as usize;
            match act.kind {
                SystemActKind::ConfirmIdentity if top => {
                    self.claim *= 1.0 - sure;
                    self.codes[f.identity] = if sure >= TAKEN {
                        identity::WRONG
                    } else {
                        identity::DOUBTED
                    };
                }
                SystemActKind::Offer if top && sure >= TAKEN => {
                    let level = &mut self.codes[f.offers[about]];
                    *level = if *level >= offer::DECLINED {
                        offer::DECLINED_TWICE
                    } else {
                        offer::DECLINED
                    };
                }
                SystemActKind::ProposeCallback if top && sure >= TAKEN => {
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

    fn raise(&mut self, f: &FeatureIndex, about: u8, taken: bool) {
        let Some(level) = f.concerns.get(about as usize).map(|&c| &mut self.codes[c]) else {
            return;
        };
        *level = match (*level, taken) {
            (concern::NONE, false) => concern::MAYBE,
            (concern::NONE | concern::MAYBE, true) => concern::RAISED,
            (concern::ADDRESSED | concern::ADDRESSED_AGAIN, true) => concern::RAISED_AGAIN,
            (same, _) => same,
        };
    }

    fn latch(&mut self, feature: usize, taken: bool, maybe: u8, certain: u8) {
        let level = &mut self.codes[feature];
        *level = if taken {
            certain.max(*level)
        } else {
            maybe.max(*level)
        };
    }

    fn hear_machine(&mut self, f: &FeatureIndex, taken: bool, which: u8) {
        let level = &mut self.codes[f.answered_by];
        *level = if taken {
            which
        } else if *level == answered_by::UNKNOWN {
            answered_by::MAYBE
        } else {
            *level
        };
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

/// Whether only a person does acts of this kind, so that no machine is on the line any more.
const fn is_personal(kind: UserActKind) -> bool {
    !matches!(
        kind,
        UserActKind::Voicemail
            | UserActKind::Screening
            | UserActKind::Silence
            | UserActKind::Unrelated
            | UserActKind::HangUp
    )
}
