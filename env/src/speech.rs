//! The robot's words: the phrase of an action with the value that it reads out; the same in logs, on the screen and
//! on the phone.

use crate::act::NONE;
use crate::action::ActionId;
use crate::scenario::Scenario;

/// Where a phrase has the value.
const PLACE: &str = "{value}";

/// The slot whose value an action reads out, if any.
#[inline]
pub fn read_out(scenario: &Scenario, action: ActionId) -> Option<u8> {
    let slot = scenario.move_of(action).confirms;
    (slot != NONE).then_some(slot)
}

/// Appends the words of an action to `words`; `value` is what it reads out. Where none is known the phrase stays as the
/// scenario has it.
pub fn say(scenario: &Scenario, action: ActionId, value: Option<&str>, words: &mut String) {
    let phrase = scenario.phrase(action);
    let Some((slot, value)) = read_out(scenario, action).zip(value) else {
        words.push_str(phrase);
        return;
    };
    for (k, part) in phrase.split(PLACE).enumerate() {
        if k > 0 {
            scenario.slots[usize::from(slot)].speak(value, words);
        }
        words.push_str(part);
    }
}
