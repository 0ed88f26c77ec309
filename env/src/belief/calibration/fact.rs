//! Facts of a call that are so or not, and what counts as a sign of them.

use crate::act::{NBest, NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::action::ActionId;
use crate::belief::features::bound::TAKEN_FROM;
use crate::call::customer::Truth;
use crate::names::Names;
use crate::scenario::{Move, Scenario};

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

/// What a first reading may be: 12 groups.
const N_GROUPS: usize = 12;
/// Whether a reading behind it names the fact.
const N_BEHIND: usize = 2;
/// Bins of the first reading's confidence.
const N_BINS: usize = 3;
/// Confidence from which on a reading counts as clear.
const CLEAR_FROM: f32 = 0.8;
/// Symbols of a turn.
pub(crate) const N_SYMBOLS: usize = N_GROUPS * N_BEHIND * N_BINS;
/// What the robot did: the kind of act that wanted a reply, and whether an act was about the fact.
pub(crate) const N_CONTEXTS: usize = 2 * SystemActKind::ALL.len();

/// What a turn says of all facts, one bit each where it is of single ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signs {
    /// Twice the kind of act that wanted a reply.
    wanted: usize,
    /// Facts that the robot's acts were about.
    touched: u32,
    /// Facts that the first reading names, and the second.
    named: [u32; 2],
    /// The group of the first act.
    group: u8,
    bin: u8,
}

impl Signs {
    /// The robot did `own`, the words of `meant` wanted a reply, and `n_best` was heard.
    #[inline]
    pub(crate) fn new(scenario: &Scenario, own: &Move, meant: &Move, n_best: &NBest) -> Self {
        let readings = n_best.hypotheses();
        let acts = |k: usize| readings.get(k).map_or(&[][..], |r| r.utterance.acts());
        let names = |set: u32, act: &UserAct| set | scenario.hearing(act.kind).named(act.about);
        let sure = readings.first().map_or(0.0, |r| r.confidence);
        Self {
            wanted: 2 * meant.wanted.kind as usize,
            touched: own.touched,
            named: [0, 1].map(|k| acts(k).iter().fold(0, names)),
            group: acts(0).first().map_or(0, |act| group_of(*act)),
            bin: u8::from(sure >= TAKEN_FROM) + u8::from(sure >= CLEAR_FROM),
        }
    }

    /// Facts that were named or touched.
    #[inline]
    pub(crate) fn stirred(&self) -> u32 {
        self.touched | self.named[0] | self.named[1]
    }

    /// What the robot did, seen from fact `k`.
    #[inline]
    pub(crate) fn context(&self, k: usize) -> usize {
        self.wanted + (self.touched >> k & 1) as usize
    }

    /// What was heard, seen from fact `k`.
    #[inline]
    pub(crate) fn symbol(&self, k: usize) -> usize {
        let [first, second] = self.named.map(|set| (set >> k & 1) as usize);
        let group = if first == 1 {
            1
        } else {
            usize::from(self.group)
        };
        (group * N_BEHIND + second) * N_BINS + usize::from(self.bin)
    }
}

/// Of `facts` those of which `fits` says so, one bit each.
pub(crate) fn those(facts: &[Fact], fits: impl Fn(Fact) -> bool) -> u32 {
    let facts = facts.iter().take(MAX_FACTS).enumerate();
    facts.fold(0, |set, (k, fact)| set | u32::from(fits(*fact)) << k)
}

/// 0 stands for nothing heard, 1 for what names the fact.
fn group_of(act: UserAct) -> u8 {
    match act.kind {
        UserActKind::Affirm | UserActKind::Accept => 2,
        UserActKind::Deny | UserActKind::Decline => 3,
        UserActKind::Inform if act.about != NONE => 4,
        UserActKind::Inform if act.value == 1 => 10,
        UserActKind::Inform => 11,
        UserActKind::Ask | UserActKind::Object | UserActKind::Distrust => 5,
        UserActKind::Voicemail | UserActKind::Screening | UserActKind::Beep => 6,
        UserActKind::WrongPerson => 7,
        UserActKind::Busy
        | UserActKind::Driving
        | UserActKind::RequestCallback
        | UserActKind::RequestHuman
        | UserActKind::OptOut => 8,
        UserActKind::Repeat
        | UserActKind::Abuse
        | UserActKind::Unrelated
        | UserActKind::Thank
        | UserActKind::Silence
        | UserActKind::HangUp => 9,
    }
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

    /// Whether it is so.
    pub(crate) fn holds(self, truth: &Truth) -> bool {
        let bit = |set: u16| set >> (self.about & 15) & 1 == 1;
        match self.kind {
            FactKind::RightPerson => truth.right_person,
            FactKind::Machine => truth.machine,
            FactKind::Question => bit(truth.asked & !truth.answered),
            FactKind::Offer => bit(truth.accepted),
            FactKind::Concern => bit(truth.concerns),
            FactKind::Unavailable => truth.unavailable,
            FactKind::Callback => truth.callback_agreed,
            FactKind::Human => truth.asked_human,
            FactKind::OptOut => truth.opted_out,
        }
    }
}

/// The move whose words an answer refers to; the robot's own where it has said nothing before.
pub(crate) fn meant_move<'s>(scenario: &'s Scenario, meant: ActionId, own: &'s Move) -> &'s Move {
    match meant {
        NONE => own,
        meant => scenario.move_of(meant),
    }
}
