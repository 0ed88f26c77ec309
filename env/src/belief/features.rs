//! The features that the tracker keeps for a scenario: their names, levels and positions.

use crate::act::{AboutClass, SystemAct, SystemActKind, UserActKind};
use crate::belief::calibration::Group;
use crate::belief::calibration::fact::{Fact, MAX_FACTS};
use crate::belief::caller::{CallerFeature, UNKNOWN};
use crate::belief::layout::{Feature, MAX_LEVELS};
use crate::names::Names;
use crate::scenario::slot::Slot;

/// Codes of a belief: those of the features, and spare ones behind them.
pub const N_CODES: usize = 128;
/// Position of a feature that the scenario does not need: a spare code behind all others, so that
/// the tracker can write without asking.
pub(crate) const SPARE: usize = N_CODES - 1;

/// Levels of a feature as constants, so that the tracker and the names cannot drift apart.
macro_rules! levels {
    ($module:ident: $($name:ident = $text:literal),* $(,)?) => {
        pub(crate) mod $module {
            #![allow(dead_code)]
            levels!(@consts 0u8; $($name)*);
            pub(crate) const NAMES: &[&str] = &[$($text),*];
        }
    };
    (@consts $k:expr; $name:ident $($rest:ident)*) => {
        pub(crate) const $name: u8 = $k;
        levels!(@consts $k + 1; $($rest)*);
    };
    (@consts $k:expr;) => {};
}

levels!(turn: ONE = "1", TWO = "2", THREE = "3", FOUR = "4", FIVE = "5-6", SEVEN = "7-8", NINE = "9-11", TWELVE = "12-15", MANY = "16+");
levels!(count: ZERO = "0", ONE = "1", TWO = "2", MANY = "3+");
levels!(confidence: NONE = "none", LOWEST = "<.2", LOW = ".2-.4", FAIR = ".4-.6", GOOD = ".6-.8", HIGH = ".8-.95", SURE = ">.95");
levels!(identity: UNKNOWN = "unknown", WRONG = "wrong", DOUBTED = "doubted", CLAIMED = "claimed", LIKELY = "likely", CONFIRMED = "confirmed", VERIFIED = "verified");
levels!(availability: UNKNOWN = "unknown", MAYBE = "maybe_busy", BUSY = "busy", DRIVING = "driving");
levels!(answered_by: UNKNOWN = "unknown", MAYBE = "maybe_machine", VOICEMAIL = "voicemail", SCREENING = "screening", PERSON = "person");
levels!(beep: NONE = "none", MAYBE = "maybe", HEARD = "heard");
levels!(wish: NONE = "none", MAYBE = "maybe", ASKED = "asked");
levels!(callback: NONE = "none", WANTED = "wanted", PROPOSED = "proposed", AGREED = "agreed", DECLINED = "declined");
levels!(spoken: NO = "unsaid", YES = "said");
levels!(slot: UNKNOWN = "unknown", FAINT = "faint", LOW = "low", FAIR = "fair", HIGH = "high", SURE = "sure");
levels!(posterior: UNKNOWN = "unknown", LEAST = "<.5", LOW = "<.65", FAIR = "<.8", GOOD = "<.9", HIGH = "<.95", HIGHER = "<.98", SURE = "<.99", SUREST = ">.99");
levels!(likely: NO = "<.1", LESS = "<.5", MORE = "<.9", YES = ">.9");
levels!(used: LITTLE = "<.25", SOME = "<.5", MUCH = "<.75", MOST = ">.75");
levels!(role: NONE = "none", ASKED = "asked", CONFIRMED = "confirmed", CHOICE = "choice", TOLD = "told", UNAVAILABLE = "unavailable");
levels!(question: NONE = "none", MAYBE = "maybe", OPEN = "open", ANSWERED = "answered");
levels!(concern: NONE = "none", MAYBE = "maybe", RAISED = "raised", ADDRESSED = "addressed", RAISED_AGAIN = "raised_again", ADDRESSED_AGAIN = "addressed_again");
levels!(offer: NONE = "none", OFFERED = "offered", MAYBE = "maybe_accepted", ACCEPTED = "accepted", DECLINED = "declined", DECLINED_TWICE = "declined_twice");
levels!(heard: NONE = "none", SILENCE = "silence", AFFIRM = "affirm", DENY = "deny", INFORM = "inform", ASK = "ask", OBJECT = "object", ACCEPT = "accept", DECLINE = "decline", DISTRUST = "distrust", REPEAT = "repeat", THANK = "thank", UNRELATED = "unrelated", ABUSE = "abuse", WISH = "wish", MACHINE = "machine");

/// The level of `heard` that stands for an act; wishes that interrupt a call share one, since each
/// has a feature of its own that remembers it.
pub(crate) const fn heard_level(kind: UserActKind) -> u8 {
    match kind {
        UserActKind::Silence => heard::SILENCE,
        UserActKind::Affirm => heard::AFFIRM,
        UserActKind::Deny => heard::DENY,
        UserActKind::Inform => heard::INFORM,
        UserActKind::Ask => heard::ASK,
        UserActKind::Object => heard::OBJECT,
        UserActKind::Accept => heard::ACCEPT,
        UserActKind::Decline => heard::DECLINE,
        UserActKind::Distrust => heard::DISTRUST,
        UserActKind::Repeat => heard::REPEAT,
        UserActKind::Thank | UserActKind::HangUp => heard::THANK,
        UserActKind::Unrelated => heard::UNRELATED,
        UserActKind::Abuse => heard::ABUSE,
        UserActKind::Voicemail | UserActKind::Screening | UserActKind::Beep => heard::MACHINE,
        UserActKind::Busy
        | UserActKind::Driving
        | UserActKind::WrongPerson
        | UserActKind::RequestHuman
        | UserActKind::RequestCallback
        | UserActKind::OptOut => heard::WISH,
    }
}

/// The level of the features `said`, `said_last` and `said_before` that stands for an act.
pub(crate) fn spoken_level(kind: SystemActKind) -> u8 {
    // The levels are `none` and the kinds in order, without those that end the call.
    match kind {
        SystemActKind::Transfer | SystemActKind::Close => 0,
        kind if kind > SystemActKind::Transfer => kind as u8,
        kind => kind as u8 + 1,
    }
}

/// Features that a scenario has only if its acts call for them.
pub(crate) const OPTIONAL: [&str; 9] = [
    "identity",
    "answered_by",
    "beep",
    "left_message",
    "availability",
    "human",
    "opt_out",
    "callback",
    "purpose",
];

/// Where each feature of a scenario sits among its codes.
#[derive(Clone, Debug)]
pub(crate) struct FeatureIndex {
    pub turn: usize,
    pub said: usize,
    pub said_about: usize,
    pub said_last: usize,
    pub said_before: usize,
    pub apologies: usize,
    pub repeats: usize,
    pub heard: usize,
    pub heard_also: usize,
    pub heard_about: usize,
    pub confidence: usize,
    pub misses: usize,
    pub identity: usize,
    pub answered_by: usize,
    pub left_message: usize,
    pub availability: usize,
    pub human: usize,
    pub opt_out: usize,
    pub callback: usize,
    pub purpose: usize,
    pub topics: Vec<usize>,
    pub slots: Vec<usize>,
    /// Where the value of each slot is shown, with the levels by value.
    pub values: Vec<Vec<(usize, Box<[u8; 256]>)>>,
    pub roles: Vec<usize>,
    /// The slot of the same name as a topic: telling one is telling the other.
    pub topic_slot: Vec<Option<u8>>,
    pub questions: Vec<usize>,
    pub concerns: Vec<usize>,
    pub offers: Vec<usize>,
    pub messages: Vec<usize>,
    pub beep: usize,
    pub caller: Vec<usize>,
    pub counters: Vec<usize>,
    /// How likely each slot's value is, in fine levels.
    pub posteriors: Vec<usize>,
    /// How likely each fact is.
    pub facts: Vec<usize>,
    pub patience_used: usize,
    /// Level of `said_about` by class and position.
    pub said_about_level: [Vec<u8>; 6],
    /// Level of `heard_about` by class and position.
    pub heard_about_level: [Vec<u8>; 6],
}

/// What decides which features a scenario needs.
pub(crate) struct Needs<'a> {
    pub names: &'a Names,
    pub slots: &'a [Slot],
    /// What is known of a caller, with its values.
    pub caller: &'a [CallerFeature],
    /// Names of what is counted.
    pub counters: &'a [String],
    pub robot: &'a [Vec<SystemAct>],
    pub customer: &'a [UserActKind],
    /// The facts that a calibrated tracker may believe.
    pub facts: &'a [Fact],
    /// Which beliefs are shown.
    pub groups: &'a [Group],
}

/// The features of a scenario and where they sit.
pub(crate) fn build(needs: &Needs<'_>) -> (Vec<Feature>, FeatureIndex) {
    let mut features: Vec<Feature> = Vec::new();
    let mut add = |name: String, levels: Vec<String>, needed: bool| {
        if !needed {
            return SPARE;
        }
        features.push(Feature { name, levels });
        features.len() - 1
    };
    let own = |levels: &[&str]| levels.iter().map(|&l| l.to_owned()).collect::<Vec<_>>();
    let says = |kind| needs.robot.iter().flatten().any(|act| act.kind == kind);
    let hears = |kinds: &[UserActKind]| needs.customer.iter().any(|kind| kinds.contains(kind));

    let spoken_levels: Vec<String> = std::iter::once("none".to_owned())
        .chain(
            SystemActKind::ALL
                .iter()
                .filter(|&&k| spoken_level(k) != 0)
                .map(|k| k.name().to_owned()),
        )
        .collect();
    let speaks_of = |class, k: usize| {
        needs
            .robot
            .iter()
            .flatten()
            .any(|act| act.kind.about() == Some(class) && act.about as usize == k)
    };
    let heard_classes = [AboutClass::Slot, AboutClass::Question, AboutClass::Concern];
    let (said_about, said_about_level) = about_levels(needs.names, speaks_of);
    let (heard_about, heard_about_level) =
        about_levels(needs.names, |class, _| heard_classes.contains(&class));

    // With one act per action `said` and `said_about` tell all there is to tell.
    let composite = needs.robot.iter().any(|acts| acts.len() > 1);
    let identity = says(SystemActKind::ConfirmIdentity) || says(SystemActKind::VerifyIdentity);
    let index = FeatureIndex {
        turn: add("turn".into(), own(turn::NAMES), true),
        said: add("said".into(), spoken_levels.clone(), true),
        said_about: add("said_about".into(), said_about, true),
        said_last: add("said_last".into(), spoken_levels.clone(), composite),
        said_before: add("said_before".into(), spoken_levels, true),
        apologies: add(
            "apologies".into(),
            own(count::NAMES),
            composite && says(SystemActKind::Apologize),
        ),
        repeats: add("repeats".into(), own(count::NAMES), true),
        heard: add("heard".into(), own(heard::NAMES), true),
        heard_also: add("heard_also".into(), own(heard::NAMES), true),
        heard_about: add("heard_about".into(), heard_about, true),
        confidence: add("confidence".into(), own(confidence::NAMES), true),
        misses: add("misses".into(), own(count::NAMES), true),
        identity: add("identity".into(), own(identity::NAMES), identity),
        answered_by: add(
            "answered_by".into(),
            own(answered_by::NAMES),
            hears(&[UserActKind::Voicemail, UserActKind::Screening]),
        ),
        left_message: add(
            "left_message".into(),
            own(spoken::NAMES),
            says(SystemActKind::LeaveMessage),
        ),
        availability: add(
            "availability".into(),
            own(availability::NAMES),
            hears(&[UserActKind::Busy, UserActKind::Driving]),
        ),
        human: add(
            "human".into(),
            own(wish::NAMES),
            hears(&[UserActKind::RequestHuman]),
        ),
        opt_out: add(
            "opt_out".into(),
            own(wish::NAMES),
            hears(&[UserActKind::OptOut]),
        ),
        callback: add(
            "callback".into(),
            own(callback::NAMES),
            says(SystemActKind::ProposeCallback),
        ),
        purpose: add(
            "purpose".into(),
            own(spoken::NAMES),
            says(SystemActKind::StatePurpose),
        ),
        topics: each(&needs.names.topics, |n| {
            add(format!("topic.{n}"), own(spoken::NAMES), true)
        }),
        slots: each(&needs.names.slots, |n| {
            add(format!("slot.{n}"), own(slot::NAMES), true)
        }),
        values: (needs.slots.iter())
            .map(|slot| {
                let shown = slot.features.iter();
                shown
                    .map(|v| {
                        let Feature { name, levels } = v.feature.clone();
                        (add(name, levels, true), v.levels.clone())
                    })
                    .collect()
            })
            .collect(),
        roles: each(&needs.names.slots, |n| {
            add(format!("role.{n}"), own(role::NAMES), composite)
        }),
        topic_slot: (needs.names.topics.iter())
            .map(|topic| {
                needs
                    .names
                    .slots
                    .iter()
                    .position(|slot| slot == topic)
                    .map(|slot| slot as u8)
            })
            .collect(),
        questions: each(&needs.names.questions, |n| {
            add(format!("question.{n}"), own(question::NAMES), true)
        }),
        concerns: each(&needs.names.concerns, |n| {
            add(format!("concern.{n}"), own(concern::NAMES), true)
        }),
        offers: each(&needs.names.offers, |n| {
            add(format!("offer.{n}"), own(offer::NAMES), true)
        }),
        messages: each(&needs.names.messages, |n| {
            add(format!("message.{n}"), own(spoken::NAMES), true)
        }),
        beep: add("beep".into(), own(beep::NAMES), hears(&[UserActKind::Beep])),
        caller: (needs.caller.iter())
            .map(|of| {
                let levels = std::iter::once(UNKNOWN.to_owned()).chain(of.values.iter().cloned());
                add(format!("caller.{}", of.name), levels.collect(), true)
            })
            .collect(),
        counters: (needs.counters.iter())
            .map(|name| add(format!("count.{name}"), own(count::NAMES), true))
            .collect(),
        posteriors: each(&needs.names.slots, |n| {
            let shown = needs.groups.contains(&Group::Slots);
            add(format!("posterior.{n}"), own(posterior::NAMES), shown)
        }),
        facts: (needs.facts.iter().take(MAX_FACTS))
            .map(|fact| {
                let shown = needs.groups.contains(&fact.kind.group());
                let name = format!("belief.{}", fact.name(needs.names));
                add(name, own(likely::NAMES), shown)
            })
            .collect(),
        patience_used: add(
            "belief.patience_used".into(),
            own(used::NAMES),
            needs.groups.contains(&Group::Patience),
        ),
        said_about_level,
        heard_about_level,
    };
    (features, index)
}

fn each(names: &[String], mut add: impl FnMut(&str) -> usize) -> Vec<usize> {
    names.iter().map(|name| add(name)).collect()
}

/// The level that an act puts `said_about` or `heard_about` at, if it is about anything they name.
#[inline]
pub(crate) fn about_level(
    levels: &[Vec<u8>; 6],
    class: Option<AboutClass>,
    about: u8,
) -> Option<u8> {
    levels[class? as usize]
        .get(about as usize)
        .copied()
        .filter(|&level| level != 0)
}

/// Names of the levels of `said_about` or `heard_about`, and the level by class and position.
/// Names beyond the most a feature can hold share the last level, `other`.
fn about_levels(
    names: &Names,
    wanted: impl Fn(AboutClass, usize) -> bool,
) -> (Vec<String>, [Vec<u8>; 6]) {
    let mut levels = vec!["none".to_owned()];
    let n_wanted: usize = names
        .classes()
        .iter()
        .map(|(c, list)| (0..list.len()).filter(|&k| wanted(*c, k)).count())
        .sum();
    let room = if n_wanted < MAX_LEVELS {
        MAX_LEVELS
    } else {
        MAX_LEVELS - 1
    };
    let mut by_class: [Vec<u8>; 6] = Default::default();
    for (class, list) in names.classes() {
        for (k, name) in list.iter().enumerate() {
            let level = if !wanted(class, k) {
                0
            } else if levels.len() < room {
                levels.push(format!("{}.{name}", class.prefix()));
                levels.len() - 1
            } else {
                room
            };
            by_class[class as usize].push(level as u8);
        }
    }
    if n_wanted >= MAX_LEVELS {
        levels.push("other".to_owned());
    }
    (levels, by_class)
}
