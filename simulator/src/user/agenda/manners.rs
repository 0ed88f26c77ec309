//! How the robot's manners move a customer's annoyance and trust.

use offhook_env::act::{SystemAct, SystemActKind, UserActKind};

use super::{AgendaCustomer, habit};

/// What an action is to a customer, summed up over its acts.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// The act that wants a reply: the last question of the utterance, else its last act.
    pub(super) reply_to: SystemAct,
    /// Whether the whole utterance says again what was said before.
    pub(super) starts_over: bool,
    /// What it asks, answers, addresses and offers, one bit each.
    asks: u16,
    answers: u16,
    pub(super) addresses: u16,
    offers: u16,
    /// Acts that nobody likes to hear twice.
    n_sayings: u8,
    /// Values read out; after a "no" they may be read out again.
    n_confirms: u8,
    /// Annoyance by the time it takes and the proofs of identity it asks for.
    burden: f32,
    states_purpose: bool,
    proposes: bool,
    leaves_message: bool,
    apologizes: bool,
    repeats: bool,
    /// Whether the call comes to its end with it: always, or for those who have no time.
    parts: bool,
    parts_in_time: bool,
}

impl Manner {
    /// Sums up the acts of one action; `callback` is the slot that holds the time of another call.
    pub(super) fn new(acts: &[SystemAct], callback: Option<u8>) -> Self {
        let is = |kind| acts.iter().any(|act| act.kind == kind);
        let count = |fits: &dyn Fn(SystemActKind) -> bool| {
            acts.iter().filter(|act| fits(act.kind)).count() as u8
        };
        let about = |kind| {
            let acts = acts.iter().filter(|act| act.kind == kind);
            acts.fold(0, |set, act| set | 1u16 << (act.about & 15))
        };
        let nothing = SystemAct {
            kind: SystemActKind::Close,
            about: offhook_env::act::NONE,
        };
        Self {
            reply_to: wanting(acts).unwrap_or(nothing),
            starts_over: acts
                .first()
                .is_some_and(|act| act.kind == SystemActKind::Repeat),
            asks: about(SystemActKind::Ask),
            answers: about(SystemActKind::Answer),
            addresses: about(SystemActKind::Address),
            offers: about(SystemActKind::Offer),
            n_sayings: count(&|kind| {
                matches!(
                    kind,
                    SystemActKind::Greet
                        | SystemActKind::ConfirmIdentity
                        | SystemActKind::VerifyIdentity
                        | SystemActKind::StatePurpose
                        | SystemActKind::Inform
                        | SystemActKind::SendMessage
                        | SystemActKind::LeaveMessage
                        | SystemActKind::Apologize
                )
            }),
            n_confirms: count(&|kind| kind == SystemActKind::Confirm),
            burden: habit::TURN
                + times(
                    count(&|kind| kind == SystemActKind::VerifyIdentity),
                    habit::PROOF,
                ),
            states_purpose: is(SystemActKind::StatePurpose),
            proposes: is(SystemActKind::ProposeCallback),
            leaves_message: is(SystemActKind::LeaveMessage),
            apologizes: is(SystemActKind::Apologize),
            repeats: is(SystemActKind::Repeat),
            parts: is(SystemActKind::ProposeCallback)
                || is(SystemActKind::LeaveMessage)
                || is(SystemActKind::Apologize)
                || is(SystemActKind::Transfer)
                || is(SystemActKind::Close),
            parts_in_time: callback
                .is_some_and(|slot| about(SystemActKind::Confirm) >> slot & 1 == 1),
        }
    }
}

/// The act of an action that wants a reply: its last question, else its last act.
pub(in crate::user) fn wanting(acts: &[SystemAct]) -> Option<SystemAct> {
    let question = acts.iter().rfind(|act| is_question(act.kind));
    question.or(acts.last()).copied()
}

/// Whether the act wants an answer rather than a nod.
pub(super) fn is_question(kind: SystemActKind) -> bool {
    matches!(
        kind,
        SystemActKind::ConfirmIdentity
            | SystemActKind::VerifyIdentity
            | SystemActKind::Ask
            | SystemActKind::Confirm
            | SystemActKind::Offer
            | SystemActKind::ProposeCallback
    )
}

/// `amount` so many times.
fn times(n: impl Into<u8>, amount: f32) -> f32 {
    f32::from(n.into()) * amount
}

/// The size of two sets together; they are mostly empty.
fn sizes(a: u16, b: u16) -> u8 {
    let mut left = u32::from(a) | u32::from(b) << 16;
    let mut n = 0;
    while left != 0 {
        left &= left - 1;
        n += 1;
    }
    n
}

impl AgendaCustomer {
    /// Lets the robot's manners move annoyance and trust, and takes in what was answered.
    ///
    /// Actions follow no pattern that a processor could foresee, so nothing here branches on them
    /// that can be counted.
    pub(super) fn weigh(&mut self, action: u8, said: &Manner) {
        let bit = 1u64 << (action & 63);
        let said_before = self.heard & bit != 0;
        self.heard |= bit;
        // What was not caught may be said again.
        let excused = self.last_was(UserActKind::Repeat);
        let denied = self.last_was(UserActKind::Deny);
        let truth = &mut self.truth;
        let open = truth.asked & !truth.answered;
        let wondered = self.questions | open;
        let unmet = self.raised & truth.concerns;
        let unasked = sizes(said.answers & !wondered, said.addresses & !unmet)
            + u8::from(said.repeats & !excused)
            + u8::from(said.leaves_message & truth.right_person);
        let n_answered = sizes(said.answers & wondered, 0);
        self.knows_purpose |= said.states_purpose;
        self.questions &= !said.answers;
        truth.answered |= said.answers;

        let n_twice = said.n_sayings + said.n_confirms * u8::from(!denied);
        let settled = truth.accepted | truth.declined;
        let n_stale = n_twice * u8::from(said_before)
            + sizes(said.asks & u16::from(self.told), said.offers & settled)
            + u8::from(said.proposes & (self.truth.callback_agreed | said_before));
        let n_stale = n_stale * u8::from(!excused);

        let truth = &self.truth;
        let goes_on = !(said.parts | said.parts_in_time & truth.unavailable);
        let silent = goes_on & (said.answers == 0);
        let n_ignored = u8::from(silent & (open != 0))
            + u8::from(silent & (unmet != 0) & (said.addresses & unmet == 0));
        let lost = times(n_stale + n_ignored, habit::TRUST_LOST);
        self.trust = (self.trust + times(n_answered, habit::TRUST_MET)).min(1.0);
        self.trust = (self.trust - lost).max(0.0);

        if said.apologizes && !self.forgave {
            self.forgave = true;
            self.annoyance = (self.annoyance - habit::APOLOGY).max(0.0);
        }
        self.turns = self.turns.saturating_add(1);
        let hurry = [0.0, habit::BUSY, habit::DRIVING][self.time as usize];
        let in_vain = times(1 + u8::from(self.told_time), hurry)
            + times(self.told_wrong | truth.opted_out, habit::GOES_ON)
            + times(truth.asked_human, habit::IGNORED_WISH);
        self.annoyance += said.burden
            + times(self.turns > habit::LONG_CALL.0, habit::LONG_CALL.1)
            + times(said.proposes & !truth.unavailable, habit::UNWANTED_CALLBACK)
            + times(unasked, habit::UNASKED)
            + times(n_stale, habit::REPETITION)
            + times(n_ignored, habit::IGNORED)
            + times(goes_on, in_vain);
    }

    /// Whether an act of `kind` was among what was said last.
    #[inline]
    fn last_was(&self, kind: UserActKind) -> bool {
        self.last_kinds >> kind as u32 & 1 == 1
    }
}
