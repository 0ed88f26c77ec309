//! The one tracker: what the robot believes, kept as codes, in the laboratory and on the phone.

use crate::act::{NBest, NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::action::{ActionId, ActionMask};
use crate::features::{
    FeatureIndex, SPARE, about_level, availability, callback, concern, confidence,
    confidence_level, count, heard_level, identity, offer, question, role, said, said_level, slot,
    turn_level, wish,
};
use crate::policy::Observation;
use crate::scenario::{MAX_SLOTS, Scenario};
use crate::slot_belief::{Evidence, SlotBelief, weigh};

/// A reading at least this sure is taken as said; below it only noted as possible.
const TAKEN: f32 = 0.5;

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

    fn say(&mut self, scenario: &Scenario, action: ActionId, acts: &[SystemAct]) {
        let f = &scenario.index;
        self.turn += 1;
        self.codes[f.turn] = turn_level(self.turn);
        self.codes[f.repeats] = if action == self.last_action {
            (self.codes[f.repeats] + 1).min(count::MANY)
        } else {
            count::ZERO
        };
        self.last_action = action;
        let first = acts[0];
        self.codes[f.said_before] = self.codes[f.said];
        self.codes[f.said] = said_level(first.kind);
        self.codes[f.said_about] = acts
            .iter()
            .find_map(|act| about_level(&f.said_about_level, act.kind.about(), act.about))
            .unwrap_or(0);
        self.codes[f.said_last] = acts.last().map_or(0, |act| said_level(act.kind));
        if f.said_last != SPARE {
            self.assign_roles(f, acts);
        }
        for act in acts {
            let about = act.about as usize;
            match act.kind {
                SystemActKind::StatePurpose => self.codes[f.purpose] = said::YES,
                SystemActKind::Inform => self.codes[f.topics[about]] = said::YES,
                SystemActKind::Answer => self.codes[f.questions[about]] = question::ANSWERED,
                SystemActKind::SendMessage => self.codes[f.messages[about]] = said::YES,
                SystemActKind::Address => {
                    let level = &mut self.codes[f.concerns[about]];
                    *level = match *level {
                        concern::NONE | concern::MAYBE | concern::RAISED | concern::ADDRESSED => {
                            concern::ADDRESSED
                        }
                        _ => concern::ADDRESSED_AGAIN,
                    };
                }
                SystemActKind::Offer => {
                    let level = &mut self.codes[f.offers[about]];
                    *level = (*level).max(offer::OFFERED);
                }
                SystemActKind::ProposeCallback => self.codes[f.callback] = callback::PROPOSED,
                SystemActKind::Greet
                | SystemActKind::ConfirmIdentity
                | SystemActKind::VerifyIdentity
                | SystemActKind::Ask
                | SystemActKind::Confirm
                | SystemActKind::Transfer
                | SystemActKind::Apologize
                | SystemActKind::Repeat
                | SystemActKind::Close => {}
            }
        }
    }

    /// What the robot has just done with each slot.
    fn assign_roles(&mut self, f: &FeatureIndex, acts: &[SystemAct]) {
        for &feature in &f.roles {
            self.codes[feature] = role::NONE;
        }
        let sorry = acts[0].kind == SystemActKind::Apologize;
        self.codes[f.apologies] =
            (self.codes[f.apologies] + u8::from(sorry && acts.len() > 1)).min(count::MANY);
        for act in acts {
            let about = act.about as usize;
            let (slot, role) = match act.kind {
                SystemActKind::Ask => (about, role::ASKED),
                SystemActKind::Confirm if self.codes[f.roles[about]] == role::ASKED => {
                    (about, role::CHOICE)
                }
                SystemActKind::Confirm => (about, role::CONFIRMED),
                SystemActKind::Inform => match f.topic_slot[about] {
                    Some(slot) => (
                        slot as usize,
                        if sorry { role::UNAVAILABLE } else { role::TOLD },
                    ),
                    None => continue,
                },
                _ => continue,
            };
            self.codes[f.roles[slot]] = role;
        }
    }

    fn hear(&mut self, scenario: &Scenario, said: &[SystemAct], n_best: &NBest) {
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

    fn agree_callback(&mut self, f: &FeatureIndex) {
        if matches!(
            self.codes[f.callback],
            callback::PROPOSED | callback::WANTED
        ) {
            self.codes[f.callback] = callback::AGREED;
        }
    }
}
