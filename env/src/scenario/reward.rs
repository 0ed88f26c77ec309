//! What a call is worth, term by term, as a scenario writes it.

use serde::Deserialize;

use crate::call::outcome::RewardTerm;
use crate::diagnostic::Source;

/// Largest size of a reward, in reward units: sums of it over the longest call stay numbers that can be compared.
const MAX_REWARD: f32 = 1e6;

/// The reward by named terms, all in reward units; costs are negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RewardSpec {
    /// Once, when the call reached its purpose.
    pub completion: f32,
    /// Once, when the robot closed after another call was agreed with a customer who had no time.
    #[serde(default)]
    pub callback: f32,
    /// Once, when the robot closed after it left a message where the customer could not be reached.
    #[serde(default)]
    pub message: f32,
    /// Per system turn.
    #[serde(default)]
    pub per_turn: f32,
    /// Per second of talk, both sides.
    #[serde(default)]
    pub per_second: f32,
    /// Once, when the customer hung up.
    #[serde(default)]
    pub hang_up: f32,
    /// Per question that was asked and not answered when the call ended.
    #[serde(default)]
    pub unanswered_question: f32,
    /// Per slot that was recorded with a value that is not true.
    #[serde(default)]
    pub misinformation: f32,
    /// Per harm by the hidden truth.
    #[serde(default)]
    pub harm: f32,
    /// Once, when the call was handed to a person.
    #[serde(default)]
    pub handoff: f32,
    /// Per rating point above 3, at the end; below 3 it counts the other way.
    #[serde(default)]
    pub satisfaction: f32,
}

impl RewardSpec {
    /// What one of a term's events is worth.
    pub fn amount(&self, term: RewardTerm) -> f32 {
        match term {
            RewardTerm::Completion => self.completion,
            RewardTerm::Callback => self.callback,
            RewardTerm::Message => self.message,
            RewardTerm::Turn => self.per_turn,
            RewardTerm::Talk => self.per_second,
            RewardTerm::HangUp => self.hang_up,
            RewardTerm::UnansweredQuestion => self.unanswered_question,
            RewardTerm::Misinformation => self.misinformation,
            RewardTerm::Harm => self.harm,
            RewardTerm::Handoff => self.handoff,
            RewardTerm::Satisfaction => self.satisfaction,
        }
    }
}

/// The reward as written, none if there is none; what is no number, or beyond [`MAX_REWARD`], is reported.
pub(super) fn checked(source: &mut Source<'_>, written: Option<RewardSpec>) -> RewardSpec {
    let reward = written.unwrap_or_default();
    for term in RewardTerm::ALL {
        // Asked so, what is no number is refused as well.
        if !(-MAX_REWARD..=MAX_REWARD).contains(&reward.amount(term)) {
            let name = term.name();
            let place = source.place_of(&["reward", name]);
            let message = format!("{name} must be a number from -{MAX_REWARD} to {MAX_REWARD}");
            source.report(place, message);
        }
    }
    reward
}
