//! What a call is worth, term by term, as a scenario writes it.

use serde::Deserialize;

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
