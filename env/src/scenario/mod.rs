//! A scenario: one kind of call, checked and compiled to dense tables.

mod check;
mod compile;
pub mod condition;
mod conduct;
mod file;
mod include;
pub mod lint;
mod moves;
mod reward;
mod script;

use crate::act::{AboutClass, NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::action::{ActionId, ActionMask};
use crate::belief::effects::Hearing;
use crate::belief::features::FeatureIndex;
use crate::belief::layout::Layout;
use crate::call::customer::Truth;
use crate::names::Names;
use condition::{Condition, Constraint, MaskTable};
pub(crate) use moves::Move;

#[cfg(feature = "schema")]
pub use file::schema;
pub use include::ScenarioText;
pub use reward::RewardSpec;
pub use script::ScriptPolicy;

/// Most slots of a scenario.
pub const MAX_SLOTS: usize = 8;
/// Most topics, questions, concerns, offers or messages, so that a set of them is one `u16`.
pub const MAX_NAMES: usize = 16;

/// Something that must truly hold for a call to be complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The right person is on the line and the robot knows it.
    Identified,
    /// The topic was told.
    Told(u8),
    /// The slot is recorded with its true value.
    Known(u8),
    /// The offer was truly taken or refused.
    Settled(u8),
    /// The offer was truly taken.
    Accepted(u8),
    /// The message was sent.
    Sent(u8),
    /// The concern is met, or there never was one.
    Met(u8),
}

/// What must hold when some slots truly have certain values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Slots and their true values for which it is needed.
    pub when: Vec<(u8, u8)>,
    /// What must hold then.
    pub need: Vec<Need>,
}

/// One kind of call.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What the call is for, in a sentence.
    pub purpose: String,
    /// Features and actions.
    pub layout: Layout,
    /// System turns after which we stop watching.
    pub max_turns: u16,
    /// The channel file that customers speak through.
    pub channel: Option<String>,
    /// The names it speaks about.
    pub names: Names,
    /// Values of each slot, where they are known.
    pub slot_values: Vec<Vec<String>>,
    /// Rules of conduct and masks.
    pub constraints: Vec<Constraint>,
    /// The reward.
    pub reward: RewardSpec,
    /// When a call is complete: all that apply.
    pub completion: Vec<Completion>,
    /// Which acts customers do, and words for them.
    pub customer: Vec<(UserAct, Vec<String>)>,
    pub(crate) index: FeatureIndex,
    pub(crate) yes_no: [bool; MAX_SLOTS],
    pub(crate) callback_slot: Option<u8>,
    pub(crate) distrust_concern: Option<u8>,
    moves: Vec<Move>,
    hearings: Vec<Hearing>,
    phrases: Vec<String>,
    private: ActionMask,
    ending: ActionMask,
    leave_taking: ActionMask,
    mask_table: MaskTable,
    first_masks: (ActionMask, ActionMask),
    script: Vec<(Condition, ActionId)>,
}

impl Scenario {
    /// The acts of an action; never empty.
    #[inline]
    pub fn acts(&self, action: ActionId) -> &[SystemAct] {
        &self.moves[action as usize].acts
    }

    /// The action as the turn loop needs it.
    #[inline]
    pub(crate) fn move_of(&self, action: ActionId) -> &Move {
        &self.moves[action as usize]
    }

    /// What hearing an act of `kind` does.
    #[inline]
    pub(crate) fn hearing(&self, kind: UserActKind) -> &Hearing {
        &self.hearings[kind as usize]
    }

    /// The acts of every action, in order.
    fn acts_of_all(&self) -> Vec<Vec<SystemAct>> {
        self.moves.iter().map(|step| step.acts.clone()).collect()
    }

    /// What must hold for a call with this truth to be complete.
    pub(crate) fn needs<'s>(&'s self, truth: &Truth) -> impl Iterator<Item = &'s Need> {
        let slots = truth.slots;
        let applies = move |c: &&Completion| {
            let mut when = c.when.iter();
            when.all(|&(slot, value)| slots[usize::from(slot)] == value)
        };
        self.completion.iter().filter(applies).flat_map(|c| &c.need)
    }

    /// The words of an action.
    pub fn phrase(&self, action: ActionId) -> &str {
        &self.phrases[action as usize]
    }

    /// How long the robot speaks, seconds.
    #[inline]
    pub fn seconds(&self, action: ActionId) -> f32 {
        self.moves[action as usize].seconds
    }

    /// The actions that reveal account details.
    #[inline]
    pub fn private(&self) -> ActionMask {
        self.private
    }

    /// The actions that end the call: those that close or hand over.
    #[inline]
    pub fn ending(&self) -> ActionMask {
        self.ending
    }

    /// The actions that only take leave: those that do nothing but apologize and close.
    #[inline]
    pub fn leave_taking(&self) -> ActionMask {
        self.leave_taking
    }

    /// The allowed actions for a tracker's codes; never empty.
    #[inline]
    pub fn mask(&self, codes: &[u8; 64]) -> ActionMask {
        self.masks(codes).0
    }

    /// The allowed actions, and those among all that no rule of conduct forbids.
    #[inline]
    pub(crate) fn masks(&self, codes: &[u8; 64]) -> (ActionMask, ActionMask) {
        self.mask_table.masks(codes)
    }

    /// The same at the start of a call.
    #[inline]
    pub(crate) fn first_masks(&self) -> (ActionMask, ActionMask) {
        self.first_masks
    }

    /// Rules of conduct that `action` breaks at `codes`, one by one and without the mask table.
    #[inline]
    pub fn broken_rules(
        &self,
        codes: &[u8],
        action: ActionId,
    ) -> impl Iterator<Item = &Constraint> {
        // Rules of conduct stand before the masks. Whether a rule speaks is easier to foresee for
        // the processor than which action was taken, hence the order of the tests.
        self.constraints
            .iter()
            .take_while(|c| c.conduct)
            .filter(move |c| c.when.holds(codes) && c.forbidden.allows(action))
    }

    /// Whether a slot is answered by yes and no.
    #[inline]
    pub fn is_yes_no(&self, slot: usize) -> bool {
        self.yes_no[slot]
    }

    /// The slot that holds the time of another call.
    #[inline]
    pub fn callback_slot(&self) -> Option<u8> {
        self.callback_slot
    }

    /// The concern that "is this a scam?" raises.
    #[inline]
    pub fn distrust_concern(&self) -> Option<u8> {
        self.distrust_concern
    }

    /// Whether the robot has an action with this act.
    pub fn can_say(&self, kind: SystemActKind, about: u8) -> bool {
        self.moves
            .iter()
            .flat_map(|own| &own.acts)
            .any(|act| act.kind == kind && act.about == about)
    }

    /// Whether customers do acts of this kind.
    pub fn customers_do(&self, kind: UserActKind) -> bool {
        self.customer.iter().any(|(act, _)| act.kind == kind)
    }

    /// The hand-written flow as a policy.
    pub fn script(&self) -> ScriptPolicy {
        ScriptPolicy::new(self.script.clone(), &self.layout)
    }

    /// An act in the notation of files: `inform(payment=yes)`.
    pub fn user_act_name(&self, act: UserAct) -> String {
        let Some(class) = act.kind.about() else {
            return act.kind.name().to_owned();
        };
        let Some(about) = self.names.of(class).get(act.about as usize) else {
            return match act.value {
                NONE => act.kind.name().to_owned(),
                value => format!(
                    "{}(={})",
                    act.kind,
                    if value == 1 { "match" } else { "mismatch" }
                ),
            };
        };
        let values = if class == AboutClass::Slot {
            &self.slot_values[act.about as usize][..]
        } else {
            &[]
        };
        match values.get(act.value as usize) {
            Some(value) => format!("{}({about}={value})", act.kind),
            None => format!("{}({about})", act.kind),
        }
    }
}
