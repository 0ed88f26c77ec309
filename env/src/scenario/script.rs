//! The hand-written flow: the first line that fits and is allowed decides.

use super::condition::Condition;
use crate::action::ActionId;
use crate::belief::layout::Layout;
use crate::policy::{Observation, Policy};

/// A scenario's hand-written flow as a policy.
#[derive(Clone, Debug)]
pub struct ScriptPolicy {
    lines: Vec<(Condition, ActionId)>,
    close: Option<ActionId>,
}

impl ScriptPolicy {
    pub(super) fn new(lines: Vec<(Condition, ActionId)>, layout: &Layout) -> Self {
        Self {
            lines,
            close: layout.action("close"),
        }
    }
}

impl Policy for ScriptPolicy {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        out[self.best(observation, out.len()) as usize] = 1.0;
    }

    fn best(&self, observation: Observation<'_>, _n_actions: usize) -> ActionId {
        let Observation { codes, mask } = observation;
        let line = self
            .lines
            .iter()
            .find(|(when, action)| mask.allows(*action) && when.holds(codes));
        match (line, self.close) {
            (Some((_, action)), _) => *action,
            (None, Some(close)) if mask.allows(close) => close,
            _ => mask.nth(0),
        }
    }
}
