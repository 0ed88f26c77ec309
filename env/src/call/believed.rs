//! How a call ended, as the robot can know it.

use crate::act::NONE;
use crate::belief::features::{
    SPARE, answered_by, callback, concern, identity, offer, spoken, wish,
};
use crate::belief::tracker::BeliefState;
use crate::call::RECORDED;
use crate::call::outcome::{EndedBy, Outcome};
use crate::scenario::{Need, Scenario};

/// The outcome of a call by what the robot believes when it is over: [`Outcome`]'s names in [`Outcome`]'s order, with
/// belief in place of the hidden truth.
///
/// - `hung_up`, `transferred`, `truncated`: a fact, `by` says it; a line that broke counts as hung up. Where nobody was
///   reached it is `incomplete`.
/// - `completed`: every condition of the scenario that applies to the believed values holds. A slot is known from a
///   belief of one half on, *whatever its true value is*; an offer is taken or refused as it was heard; a concern is met
///   unless it was heard and not addressed. Never with somebody who was heard to be another person, or a machine.
/// - The others: as they were heard. A wish that was misheard or missed is the robot's mistake in both directions, so a
///   share of these outcomes differs from the simulator's, which are by the truth.
pub fn believed_outcome(scenario: &Scenario, belief: &BeliefState, by: EndedBy) -> Outcome {
    let f = &scenario.index;
    let codes = belief.codes(scenario);
    // What a scenario has no feature for never happened.
    let is = |feature: usize, level: u8| feature != SPARE && codes[feature] == level;
    let machine =
        is(f.answered_by, answered_by::VOICEMAIL) || is(f.answered_by, answered_by::SCREENING);
    let wrong_person = is(f.identity, identity::WRONG);
    let refused = |&offer: &usize| codes[offer] >= offer::DECLINED;
    match by {
        EndedBy::Customer | EndedBy::Line => Outcome::HungUp,
        EndedBy::Transfer => Outcome::Transferred,
        EndedBy::Timeout => Outcome::Truncated,
        EndedBy::NeverConnected => Outcome::Incomplete,
        EndedBy::Robot if !machine && !wrong_person && is_complete(scenario, belief) => {
            Outcome::Completed
        }
        EndedBy::Robot if is(f.opt_out, wish::ASKED) => Outcome::OptedOut,
        EndedBy::Robot if is(f.left_message, spoken::YES) => Outcome::MessageLeft,
        EndedBy::Robot if machine => Outcome::Machine,
        EndedBy::Robot if wrong_person => Outcome::WrongPerson,
        EndedBy::Robot if is(f.callback, callback::AGREED) => Outcome::CallbackAgreed,
        EndedBy::Robot if f.offers.iter().any(refused) => Outcome::Declined,
        EndedBy::Robot => Outcome::Incomplete,
    }
}

/// Whether every completion condition holds by belief.
fn is_complete(scenario: &Scenario, belief: &BeliefState) -> bool {
    let f = &scenario.index;
    let codes = belief.codes(scenario);
    let value = |slot: u8| {
        let belief = belief.slot(usize::from(slot));
        Some(belief.value()).filter(|&value| value != NONE && belief.prob() >= RECORDED)
    };
    let accepted = |offer: u8| codes[f.offers[usize::from(offer)]] == offer::ACCEPTED;
    let declined = |offer: u8| codes[f.offers[usize::from(offer)]] >= offer::DECLINED;
    let holds = |need: &Need| match *need {
        Need::Identified => belief.is_identified(scenario),
        Need::Told(topic) => belief.told(scenario, topic),
        Need::Known(slot) => value(slot).is_some(),
        Need::Settled(offer) => accepted(offer) || declined(offer),
        Need::Accepted(offer) => accepted(offer),
        Need::Sent(message) => belief.sent(scenario, message),
        Need::Met(about) => !matches!(
            codes[f.concerns[usize::from(about)]],
            concern::RAISED | concern::RAISED_AGAIN
        ),
    };
    // Items that are worth something by themselves are not needed.
    let required = scenario.completion.iter().filter(|c| c.worth.is_none());
    let mut applying = required.filter(|completion| {
        let mut when = completion.when.iter();
        when.all(|(slot, holds)| {
            let value = value(*slot).map(usize::from);
            value.is_some_and(|value| holds.get(value) == Some(&true))
        })
    });
    scenario.can_complete() && applying.all(|completion| completion.need.iter().all(holds))
}
