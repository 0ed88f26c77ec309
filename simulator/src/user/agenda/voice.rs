//! Agenda customers as other user models use them: the person drawn, annoyance and rating stay, the
//! words come from elsewhere, and what is said becomes true.

use offhook_env::act::{NONE, SystemAct, SystemActKind, UserAct, UserActKind, Utterance};
use offhook_env::action::ActionId;
use offhook_env::call::customer::{SystemUtterance, Truth};
use offhook_env::rng::Rng;
use offhook_env::scenario::{MAX_SLOTS, Scenario};

use super::manners::{is_question, wanting};
use super::reply::Reply;
use super::{AgendaCustomer, AgendaCustomers};
use crate::population::{Line, Time, Wish};
use crate::user::situation::Situation;

/// What the robot wants to hear, as the person took it.
#[derive(Clone, Copy, Debug)]
pub(in crate::user) struct Prompt {
    /// The action that an answer refers to: the last one that was no repetition.
    pub action: ActionId,
    /// Its act that wants a reply: the last question, else its last act.
    pub act: SystemAct,
    /// The value that it reads out, or [`NONE`].
    pub value: u8,
}

impl Prompt {
    /// Whether a yes or no is called for.
    pub fn is_question(self) -> bool {
        is_question(self.act.kind)
    }
}

impl AgendaCustomers {
    /// `kind` as the scenario's customers say it; silence where they have no words for it.
    pub(in crate::user) fn word(&self, kind: UserActKind) -> UserActKind {
        self.words[kind as usize]
    }

    /// What the robot wants to hear with `spoken`; `None` when it ends the call, so that no reply is
    /// heard.
    pub(in crate::user) fn asked(
        &self,
        scenario: &Scenario,
        customer: &AgendaCustomer,
        spoken: SystemUtterance<'_>,
    ) -> Option<Prompt> {
        let again = spoken.acts[0].kind == SystemActKind::Repeat && customer.meant != NONE;
        let (action, value) = if again {
            (customer.meant, customer.meant_value)
        } else {
            (spoken.action, spoken.value)
        };
        let act = wanting(scenario.acts(action))?;
        (!scenario.ending().allows(spoken.action)).then_some(Prompt { action, act, value })
    }

    /// Lets the robot's utterance move the person as it would move an agenda customer.
    pub(in crate::user) fn listen(
        &self,
        scenario: &Scenario,
        customer: &mut AgendaCustomer,
        spoken: SystemUtterance<'_>,
        rng: &mut Rng,
    ) -> Option<Prompt> {
        let asked = self.asked(scenario, customer, spoken);
        let manner = &self.manners[usize::from(spoken.action)];
        customer.weigh(spoken.action, manner);
        Reply::new(self, scenario, customer, rng).weigh_addressed(manner.addresses);
        if let Some(asked) = asked {
            (customer.meant, customer.meant_value) = (asked.action, asked.value);
        }
        asked
    }

    /// Puts a person of `situation` behind `line`; another person keeps nothing but early questions.
    pub(in crate::user) fn place(
        &self,
        customer: &mut AgendaCustomer,
        line: Line,
        situation: Situation,
    ) {
        customer.line = line;
        customer.expected = situation != Situation::Another && line != Line::Voicemail;
        customer.truth.machine = line != Line::Person;
        customer.truth.right_person = customer.expected && line == Line::Person;
        customer.truth.unavailable = situation == Situation::Unavailable;
        customer.wish = match situation {
            Situation::Human => Wish::Human,
            Situation::OptOut => Wish::OptOut,
            Situation::Ordinary | Situation::Unavailable | Situation::Another => Wish::Nothing,
        };
        customer.time = match (situation, customer.time) {
            (Situation::Unavailable, Time::Free) => Time::Busy,
            (Situation::Unavailable, time) => time,
            _ => Time::Free,
        };
        if situation == Situation::Another {
            customer.truth.slots = [NONE; MAX_SLOTS];
            customer.truth.concerns = 0;
            customer.questions &= self.early_questions;
            customer.willing = 0;
        }
    }
}

impl AgendaCustomer {
    /// What is true of the person.
    pub(crate) fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Who or what is on the line.
    pub(in crate::user) fn line(&self) -> Line {
        self.line
    }

    /// Whether the person is, or behind a screening robot would be, the one called.
    pub(in crate::user) fn is_expected(&self) -> bool {
        self.expected
    }

    /// Sets the true value of a slot.
    pub(crate) fn set_slot(&mut self, slot: u8, value: u8) {
        self.truth.slots[slot as usize] = value;
    }

    /// Takes the agenda away: questions, concerns and decisions are then what the words say.
    pub(in crate::user) fn without_agenda(mut self) -> Self {
        (self.questions, self.willing, self.truth.concerns) = (0, 0, 0);
        self
    }

    /// Which table of words fits the person.
    pub(in crate::user) fn situation(&self) -> Situation {
        match (self.truth.right_person, self.time, self.wish) {
            (false, _, _) => Situation::Another,
            (true, Time::Busy | Time::Driving, _) => Situation::Unavailable,
            (true, Time::Free, Wish::Nothing) => Situation::Ordinary,
            (true, Time::Free, Wish::Human) => Situation::Human,
            (true, Time::Free, Wish::OptOut) => Situation::OptOut,
        }
    }

    /// Makes true what is said in reply to `asked`: wishes, questions, concerns, decisions, no time.
    /// Who is on the line and the values of slots do not change by talk.
    pub(in crate::user) fn speak(&mut self, scenario: &Scenario, asked: Prompt, said: &Utterance) {
        for &act in said.acts() {
            self.mean(scenario, asked, act);
        }
        self.last = *said;
        self.last_kinds = said
            .acts()
            .iter()
            .fold(0, |set, act| set | 1 << act.kind as u32);
    }

    /// Makes one act true.
    pub(in crate::user) fn mean(&mut self, scenario: &Scenario, asked: Prompt, act: UserAct) {
        let of = 1u16 << (act.about & 15);
        let right = self.truth.right_person;
        match act.kind {
            UserActKind::Affirm | UserActKind::Accept => self.agree(scenario, asked.action, true),
            UserActKind::Deny | UserActKind::Decline => self.agree(scenario, asked.action, false),
            UserActKind::Inform if act.about == NONE => {}
            UserActKind::Inform => {
                self.told |= 1 << (act.about & 31);
                let time = Some(act.about) == scenario.callback_slot();
                if right && time && asked.act.kind == SystemActKind::ProposeCallback {
                    self.agree(scenario, asked.action, true);
                }
            }
            UserActKind::Ask => {
                self.truth.asked |= of;
                self.truth.answered &= !of;
            }
            UserActKind::Object => self.voice(of),
            UserActKind::Distrust => {
                self.voice(
                    scenario
                        .distrust_concern()
                        .map_or(0, |concern| 1 << concern),
                );
            }
            UserActKind::Busy | UserActKind::Driving | UserActKind::RequestCallback if right => {
                self.truth.unavailable = true;
                self.told_time = true;
                if self.time == Time::Free {
                    self.time = Time::Busy;
                }
            }
            UserActKind::WrongPerson => self.told_wrong = true,
            UserActKind::RequestHuman => self.truth.asked_human = true,
            UserActKind::OptOut => self.truth.opted_out = true,
            UserActKind::Busy
            | UserActKind::Driving
            | UserActKind::RequestCallback
            | UserActKind::Voicemail
            | UserActKind::Screening
            | UserActKind::Beep
            | UserActKind::Repeat
            | UserActKind::Abuse
            | UserActKind::Silence
            | UserActKind::Unrelated
            | UserActKind::Thank
            | UserActKind::HangUp => {}
        }
    }

    /// Raises concerns.
    fn voice(&mut self, concerns: u16) {
        self.raised_again |= self.raised & concerns;
        self.raised |= concerns;
        self.truth.concerns |= concerns;
    }

    /// A yes or a no to everything that was asked; the last word on an offer counts. What another
    /// person agrees to binds nobody.
    fn agree(&mut self, scenario: &Scenario, meant: ActionId, yes: bool) {
        for act in scenario.acts(meant) {
            let of = 1u16 << (act.about & 15);
            match act.kind {
                SystemActKind::ConfirmIdentity => {
                    self.told_wrong |= !yes && !self.truth.right_person;
                }
                SystemActKind::Ask | SystemActKind::Confirm => self.told |= 1 << (act.about & 31),
                SystemActKind::Offer if self.truth.right_person => {
                    let (taken, other) = if yes {
                        (&mut self.truth.accepted, &mut self.truth.declined)
                    } else {
                        (&mut self.truth.declined, &mut self.truth.accepted)
                    };
                    *taken |= of;
                    *other &= !of;
                }
                SystemActKind::ProposeCallback if self.truth.right_person => {
                    self.truth.callback_agreed = yes;
                    self.truth.unavailable |= yes;
                }
                SystemActKind::LeaveMessage => {
                    self.truth.message_taken |= yes && !self.truth.right_person;
                }
                SystemActKind::Offer
                | SystemActKind::ProposeCallback
                | SystemActKind::Greet
                | SystemActKind::VerifyIdentity
                | SystemActKind::StatePurpose
                | SystemActKind::Inform
                | SystemActKind::Answer
                | SystemActKind::Address
                | SystemActKind::SendMessage
                | SystemActKind::Transfer
                | SystemActKind::Apologize
                | SystemActKind::Repeat
                | SystemActKind::Close => {}
            }
        }
    }
}
