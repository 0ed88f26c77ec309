//! What a turn says of the facts of a call.

use crate::act::{NBest, NONE, UserAct, UserActKind};
use crate::action::ActionId;
use crate::belief::bounds::TAKEN_FROM;
use crate::belief::calibration::fact_table::{N_BEHIND, N_BINS};
use crate::scenario::{Move, Scenario};

/// Confidence from which on a reading counts as clear.
const CLEAR_FROM: f32 = 0.8;
/// What a turn says of all facts, one bit each where it is of single ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FactSigns {
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

impl FactSigns {
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

/// The move whose words an answer refers to; the robot's own where it has said nothing before.
pub(crate) fn meant_move<'s>(scenario: &'s Scenario, meant: ActionId, own: &'s Move) -> &'s Move {
    match meant {
        NONE => own,
        meant => scenario.move_of(meant),
    }
}
