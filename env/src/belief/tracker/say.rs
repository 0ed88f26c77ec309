//! What the robot itself said, taken into the codes.

use super::BeliefState;
use crate::act::{SystemAct, SystemActKind};
use crate::action::ActionId;
use crate::belief::bounds::turn_level;
use crate::belief::features::{FeatureIndex, SPARE, count, role};
use crate::scenario::Move;

impl BeliefState {
    #[inline(always)]
    pub(super) fn say(&mut self, f: &FeatureIndex, action: ActionId, own: &Move) {
        self.turn += 1;
        self.codes[f.turn] = turn_level(self.turn);
        self.codes[f.repeats] = if action == self.last_action {
            (self.codes[f.repeats] + 1).min(count::MANY)
        } else {
            count::ZERO
        };
        self.last_action = action;
        self.codes[f.said_before] = self.codes[f.said];
        self.codes[f.said] = own.spoken;
        self.codes[f.said_about] = own.spoken_about;
        self.codes[f.said_last] = own.spoken_last;
        if f.said_last != SPARE {
            self.assign_roles(f, &own.acts);
        }
        own.effect.happen(&mut self.codes);
        for effect in &own.further_effects {
            effect.happen(&mut self.codes);
        }
    }

    /// What the robot has just done with each slot.
    fn assign_roles(&mut self, f: &FeatureIndex, acts: &[SystemAct]) {
        for &feature in &f.roles {
            self.codes[feature] = role::NONE;
        }
        let sorry = acts[0].kind == SystemActKind::Apologize;
        self.codes[f.apologies] =
            (self.codes[f.apologies] + u8::from(sorry && acts.len() > 1)).min(count::MANY);
        for act in acts {
            let about = act.about as usize;
            let (slot, role) = match act.kind {
                SystemActKind::Ask => (about, role::ASKED),
                SystemActKind::Confirm if self.codes[f.roles[about]] == role::ASKED => {
                    (about, role::CHOICE)
                }
                SystemActKind::Confirm => (about, role::CONFIRMED),
                SystemActKind::Inform => match f.topic_slot[about] {
                    Some(slot) => (
                        slot as usize,
                        if sorry { role::UNAVAILABLE } else { role::TOLD },
                    ),
                    None => continue,
                },
                _ => continue,
            };
            self.codes[f.roles[slot]] = role;
        }
    }
}
