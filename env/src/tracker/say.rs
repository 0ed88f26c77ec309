//! What the robot itself said, taken into the codes.

use super::BeliefState;
use crate::act::{SystemAct, SystemActKind};
use crate::action::ActionId;
use crate::features::{
    FeatureIndex, SPARE, about_level, callback, concern, count, offer, question, role, said,
    said_level, turn_level,
};
use crate::scenario::Scenario;

impl BeliefState {
    pub(super) fn say(&mut self, scenario: &Scenario, action: ActionId, acts: &[SystemAct]) {
        let f = &scenario.index;
        self.turn += 1;
        self.codes[f.turn] = turn_level(self.turn);
        self.codes[f.repeats] = if action == self.last_action {
            (self.codes[f.repeats] + 1).min(count::MANY)
        } else {
            count::ZERO
        };
        self.last_action = action;
        let first = acts[0];
        self.codes[f.said_before] = self.codes[f.said];
        self.codes[f.said] = said_level(first.kind);
        self.codes[f.said_about] = acts
            .iter()
            .find_map(|act| about_level(&f.said_about_level, act.kind.about(), act.about))
            .unwrap_or(0);
        self.codes[f.said_last] = acts.last().map_or(0, |act| said_level(act.kind));
        if f.said_last != SPARE {
            self.assign_roles(f, acts);
        }
        for act in acts {
            let about = act.about as usize;
            match act.kind {
                SystemActKind::StatePurpose => self.codes[f.purpose] = said::YES,
                SystemActKind::Inform => self.codes[f.topics[about]] = said::YES,
                SystemActKind::Answer => self.codes[f.questions[about]] = question::ANSWERED,
                SystemActKind::SendMessage => self.codes[f.messages[about]] = said::YES,
                SystemActKind::Address => {
                    let level = &mut self.codes[f.concerns[about]];
                    *level = match *level {
                        concern::NONE | concern::MAYBE | concern::RAISED | concern::ADDRESSED => {
                            concern::ADDRESSED
                        }
                        _ => concern::ADDRESSED_AGAIN,
                    };
                }
                SystemActKind::Offer => {
                    let level = &mut self.codes[f.offers[about]];
                    *level = (*level).max(offer::OFFERED);
                }
                SystemActKind::ProposeCallback => self.codes[f.callback] = callback::PROPOSED,
                SystemActKind::LeaveMessage => self.codes[f.left_message] = said::YES,
                SystemActKind::Greet
                | SystemActKind::ConfirmIdentity
                | SystemActKind::VerifyIdentity
                | SystemActKind::Ask
                | SystemActKind::Confirm
                | SystemActKind::Transfer
                | SystemActKind::Apologize
                | SystemActKind::Repeat
                | SystemActKind::Close => {}
            }
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
