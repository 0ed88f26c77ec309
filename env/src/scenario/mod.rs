//! A scenario: one kind of call, checked and compiled to dense tables.

mod caller;
mod check;
mod compile;
mod completion;
pub mod condition;
mod conduct;
pub(crate) mod counter;
mod file;
mod include;
pub mod lint;
mod moves;
mod reward;
mod script;
pub mod slot;
mod slot_file;
mod slot_kind;

use std::sync::Arc;

use crate::act::{AboutClass, NONE, SystemAct, SystemActKind, UserAct, UserActKind};
use crate::action::{ActionId, ActionMask};
use crate::belief::calibration::Tables;
use crate::belief::calibration::fact::Fact;
use crate::belief::caller::CallerFeature;
use crate::belief::effects::Hearing;
use crate::belief::features::FeatureIndex;
pub use crate::belief::features::N_CODES;
use crate::belief::layout::Layout;
use crate::call::customer::Truth;
pub use crate::names::MAX_SLOTS;
use crate::names::Names;
use condition::{Condition, Constraint, MaskTable};
use counter::Counter;
pub(crate) use moves::Move;

pub use completion::{Completion, Need};
#[cfg(feature = "schema")]
pub use file::schema;
pub use include::ScenarioText;
pub use reward::RewardSpec;
pub use script::ScriptPolicy;
use slot::Slot;

/// Most slots that a scenario has of its own.
pub const MAX_OWN_SLOTS: usize = 16;
/// Most topics, questions, concerns, offers or messages, so that a set of them is one `u16`.
pub const MAX_NAMES: usize = 16;

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
    /// The slots, in the order of their names.
    pub slots: Vec<Slot>,
    /// What is known of a caller before the call.
    pub caller: Vec<CallerFeature>,
    /// Rules of conduct and masks.
    pub constraints: Vec<Constraint>,
    /// The reward.
    pub reward: RewardSpec,
    /// When a call is complete: all that apply.
    pub completion: Vec<Completion>,
    /// Which acts customers do, and words for them.
    pub customer: Vec<(UserAct, Vec<String>)>,
    pub(crate) index: FeatureIndex,
    pub(crate) counters: Vec<Counter>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) calibration: Option<Arc<Tables>>,
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

    /// The parts of completion that count for a call with this truth.
    fn applying<'s>(&'s self, truth: &Truth) -> impl Iterator<Item = &'s Completion> {
        let slots = truth.slots;
        let applies = move |c: &&Completion| {
            let mut when = c.when.iter();
            when.all(|(slot, holds)| {
                let value = slots[usize::from(*slot)];
                holds.get(usize::from(value)) == Some(&true)
            })
        };
        self.completion.iter().filter(applies)
    }

    /// What must hold for a call with this truth to be complete.
    pub(crate) fn needs<'s>(&'s self, truth: &Truth) -> impl Iterator<Item = &'s Need> {
        let required = self.applying(truth).filter(|c| c.worth.is_none());
        required.flat_map(|c| &c.need)
    }

    /// The items that are worth something by themselves in a call with this truth, with their worth.
    pub(crate) fn items<'s>(&'s self, truth: &Truth) -> impl Iterator<Item = (f32, &'s [Need])> {
        let items = self.applying(truth);
        items.filter_map(|c| Some((c.worth?, &c.need[..])))
    }

    /// Whether anything may be on file of a customer when a call begins.
    pub fn has_records(&self) -> bool {
        !self.caller.is_empty() || self.slots.iter().any(|slot| slot.carried)
    }

    /// Whether parts of the business are worth something by themselves.
    pub fn has_items(&self) -> bool {
        self.completion.iter().any(|c| c.worth.is_some())
    }

    /// Whether anything has to hold for a call to be complete.
    pub(crate) fn can_complete(&self) -> bool {
        self.completion.iter().any(|c| c.worth.is_none())
    }

    /// What a calibrated tracker knows of the calls; `None` for the focus tracker.
    pub fn calibration(&self) -> Option<&Tables> {
        self.calibration.as_deref()
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

    /// Whether an action hands over to a person.
    #[inline]
    pub fn transfers(&self, action: ActionId) -> bool {
        self.moves[action as usize].transfers
    }

    /// The actions that only take leave: those that do nothing but apologize and close.
    #[inline]
    pub fn leave_taking(&self) -> ActionMask {
        self.leave_taking
    }

    /// The allowed actions for a tracker's codes; never empty.
    #[inline]
    pub fn mask(&self, codes: &[u8; N_CODES]) -> ActionMask {
        self.masks(codes).0
    }

    /// The allowed actions, and those among all that no rule of conduct forbids.
    #[inline]
    pub(crate) fn masks(&self, codes: &[u8; N_CODES]) -> (ActionMask, ActionMask) {
        self.mask_table.masks(codes)
    }

    /// The same at the start of a call with a customer of whom nothing is on file.
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

    /// The values of a slot that "yes" and "no" stand for, if those are answers.
    #[inline]
    pub fn yes_no(&self, slot: usize) -> Option<[u8; 2]> {
        self.slots[slot].yes_no()
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
            &self.slots[act.about as usize].values[..]
        } else {
            &[]
        };
        match values.get(act.value as usize) {
            Some(value) => format!("{}({about}={value})", act.kind),
            None => format!("{}({about})", act.kind),
        }
    }
}
