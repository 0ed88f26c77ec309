//! What the robot does now, and why.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::speech;

use super::call::AgentCall;
use crate::runtime::Decision;

/// What the robot does now. Only what is asked for is made: a reply itself takes no memory.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'c> {
    pub(super) call: &'c AgentCall,
    pub(super) decision: Decision,
}

impl<'c> Reply<'c> {
    /// The number of the action.
    #[must_use]
    pub fn action(&self) -> ActionId {
        self.decision.action
    }

    /// The action and the rule, by number.
    #[must_use]
    pub fn decision(&self) -> Decision {
        self.decision
    }

    /// The name of the action, such as `inform(payment)`.
    #[must_use]
    pub fn action_name(&self) -> &'c str {
        self.call.agent().table().action_name(self.decision.action)
    }

    /// Appends the words to say, the value that is read out in its place.
    pub fn write_text(&self, words: &mut String) {
        let scenario = self.call.agent().scenario();
        speech::say(scenario, self.decision.action, self.value(), words);
    }

    /// The words to say.
    #[must_use]
    pub fn text(&self) -> String {
        let mut words = String::new();
        self.write_text(&mut words);
        words
    }

    /// The value that is read out, as the scenario or the customer has it; `None` where the action reads out none, or
    /// none is known.
    #[must_use]
    pub fn value(&self) -> Option<&'c str> {
        self.read_out().map(|(_, value)| value)
    }

    /// The slot of which a value is read out, with that value.
    #[must_use]
    pub fn read_out(&self) -> Option<(&'c str, &'c str)> {
        let scenario = self.call.agent().scenario();
        let slot = usize::from(speech::read_out(scenario, self.decision.action)?);
        Some((&scenario.names.slots[slot], self.call.value(slot)?))
    }

    /// The id of the rule that fired; `None` where none did, or what it says is masked.
    #[must_use]
    pub fn rule(&self) -> Option<&'c str> {
        let rule = self.decision.rule?;
        Some(&self.call.agent().table().rules()[rule as usize].id)
    }

    /// The rule that fired, in words: `when identity is claimed: confirm_identity`.
    #[must_use]
    pub fn explain(&self) -> String {
        let table = self.call.agent().table();
        match self.decision.rule {
            Some(rule) => table.explain(&table.rules()[rule as usize]),
            None => format!("no rule applies: {}", self.action_name()),
        }
    }

    /// The actions that are allowed now.
    #[must_use]
    pub fn mask(&self) -> ActionMask {
        self.call.mask()
    }

    /// Whether the call is over once this was said.
    #[must_use]
    pub fn ends(&self) -> bool {
        (self.call.agent().scenario().ending()).allows(self.decision.action)
    }
}
