//! What an action is to a customer who hears it, summed up over its acts.

use offhook_env::act::{SystemAct, SystemActKind};

use super::habit;

/// The manners of one action, whoever hears it.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    /// The act that wants a reply: the last question of the utterance, else its last act.
    pub(super) reply_to: SystemAct,
    /// Whether the whole utterance says again what was said before.
    pub(super) starts_over: bool,
    /// What it asks, answers, addresses and offers, one bit each.
    pub(super) asks: u32,
    pub(super) answers: u16,
    pub(super) addresses: u16,
    pub(super) offers: u16,
    /// Acts that nobody likes to hear twice.
    pub(super) n_sayings: u8,
    /// Values read out; after a "no" they may be read out again.
    pub(super) n_confirms: u8,
    /// Annoyance by the time it takes and the proofs of identity it asks for.
    pub(super) burden: f32,
    pub(super) states_purpose: bool,
    pub(super) proposes: bool,
    pub(super) leaves_message: bool,
    pub(super) apologizes: bool,
    pub(super) repeats: bool,
    /// Whether the call comes to its end with it: always, or for those who have no time.
    pub(super) parts: bool,
    pub(super) parts_in_time: bool,
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
            acts.fold(0, |set, act| set | 1u32 << (act.about & 31))
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
            answers: about(SystemActKind::Answer) as u16,
            addresses: about(SystemActKind::Address) as u16,
            offers: about(SystemActKind::Offer) as u16,
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
pub(super) fn times(n: impl Into<u8>, amount: f32) -> f32 {
    f32::from(n.into()) * amount
}
