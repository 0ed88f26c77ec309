//! One reply of an agenda customer: hang up, voice what is pressing, or answer what was asked.

use offhook_env::act::{NONE, SystemAct, SystemActKind, UserAct, UserActKind, Utterance};
use offhook_env::call::customer::SystemUtterance;
use offhook_env::rng::Rng;
use offhook_env::scenario::Scenario;

use super::manners::{Manner, is_question};
use super::{AgendaCustomer, AgendaCustomers, habit};
use crate::dice::Coins;
use crate::population::{Time, Wish};
use crate::variation::N_CLASSES;

/// A reply in the making.
pub(super) struct Reply<'a> {
    model: &'a AgendaCustomers,
    scenario: &'a Scenario,
    customer: &'a mut AgendaCustomer,
    coins: Coins<'a>,
    said: Utterance,
    /// Kinds of what is said, one bit each.
    kinds: u32,
}

impl<'a> Reply<'a> {
    pub(super) fn new(
        model: &'a AgendaCustomers,
        scenario: &'a Scenario,
        customer: &'a mut AgendaCustomer,
        rng: &'a mut Rng,
    ) -> Self {
        Self {
            model,
            scenario,
            customer,
            coins: Coins::new(rng),
            said: Utterance::SILENCE,
            kinds: 0,
        }
    }

    /// Resolves, by trust and chance, the concerns that the robot just met.
    pub(super) fn weigh_addressed(&mut self, addressed: u16) {
        let mut left = addressed & self.customer.truth.concerns;
        while left != 0 {
            let of = left & left.wrapping_neg();
            left ^= of;
            let (base, rise) = habit::RESOLVE;
            if self.coins.lands(base + rise * self.customer.trust) {
                self.customer.truth.concerns &= !of;
                self.customer.trust = (self.customer.trust + habit::TRUST_MET).min(1.0);
            }
        }
    }

    /// What the customer says to `spoken`.
    pub(super) fn compose(mut self, spoken: SystemUtterance<'_>, manner: &Manner) -> Utterance {
        if self.coins.lands(self.model.hazard(self.customer)) {
            return UserAct::new(UserActKind::HangUp).into();
        }
        let (mut act, mut value) = (manner.reply_to, spoken.value);
        if manner.starts_over {
            let last = self.customer.last;
            if !last.acts().is_empty() && !last.has(UserActKind::Repeat) {
                return last;
            }
            if self.customer.meant != NONE {
                act = self.model.manners[usize::from(self.customer.meant)].reply_to;
                value = self.customer.meant_value;
            }
        } else {
            self.customer.meant = spoken.action;
            self.customer.meant_value = value;
        }
        if !self.press(act.kind) {
            self.chat(act, value);
        }
        self.customer.last = self.said;
        self.customer.last_kinds = self.kinds;
        self.said
    }

    fn say(&mut self, act: UserAct) {
        let kind = self.model.words[act.kind as usize];
        if kind != UserActKind::Silence {
            self.said.push(UserAct { kind, ..act });
            self.kinds |= 1 << kind as u32;
        }
    }

    fn say_kind(&mut self, kind: UserActKind) {
        self.say(UserAct::new(kind));
    }

    /// Says what cannot wait: opt-out, human, no time. Returns whether that was all.
    fn press(&mut self, to: SystemActKind) -> bool {
        let (annoyance, patience) = (self.customer.annoyance, self.customer.patience);
        if annoyance > patience && self.coins.lands(habit::ABUSE) {
            self.say_kind(UserActKind::Abuse);
            return true;
        }
        let wish = self.customer.wish;
        if wish != Wish::Nothing {
            let truth = &self.customer.truth;
            let voiced = if wish == Wish::Human {
                truth.asked_human
            } else {
                truth.opted_out
            };
            let first = habit::VOICE_WISH[usize::from(self.customer.knows_purpose)];
            let chance = if annoyance > 0.5 * patience {
                habit::VOICE_WISH_ANNOYED * first
            } else {
                first
            };
            if self
                .coins
                .lands(if voiced { habit::SAY_AGAIN } else { chance })
            {
                match wish {
                    Wish::Human => {
                        self.customer.truth.asked_human = true;
                        self.say_kind(UserActKind::RequestHuman);
                    }
                    Wish::OptOut | Wish::Nothing => {
                        self.customer.truth.opted_out = true;
                        self.say_kind(UserActKind::OptOut);
                    }
                }
                return true;
            }
            if self.customer.truth.opted_out {
                return true;
            }
        }
        let customer = &*self.customer;
        let settled = customer.truth.callback_agreed || to == SystemActKind::ProposeCallback;
        if customer.time != Time::Free && !settled {
            let (driving, chance) = (
                customer.time == Time::Driving,
                habit::TELL_TIME[usize::from(customer.told_time)],
            );
            if self.coins.lands(chance) {
                self.customer.told_time = true;
                self.say_kind(if driving {
                    UserActKind::Driving
                } else {
                    UserActKind::Busy
                });
                if self
                    .coins
                    .lands(habit::ASK_CALLBACK * self.customer.talkativeness)
                {
                    self.say_kind(UserActKind::RequestCallback);
                }
                return true;
            }
        }
        false
    }

    /// Answers the robot's act, comes up with something else, or both.
    fn chat(&mut self, act: SystemAct, value: u8) {
        let odd = f32::from(self.coins.bits()) / 65_536.0;
        let not_caught = if self.customer.foreign {
            habit::NOT_CAUGHT_FOREIGN
        } else {
            habit::NOT_CAUGHT[usize::from(self.customer.difficulty % N_CLASSES)]
        };
        if odd < not_caught {
            return self.say_kind(UserActKind::Repeat);
        }
        if odd > 1.0 - habit::STRAY {
            return self.say_kind(UserActKind::Unrelated);
        }
        if !self.customer.truth.right_person
            && !matches!(act.kind, SystemActKind::Greet | SystemActKind::Apologize)
        {
            return self.answer_as_another(act);
        }
        let Some(aside) = self.aside(act.kind) else {
            return self.answer(act, value);
        };
        if is_question(act.kind) && self.coins.lands(self.customer.talkativeness) {
            self.answer(act, value);
        }
        self.say(aside);
    }

    /// What the agenda would like to bring up now, if anything.
    fn aside(&mut self, to: SystemActKind) -> Option<UserAct> {
        if matches!(to, SystemActKind::ProposeCallback | SystemActKind::Confirm) {
            return None;
        }
        let customer = &*self.customer;
        let truth = &customer.truth;
        let open = truth.asked & !truth.answered;
        if open != 0 && self.coins.lands(habit::ASK_AGAIN) {
            return Some(UserAct::about(UserActKind::Ask, first_of(open)));
        }
        let ripe = customer.questions
            & if customer.knows_purpose {
                u16::MAX
            } else {
                self.model.early_questions
            };
        let (base, rise) = habit::ASK;
        if ripe != 0 && self.coins.lands(base + rise * customer.talkativeness) {
            let question = first_of(ripe);
            self.customer.questions &= !(1 << question);
            self.customer.truth.asked |= 1 << question;
            return Some(UserAct::about(UserActKind::Ask, question));
        }
        let concerns = truth.concerns;
        if concerns == 0 {
            return None;
        }
        let (voiced, hidden) = (concerns & customer.raised, concerns & !customer.raised);
        let distrust = hidden & self.model.distrust;
        if distrust != 0
            && self
                .coins
                .lands(habit::VOICE_DISTRUST * (1.0 - customer.trust))
        {
            return Some(self.raise(first_of(distrust)));
        }
        let others = hidden & !self.model.distrust;
        let chance = if to == SystemActKind::Offer {
            habit::OBJECT
        } else {
            habit::VOICE_CONCERN
        };
        if others != 0 && self.customer.knows_purpose && self.coins.lands(chance) {
            return Some(self.raise(first_of(others)));
        }
        // A concern that was met in vain, or not at all, comes up once more.
        let again = voiced & !self.customer.raised_again;
        let chance = if to == SystemActKind::Address {
            habit::OBJECT
        } else {
            habit::OBJECT_AGAIN
        };
        if again != 0 && self.coins.lands(chance) {
            return Some(self.raise(first_of(again)));
        }
        None
    }

    /// Voices a concern.
    fn raise(&mut self, concern: u8) -> UserAct {
        let of = 1 << concern;
        self.customer.raised_again |= self.customer.raised & of;
        self.customer.raised |= of;
        if of & self.model.distrust != 0 {
            UserAct::new(UserActKind::Distrust)
        } else {
            UserAct::about(UserActKind::Object, concern)
        }
    }

    /// Whether distrust keeps the customer from telling something private just now.
    fn hesitates(&mut self) -> bool {
        let distrust = self.customer.truth.concerns & self.model.distrust;
        let refuses = distrust != 0 && self.coins.lands(1.0 - self.customer.trust);
        if refuses {
            let act = self.raise(first_of(distrust));
            self.say(act);
        }
        refuses
    }

    fn answer(&mut self, act: SystemAct, value: u8) {
        match act.kind {
            SystemActKind::Greet => {
                if self.coins.lands(habit::HELLO) {
                    self.say_kind(UserActKind::Affirm);
                }
            }
            SystemActKind::ConfirmIdentity => self.say_kind(UserActKind::Affirm),
            SystemActKind::VerifyIdentity => {
                if !self.hesitates() {
                    self.say(UserAct::inform(NONE, 1));
                }
            }
            SystemActKind::StatePurpose
            | SystemActKind::Inform
            | SystemActKind::Answer
            | SystemActKind::Apologize
            | SystemActKind::Address => {
                self.acknowledge(UserActKind::Affirm);
            }
            SystemActKind::SendMessage => self.acknowledge(UserActKind::Thank),
            SystemActKind::LeaveMessage => self.say_kind(UserActKind::Unrelated),
            SystemActKind::Ask => self.tell(act.about),
            SystemActKind::Confirm => self.check(act.about, value),
            SystemActKind::Offer => self.decide(act.about),
            SystemActKind::ProposeCallback => self.settle_callback(),
            SystemActKind::Repeat | SystemActKind::Transfer | SystemActKind::Close => {}
        }
    }

    /// A short sign of having heard: `usual`, thanks or silence.
    fn acknowledge(&mut self, usual: UserActKind) {
        let (affirm, thank) = habit::ACKNOWLEDGE;
        let sign = f32::from(self.coins.bits()) / 65_536.0;
        if sign < affirm {
            self.say_kind(usual);
        } else if sign < affirm + thank {
            self.say_kind(UserActKind::Thank);
        }
    }

    /// Tells a slot: "yes" and "no" when terse, a full sentence when talkative or asked again.
    fn tell(&mut self, slot: u8) {
        let value = self.customer.truth.slots[slot as usize];
        if value == NONE {
            return self.say_kind(UserActKind::Unrelated);
        }
        let private = self.scenario.private().allows(self.customer.meant);
        if private && self.hesitates() {
            return;
        }
        let again = self.customer.told >> slot & 1 == 1;
        self.customer.told |= 1 << slot;
        let talkative = self.customer.talkativeness;
        let full = if again {
            talkative.max(habit::FULL_SENTENCE_AGAIN)
        } else {
            talkative
        };
        let yes_no = self.scenario.yes_no(slot as usize);
        match yes_no.filter(|values| values.contains(&value)) {
            Some([yes, _]) if !self.coins.lands(full) => self.say_kind(if value == yes {
                UserActKind::Affirm
            } else {
                UserActKind::Deny
            }),
            _ => self.say(UserAct::inform(slot, value)),
        }
    }

    /// Says whether the value read out is right, and which one is when talkative.
    fn check(&mut self, slot: u8, value: u8) {
        let right = self.customer.truth.slots[slot as usize];
        self.customer.told |= 1 << slot;
        if value == right && right != NONE {
            return self.say_kind(UserActKind::Affirm);
        }
        self.say_kind(UserActKind::Deny);
        if right != NONE && self.coins.lands(self.customer.talkativeness) {
            self.say(UserAct::inform(slot, right));
        }
    }

    /// Takes or refuses an offer; an unmet concern stands in the way.
    fn decide(&mut self, offer: u8) {
        let of = 1 << offer;
        let customer = &mut *self.customer;
        let held = customer.truth.concerns != 0
            && !self.coins.lands(habit::ACCEPT_ANYWAY * customer.trust);
        let takes = customer.truth.accepted & of != 0 || customer.willing & of != 0 && !held;
        if takes {
            customer.truth.accepted |= of;
            customer.truth.declined &= !of;
        } else {
            customer.truth.declined |= of;
        }
        self.say_kind(if takes {
            UserActKind::Accept
        } else {
            UserActKind::Decline
        });
    }

    fn settle_callback(&mut self) {
        if !self.customer.truth.unavailable {
            return self.say_kind(UserActKind::Decline);
        }
        self.customer.truth.callback_agreed = true;
        let slot = self.scenario.callback_slot();
        let value = slot.map_or(NONE, |slot| self.customer.truth.slots[slot as usize]);
        self.say_kind(UserActKind::Accept);
        if let (Some(slot), true) = (slot, value != NONE) {
            self.customer.told |= 1 << slot;
            self.say(UserAct::inform(slot, value));
        }
    }

    /// Another person on the line denies, says so, or shrugs; never affirms.
    fn answer_as_another(&mut self, act: SystemAct) {
        let says_so = self.customer.knows_purpose || is_question(act.kind);
        let chance = if self.customer.told_wrong {
            habit::SAY_AGAIN
        } else {
            habit::WRONG_PERSON
        };
        let proof =
            act.kind == SystemActKind::VerifyIdentity && self.coins.lands(habit::GUESS_PROOF);
        if act.kind == SystemActKind::LeaveMessage {
            let takes = self.coins.lands(habit::TAKE_MESSAGE);
            self.customer.truth.message_taken |= takes;
            self.say_kind(if takes {
                UserActKind::Affirm
            } else {
                UserActKind::Deny
            });
        } else if proof {
            self.say(UserAct::inform(NONE, 0));
        } else if says_so && self.coins.lands(chance) {
            self.customer.told_wrong = true;
            self.say_kind(UserActKind::WrongPerson);
        } else if act.kind == SystemActKind::ConfirmIdentity {
            self.customer.told_wrong = true;
            self.say_kind(UserActKind::Deny);
            if self.coins.lands(self.customer.talkativeness) {
                self.say_kind(UserActKind::WrongPerson);
            }
        } else if is_question(act.kind) {
            self.say_kind(UserActKind::Deny);
        }
    }
}

/// The first member of a set that is not empty: the order of the scenario is the agenda's.
fn first_of(set: u16) -> u8 {
    set.trailing_zeros() as u8
}
