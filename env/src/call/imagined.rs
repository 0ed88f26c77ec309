//! A call that goes on with a customer who is only supposed.

use crate::action::ActionId;
use crate::belief::tracker::BeliefState;
use crate::call::customer::Truth;
use crate::call::{Call, harm};
use crate::rng::Rng;
use crate::scenario::Scenario;

impl<P> Call<P> {
    /// What may come of a call in which the robot believes `belief`, if `customer` is on the line, of whom `harms` are
    /// counted already (see [`harms_of`]): rewards of its steps are those that would follow. Nothing is known of the
    /// call on which the robot is, so that its summary counts time, rules and attainability from here on, and its
    /// episode is 0.
    pub fn imagine(belief: &BeliefState, customer: P, harms: u8, rng: Rng) -> Self {
        Self {
            belief: belief.clone(),
            customer,
            rng,
            episode: 0,
            seconds: 0.0,
            machine_seconds: 0.0,
            harms,
            rules_broken: 0,
            attainable: false,
        }
    }
}

/// The harms that saying `action` does if `truth` holds, one bit a kind; each kind counts once a call.
pub fn harms_of(scenario: &Scenario, truth: &Truth, action: ActionId) -> u8 {
    harm(scenario, truth, action)
}
