//! How the robot's manners move a customer's annoyance.

use offhook_env::act::{SystemActKind, UserActKind};
use offhook_env::customer::Spoken;

use super::{AgendaCustomer, habit};
use crate::population::Time;

impl AgendaCustomer {
    /// Lets the robot's manners move annoyance, and takes in what was answered.
    pub(super) fn weigh(&mut self, spoken: Spoken<'_>, callback: Option<u8>) {
        let bit = 1u64 << (spoken.action & 63);
        let said_before = self.heard & bit != 0;
        // What was not caught may be said again.
        let excused = self.last.has(UserActKind::Repeat);
        let (mut annoyance, mut lost) = (habit::TURN, 0.0);
        let (mut parting, mut answers, mut addresses) = (false, 0u16, 0u16);
        for act in spoken.acts {
            let of = 1u16 << (act.about & 15);
            let stale = match act.kind {
                SystemActKind::StatePurpose => {
                    self.knows_purpose = true;
                    said_before
                }
                SystemActKind::Greet
                | SystemActKind::ConfirmIdentity
                | SystemActKind::Inform
                | SystemActKind::SendMessage => said_before,
                SystemActKind::VerifyIdentity => {
                    annoyance += habit::PROOF;
                    said_before
                }
                SystemActKind::Ask => u16::from(self.told) & of != 0,
                SystemActKind::Confirm => {
                    parting |= Some(act.about) == callback && self.truth.unavailable;
                    said_before && !self.last.has(UserActKind::Deny)
                }
                SystemActKind::Answer => {
                    answers |= of;
                    if (self.questions | self.truth.asked & !self.truth.answered) & of == 0 {
                        annoyance += habit::UNASKED;
                    } else {
                        self.trust = (self.trust + habit::TRUST_MET).min(1.0);
                    }
                    self.questions &= !of;
                    self.truth.answered |= of;
                    false
                }
                SystemActKind::Address => {
                    addresses |= of;
                    if self.raised & self.truth.concerns & of == 0 {
                        annoyance += habit::UNASKED;
                    }
                    false
                }
                SystemActKind::Offer => (self.truth.accepted | self.truth.declined) & of != 0,
                SystemActKind::ProposeCallback => {
                    parting = true;
                    if !self.truth.unavailable {
                        annoyance += habit::UNWANTED_CALLBACK;
                    }
                    self.truth.callback_agreed || said_before
                }
                SystemActKind::LeaveMessage => {
                    parting = true;
                    if self.truth.right_person {
                        annoyance += habit::UNASKED;
                    }
                    said_before
                }
                SystemActKind::Apologize => {
                    parting = true;
                    if !self.forgave {
                        self.forgave = true;
                        self.annoyance = (self.annoyance - habit::APOLOGY).max(0.0);
                    }
                    said_before
                }
                SystemActKind::Repeat => {
                    if !excused {
                        annoyance += habit::UNASKED;
                    }
                    false
                }
                SystemActKind::Transfer | SystemActKind::Close => {
                    parting = true;
                    false
                }
            };
            if stale && !excused {
                annoyance += habit::REPETITION;
                lost += habit::TRUST_LOST;
            }
        }
        let open = self.truth.asked & !self.truth.answered;
        if !parting && open != 0 && answers == 0 {
            annoyance += habit::IGNORED;
            lost += habit::TRUST_LOST;
        }
        let unmet = self.raised & self.truth.concerns;
        if !parting && unmet != 0 && addresses & unmet == 0 && answers == 0 {
            annoyance += habit::IGNORED;
            lost += habit::TRUST_LOST;
        }
        self.trust = (self.trust - lost).max(0.0);
        self.turns = self.turns.saturating_add(1);
        if self.turns > habit::LONG_CALL.0 {
            annoyance += habit::LONG_CALL.1;
        }
        if !parting {
            let hurry = match self.time {
                Time::Free => 0.0,
                Time::Busy => habit::BUSY,
                Time::Driving => habit::DRIVING,
            };
            annoyance += if self.told_time { 2.0 * hurry } else { hurry };
            if self.told_wrong || self.truth.opted_out {
                annoyance += habit::GOES_ON;
            }
            if self.truth.asked_human {
                annoyance += habit::IGNORED_WISH;
            }
        }
        self.heard |= bit;
        self.annoyance += annoyance;
    }
}
