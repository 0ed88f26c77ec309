//! What acts do to the codes, compiled to tables, so that the tracker looks up instead of deciding.

use crate::act::{NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::belief::calibration::fact::{Fact, those};
use crate::belief::features::{
    FeatureIndex, N_CODES, SPARE, about_level, answered_by, availability, beep, callback, concern,
    heard_level, identity, offer, question, spoken, wish,
};
use crate::belief::layout::MAX_LEVELS;

/// The level of every feature, spare codes behind them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes(pub [u8; N_CODES]);

// Positions lie below the number of codes by construction; the mask spares the check.
impl std::ops::Index<usize> for Codes {
    type Output = u8;

    #[inline]
    fn index(&self, feature: usize) -> &u8 {
        &self.0[feature % N_CODES]
    }
}

impl std::ops::IndexMut<usize> for Codes {
    #[inline]
    fn index_mut(&mut self, feature: usize) -> &mut u8 {
        &mut self.0[feature % N_CODES]
    }
}

/// The level of a feature that follows each of its levels.
type Next = [u8; MAX_LEVELS];

fn table(next: impl Fn(u8) -> u8) -> Next {
    std::array::from_fn(|level| next(level as u8))
}

/// Moves one feature to the level that `next` has for its present one.
#[inline]
fn advance(codes: &mut Codes, feature: u8, next: &Next) {
    let level = &mut codes[usize::from(feature)];
    *level = next[usize::from(*level & 15)];
}

/// What saying an act does to the one feature that remembers it.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    feature: u8,
    next: Next,
}

impl Effect {
    /// Nothing happens.
    pub(crate) const NONE: Self = Self {
        feature: SPARE as u8,
        next: [0; MAX_LEVELS],
    };

    /// The effect of an act, if any feature remembers it.
    pub(crate) fn of(f: &FeatureIndex, act: SystemAct) -> Option<Self> {
        let about = usize::from(act.about);
        let (feature, next) = match act.kind {
            SystemActKind::StatePurpose => (f.purpose, table(|_| spoken::YES)),
            SystemActKind::Inform => (f.topics[about], table(|_| spoken::YES)),
            SystemActKind::Answer => (f.questions[about], table(|_| question::ANSWERED)),
            SystemActKind::SendMessage => (f.messages[about], table(|_| spoken::YES)),
            SystemActKind::Address => (
                f.concerns[about],
                table(|level| match level {
                    concern::RAISED_AGAIN | concern::ADDRESSED_AGAIN => concern::ADDRESSED_AGAIN,
                    _ => concern::ADDRESSED,
                }),
            ),
            SystemActKind::Offer => (f.offers[about], table(|level| level.max(offer::OFFERED))),
            SystemActKind::ProposeCallback => (f.callback, table(|_| callback::PROPOSED)),
            SystemActKind::LeaveMessage => (f.left_message, table(|_| spoken::YES)),
            SystemActKind::Greet
            | SystemActKind::ConfirmIdentity
            | SystemActKind::VerifyIdentity
            | SystemActKind::Ask
            | SystemActKind::Confirm
            | SystemActKind::Transfer
            | SystemActKind::Apologize
            | SystemActKind::Repeat
            | SystemActKind::Close => return None,
        };
        Some(Self {
            feature: feature as u8,
            next,
        })
    }

    /// Lets it happen.
    #[inline]
    pub(crate) fn happen(&self, codes: &mut Codes) {
        advance(codes, self.feature, &self.next);
    }
}

/// How surely an act was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// In a reading behind the first.
    Behind,
    /// In the first reading, which is not sure enough to be taken as said.
    Doubtful,
    /// Taken as said.
    Taken,
}

/// What an act of the customer means beyond the feature of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing more.
    Itself,
    /// The value of a slot, or a proof of identity.
    Tells,
    /// Yes to what was asked.
    Yes,
    /// No to what was asked.
    No,
    /// Whatever was claimed before, it is not the right person.
    Wrong,
}

/// Entries of a table by what an act is about: every name, and [`crate::act::NONE`] in the last one.
const N_ABOUT: usize = 32;

/// What hearing an act of one kind does.
#[derive(Clone, Debug)]
pub(crate) struct Hearing {
    /// Its level of `heard`.
    pub heard: u8,
    /// Whether nothing of use was said.
    pub missed: bool,
    /// Whether only a person does such acts, so that no machine is on the line any more.
    pub personal: bool,
    pub meaning: Meaning,
    /// Whether it speaks of the slots that were asked; else of its own, or of none.
    replies: bool,
    features: [u8; N_ABOUT],
    heard_about: [u8; N_ABOUT],
    /// Facts that it names, one bit each.
    named: [u32; N_ABOUT],
    /// By certainty.
    next: [Next; 3],
}

impl Hearing {
    /// The table of a kind.
    pub(crate) fn new(f: &FeatureIndex, kind: UserActKind, distrust: Option<u8>) -> Self {
        let feature = |about: usize| {
            let named = |list: &[usize]| list.get(about).copied().unwrap_or(SPARE);
            match kind {
                UserActKind::Ask => named(&f.questions),
                UserActKind::Object => named(&f.concerns),
                UserActKind::Distrust => distrust.map_or(SPARE, |c| f.concerns[usize::from(c)]),
                UserActKind::Voicemail | UserActKind::Screening => f.answered_by,
                UserActKind::Busy | UserActKind::Driving => f.availability,
                UserActKind::RequestHuman => f.human,
                UserActKind::OptOut => f.opt_out,
                UserActKind::Beep => f.beep,
                UserActKind::RequestCallback => f.callback,
                UserActKind::WrongPerson => f.identity,
                _ => SPARE,
            }
        };
        let heard_about = |about: usize| {
            about_level(&f.heard_about_level, kind.about(), about as u8).unwrap_or(0)
        };
        let meaning = match kind {
            UserActKind::Inform => Meaning::Tells,
            UserActKind::Affirm | UserActKind::Accept => Meaning::Yes,
            UserActKind::Deny | UserActKind::Decline => Meaning::No,
            UserActKind::WrongPerson => Meaning::Wrong,
            _ => Meaning::Itself,
        };
        Self {
            heard: heard_level(kind),
            missed: matches!(kind, UserActKind::Silence | UserActKind::Unrelated),
            personal: !matches!(
                kind,
                UserActKind::Voicemail
                    | UserActKind::Screening
                    | UserActKind::Beep
                    | UserActKind::Silence
                    | UserActKind::Unrelated
                    | UserActKind::HangUp
            ),
            meaning,
            replies: matches!(meaning, Meaning::Yes | Meaning::No),
            features: std::array::from_fn(|about| feature(about) as u8),
            heard_about: std::array::from_fn(heard_about),
            named: [0; N_ABOUT],
            next: [Certainty::Behind, Certainty::Doubtful, Certainty::Taken]
                .map(|certainty| table(|level| heard_next(kind, certainty, level))),
        }
    }

    /// The same table, which knows the facts that acts of the kind name; see [`Fact::is_named`].
    pub(crate) fn naming(
        mut self,
        kind: UserActKind,
        facts: &[Fact],
        distrust: Option<u8>,
        time: Option<u8>,
    ) -> Self {
        self.named = std::array::from_fn(|about| {
            let about = if about == N_ABOUT - 1 {
                NONE
            } else {
                about as u8
            };
            let act = UserAct::about(kind, about);
            those(facts, |fact| fact.is_named(act, distrust, time))
        });
        self
    }

    /// The facts that an act names, one bit each.
    #[inline]
    pub(crate) fn named(&self, about: u8) -> u32 {
        self.named[usize::from(about) % N_ABOUT]
    }

    /// Moves the feature that remembers the act.
    #[inline]
    pub(crate) fn take(&self, codes: &mut Codes, about: u8, certainty: Certainty) {
        let feature = self.features[usize::from(about) % N_ABOUT];
        advance(codes, feature, &self.next[certainty as usize]);
    }

    /// The slots that the act speaks of, one bit each, where `asked` are those that were asked.
    #[inline]
    pub(crate) fn slots(&self, about: u8, asked: u32) -> u32 {
        let tells = u32::from(self.meaning == Meaning::Tells && about != NONE) << (about & 31);
        if self.replies { asked } else { tells }
    }

    /// The level of `heard_about`; 0 when it is about nothing.
    #[inline]
    pub(crate) fn about(&self, about: u8) -> u8 {
        self.heard_about[usize::from(about) % N_ABOUT]
    }
}

/// Where hearing an act of `kind` takes its feature from `level`. A wish is better suspected than
/// lost, so most listen to readings behind the first.
fn heard_next(kind: UserActKind, certainty: Certainty, level: u8) -> u8 {
    let taken = certainty == Certainty::Taken;
    let latch = |maybe: u8, certain: u8| level.max(if taken { certain } else { maybe });
    match kind {
        UserActKind::Ask if taken => question::OPEN,
        UserActKind::Ask if level == question::NONE => question::MAYBE,
        UserActKind::Object | UserActKind::Distrust => match (level, taken) {
            (concern::NONE, false) => concern::MAYBE,
            (concern::NONE | concern::MAYBE, true) => concern::RAISED,
            (concern::ADDRESSED | concern::ADDRESSED_AGAIN, true) => concern::RAISED_AGAIN,
            (same, _) => same,
        },
        UserActKind::Voicemail if taken => answered_by::VOICEMAIL,
        UserActKind::Screening if taken => answered_by::SCREENING,
        UserActKind::Voicemail | UserActKind::Screening => level.max(answered_by::MAYBE),
        UserActKind::Beep => latch(beep::MAYBE, beep::HEARD),
        UserActKind::Busy => latch(availability::MAYBE, availability::BUSY),
        UserActKind::Driving => latch(availability::MAYBE, availability::DRIVING),
        UserActKind::RequestHuman | UserActKind::OptOut => latch(wish::MAYBE, wish::ASKED),
        UserActKind::RequestCallback if taken && level != callback::AGREED => callback::WANTED,
        UserActKind::WrongPerson => match certainty {
            Certainty::Behind => level,
            Certainty::Doubtful => identity::DOUBTED,
            Certainty::Taken => identity::WRONG,
        },
        _ => level,
    }
}
