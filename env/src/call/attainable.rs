//! Which calls can complete at all: the fair denominator of completion.

use crate::act::NONE;
use crate::call::customer::{Goal, Truth};
use crate::scenario::{Need, Scenario};

/// Whether a call can complete, from the hidden truth at its start, before anything is said; so it is the same
/// for every policy.
///
/// It can with the right person on the line (not with a machine, even one that might put the call through) who
/// has time, wants neither a human nor an end of all calls, and refuses nothing that completion needs: would
/// take every offer that must be accepted, and has a value for every slot that must be known. Patience,
/// concerns and the line are no hindrance by themselves: to get past them is the robot's work.
pub fn is_attainable(scenario: &Scenario, truth: &Truth, goal: Goal) -> bool {
    let grants = |need: &Need| match *need {
        Need::Accepted(offer) => goal.offers >> offer & 1 == 1,
        Need::Known(slot) => truth.slots[usize::from(slot)] != NONE,
        Need::Identified | Need::Told(_) | Need::Settled(_) | Need::Sent(_) | Need::Met(_) => true,
    };
    truth.right_person
        && !truth.machine
        && !truth.unavailable
        && !goal.wants_human
        && !goal.wants_opt_out
        && scenario.can_complete()
        && scenario.needs(truth).all(grants)
}
