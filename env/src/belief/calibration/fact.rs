//! Facts of a call that are so or not, and which acts are about them.

use crate::act::{NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::names::Names;

use super::Group;

/// What a fact is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactKind {
    /// The person called is on the line.
    RightPerson,
    /// A machine is.
    Machine,
    /// A question was asked and not answered since.
    Question,
    /// An offer was truly taken, and not given back.
    Offer,
    /// A concern stands in the way, said or not.
    Concern,
    /// There is no time now.
    Unavailable,
    /// Another call is agreed.
    Callback,
    /// A human was asked for.
    Human,
    /// No call at all is wanted, and that was said.
    OptOut,
}

impl FactKind {
    /// Every kind, in the order of their tables and features.
    pub(crate) const ALL: [Self; 9] = [
        Self::RightPerson,
        Self::Machine,
        Self::Question,
        Self::Offer,
        Self::Concern,
        Self::Unavailable,
        Self::Callback,
        Self::Human,
        Self::OptOut,
    ];

    /// Its name in files and of its features, behind `belief.`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RightPerson => "right_person",
            Self::Machine => "machine",
            Self::Question => "question",
            Self::Offer => "offer",
            Self::Concern => "concern",
            Self::Unavailable => "unavailable",
            Self::Callback => "callback",
            Self::Human => "human",
            Self::OptOut => "opt_out",
        }
    }

    /// Whether it hardly ever comes about without being heard.
    pub(crate) const fn is_announced(self) -> bool {
        match self {
            Self::Question | Self::Offer | Self::Callback | Self::Human | Self::OptOut => true,
            Self::RightPerson | Self::Machine | Self::Concern | Self::Unavailable => false,
        }
    }

    /// The group of features that shows it.
    pub(crate) const fn group(self) -> Group {
        match self {
            Self::RightPerson | Self::Machine => Group::Person,
            Self::Question => Group::Questions,
            Self::Offer => Group::Offers,
            Self::Concern => Group::Concerns,
            Self::Unavailable | Self::Callback | Self::Human | Self::OptOut => Group::Wishes,
        }
    }
}

/// One fact of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) kind: FactKind,
    /// The question, offer or concern, or [`NONE`].
    pub(crate) about: u8,
}

/// The facts that calls of a scenario may have, in the order of their kinds.
pub(crate) fn facts_of(
    names: &Names,
    says: impl Fn(SystemActKind) -> bool,
    hears: impl Fn(UserActKind) -> bool,
) -> Vec<Fact> {
    let one = |kind, is_there: bool| match is_there {
        true => vec![Fact { kind, about: NONE }],
        false => Vec::new(),
    };
    let each = |kind, n: usize| (0..n as u8).map(|about| Fact { kind, about }).collect();
    let of = |kind| match kind {
        FactKind::RightPerson => one(kind, says(SystemActKind::ConfirmIdentity)),
        FactKind::Machine => one(
            kind,
            hears(UserActKind::Voicemail) || hears(UserActKind::Screening),
        ),
        FactKind::Question => each(kind, names.questions.len()),
        FactKind::Offer => each(kind, names.offers.len()),
        FactKind::Concern => each(kind, names.concerns.len()),
        FactKind::Unavailable => one(
            kind,
            hears(UserActKind::Busy) || hears(UserActKind::Driving),
        ),
        FactKind::Callback => one(kind, says(SystemActKind::ProposeCallback)),
        FactKind::Human => one(kind, hears(UserActKind::RequestHuman)),
        FactKind::OptOut => one(kind, hears(UserActKind::OptOut)),
    };
    FactKind::ALL.into_iter().flat_map(of).collect()
}

/// Most facts that are kept of a call; those beyond are not shown.
pub(crate) const MAX_FACTS: usize = 32;

/// Of `facts` those of which `fits` says so, one bit each.
pub(crate) fn those(facts: &[Fact], fits: impl Fn(Fact) -> bool) -> u32 {
    let facts = facts.iter().take(MAX_FACTS).enumerate();
    facts.fold(0, |set, (k, fact)| set | u32::from(fits(*fact)) << k)
}

impl Fact {
    /// Its name, as in `question.what_now`.
    pub(crate) fn name(self, names: &Names) -> String {
        let list = match self.kind {
            FactKind::Question => &names.questions[..],
            FactKind::Offer => &names.offers[..],
            FactKind::Concern => &names.concerns[..],
            _ => &[],
        };
        match list.get(usize::from(self.about)) {
            Some(name) => format!("{}.{name}", self.kind.name()),
            None => self.kind.name().to_owned(),
        }
    }

    /// Whether what the robot did bears on it.
    pub(crate) fn is_touched(self, acts: &[SystemAct]) -> bool {
        let does = |kind| {
            acts.iter()
                .any(|act| act.kind == kind && act.about == self.about)
        };
        match self.kind {
            FactKind::Question => does(SystemActKind::Answer),
            FactKind::Concern => does(SystemActKind::Address),
            FactKind::Offer => does(SystemActKind::Offer),
            FactKind::Callback => does(SystemActKind::ProposeCallback),
            FactKind::RightPerson
            | FactKind::Machine
            | FactKind::Unavailable
            | FactKind::Human
            | FactKind::OptOut => false,
        }
    }

    /// Whether an act names it, where `distrust` is what an act of that name raises, and `time` the slot that holds
    /// the time of another call.
    pub(crate) fn is_named(self, act: UserAct, distrust: Option<u8>, time: Option<u8>) -> bool {
        match self.kind {
            FactKind::RightPerson => act.kind == UserActKind::WrongPerson,
            FactKind::Machine => matches!(
                act.kind,
                UserActKind::Voicemail | UserActKind::Screening | UserActKind::Beep
            ),
            FactKind::Question => act.kind == UserActKind::Ask && act.about == self.about,
            FactKind::Offer => matches!(act.kind, UserActKind::Accept),
            FactKind::Concern => match act.kind {
                UserActKind::Object => act.about == self.about,
                UserActKind::Distrust => distrust == Some(self.about),
                _ => false,
            },
            FactKind::Unavailable => matches!(
                act.kind,
                UserActKind::Busy | UserActKind::Driving | UserActKind::RequestCallback
            ),
            FactKind::Callback => act.kind == UserActKind::Inform && Some(act.about) == time,
            FactKind::Human => act.kind == UserActKind::RequestHuman,
            FactKind::OptOut => act.kind == UserActKind::OptOut,
        }
    }
}
