//! What is said without whose truth it is: acts of a log as forms, and forms as a person's own acts.

use offhook_env::act::{NONE, SystemActKind, UserAct, UserActKind};
use offhook_env::call::customer::Truth;
use offhook_env::scenario::Scenario;

use super::agenda::voice::Prompt;

/// One act of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum FormAct {
    /// Yes or no, whichever is true: to a question of identity or fact.
    Truthful,
    /// The act as it was said, about the same thing; slot values and proofs are the person's.
    Said(UserActKind, u8),
}

/// The fact that `asked` wants a yes or no about, if it does: whether yes is true of `truth`; `None`
/// inside where the person has no such fact.
fn fact(scenario: &Scenario, asked: Prompt, truth: &Truth) -> Option<Option<bool>> {
    let slot = asked.act.about as usize;
    match asked.act.kind {
        SystemActKind::ConfirmIdentity => Some(Some(truth.right_person)),
        SystemActKind::Ask if scenario.yes_no(slot).is_some() => {
            let [yes, no] = scenario.yes_no(slot)?;
            Some(match truth.slots[slot] {
                value if value == yes => Some(true),
                value if value == no => Some(false),
                _ => None,
            })
        }
        SystemActKind::Confirm => {
            let known = truth.slots[slot];
            Some((known != NONE).then_some(known == asked.value))
        }
        SystemActKind::Ask
        | SystemActKind::Greet
        | SystemActKind::VerifyIdentity
        | SystemActKind::StatePurpose
        | SystemActKind::Inform
        | SystemActKind::Answer
        | SystemActKind::Offer
        | SystemActKind::Address
        | SystemActKind::ProposeCallback
        | SystemActKind::LeaveMessage
        | SystemActKind::SendMessage
        | SystemActKind::Transfer
        | SystemActKind::Apologize
        | SystemActKind::Repeat
        | SystemActKind::Close => None,
    }
}

impl FormAct {
    /// The form of an act that answered `asked`.
    pub(super) fn of(scenario: &Scenario, asked: Prompt, act: UserAct) -> Self {
        let yes_no = matches!(act.kind, UserActKind::Affirm | UserActKind::Deny);
        if yes_no && fact(scenario, asked, &Truth::default()).is_some() {
            Self::Truthful
        } else {
            Self::Said(act.kind, act.about)
        }
    }

    /// The act as a person of whom `truth` holds can say it: nobody tells a value that is not true,
    /// the right person neither denies to be it nor fails to prove it, and another person neither
    /// says yes to a question nor claims to have no time.
    pub(super) fn put(self, scenario: &Scenario, asked: Prompt, truth: &Truth) -> UserAct {
        let right = truth.right_person;
        let (kind, about) = match self {
            Self::Said(kind, about) => (kind, about),
            Self::Truthful => {
                let yes = fact(scenario, asked, truth).flatten().unwrap_or(false);
                return UserAct::new(if yes {
                    UserActKind::Affirm
                } else {
                    UserActKind::Deny
                });
            }
        };
        match kind {
            UserActKind::Inform if about == NONE => UserAct::inform(NONE, u8::from(right)),
            UserActKind::Inform => match truth.slots[about as usize] {
                NONE if right => UserAct::new(UserActKind::Unrelated),
                NONE => UserAct::new(UserActKind::WrongPerson),
                value => UserAct::inform(about, value),
            },
            UserActKind::WrongPerson if right => UserAct::new(UserActKind::Affirm),
            UserActKind::Affirm if !right && asked.is_question() => UserAct::new(UserActKind::Deny),
            UserActKind::Accept if !right => UserAct::new(UserActKind::Deny),
            UserActKind::Busy | UserActKind::Driving | UserActKind::RequestCallback if !right => {
                UserAct::new(UserActKind::WrongPerson)
            }
            UserActKind::Voicemail | UserActKind::Screening | UserActKind::Beep => {
                UserAct::new(UserActKind::Unrelated)
            }
            UserActKind::Affirm
            | UserActKind::Deny
            | UserActKind::Ask
            | UserActKind::Object
            | UserActKind::Accept
            | UserActKind::Decline
            | UserActKind::Busy
            | UserActKind::Driving
            | UserActKind::WrongPerson
            | UserActKind::RequestHuman
            | UserActKind::RequestCallback
            | UserActKind::OptOut
            | UserActKind::Distrust
            | UserActKind::Repeat
            | UserActKind::Abuse
            | UserActKind::Silence
            | UserActKind::Unrelated
            | UserActKind::Thank
            | UserActKind::HangUp => UserAct::about(kind, about),
        }
    }
}
