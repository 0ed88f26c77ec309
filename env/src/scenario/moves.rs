//! An action as the turn loop needs it, so that no turn walks what the scenario says of it.

use crate::act::{AboutClass, NONE, SystemAct, SystemActKind};
use crate::belief::calibration::fact::{Fact, those};
use crate::belief::effects::Effect;
use crate::belief::features::{FeatureIndex, about_level, spoken_level};
use crate::scenario::slot::Slot;

/// All that a turn asks of an action, side by side.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    /// Its acts; never empty.
    pub acts: Vec<SystemAct>,
    /// What the first act with an effect does; nearly always there is one and no other.
    pub effect: Effect,
    /// What the acts behind it do.
    pub further_effects: Vec<Effect>,
    /// The acts that yes and no refer to.
    pub asked: Vec<SystemAct>,
    /// The act that wants a reply: the last question, else the last act.
    pub wanted: SystemAct,
    /// The slot that it asks for or reads out, one bit.
    pub wanted_slot: u32,
    /// Facts that it is about, one bit each.
    pub touched: u32,
    /// Slots that yes and no speak of, one bit each.
    pub asked_slots: u32,
    /// Levels of the features `said`, `said_about` and `said_last`.
    pub spoken: u8,
    pub spoken_about: u8,
    pub spoken_last: u8,
    /// Whether it says again what was said before.
    pub repeats: bool,
    pub transfers: bool,
    /// The slot whose value is read out, or [`NONE`].
    pub confirms: u8,
    /// How long the robot speaks, seconds.
    pub seconds: f32,
}

impl Move {
    /// Compiles `acts`, which take so many seconds to say; some `slots` are answered by yes and no.
    pub(super) fn new(
        f: &FeatureIndex,
        acts: &[SystemAct],
        (slots, facts): (&[Slot], &[Fact]),
        seconds: f32,
    ) -> Self {
        let is_asked = |act: &&SystemAct| match act.kind {
            SystemActKind::ConfirmIdentity
            | SystemActKind::Offer
            | SystemActKind::ProposeCallback
            | SystemActKind::Confirm => true,
            SystemActKind::Ask => slots[usize::from(act.about)].yes_no().is_some(),
            _ => false,
        };
        let asked: Vec<_> = acts.iter().filter(is_asked).copied().collect();
        let of_slot = |act: &&SystemAct| act.kind.about() == Some(AboutClass::Slot);
        let asked_slots = asked.iter().filter(of_slot).map(|act| 1 << act.about);
        let confirm = acts.iter().find(|act| act.kind == SystemActKind::Confirm);
        let about = |act: &SystemAct| about_level(&f.said_about_level, act.kind.about(), act.about);
        let is_question = |act: &&SystemAct| {
            is_asked(act) || matches!(act.kind, SystemActKind::Ask | SystemActKind::VerifyIdentity)
        };
        let wanted = acts.iter().rfind(is_question).or(acts.last());
        let wanted = *wanted.unwrap_or(&acts[0]);
        let mut effects = acts.iter().filter_map(|&act| Effect::of(f, act));
        Self {
            effect: effects.next().unwrap_or(Effect::NONE),
            further_effects: effects.collect(),
            asked_slots: asked_slots.fold(0, |set: u32, bit: u32| set | bit),
            spoken: spoken_level(acts[0].kind),
            spoken_about: acts.iter().find_map(about).unwrap_or(0),
            spoken_last: acts.last().map_or(0, |act| spoken_level(act.kind)),
            repeats: acts[0].kind == SystemActKind::Repeat,
            transfers: acts.iter().any(|act| act.kind == SystemActKind::Transfer),
            wanted,
            touched: those(facts, |fact| fact.is_touched(acts)),
            wanted_slot: u32::from(of_slot(&&wanted)) << (wanted.about & 31),
            confirms: confirm.map_or(NONE, |act| act.about),
            acts: acts.to_vec(),
            asked,
            seconds,
        }
    }
}
