//! What a line of a log holds: one call, its turns, and what is known around them.
//!
//! All but names and turns may be unknown, and is then not written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::call::customer::{AnsweredBy, Mood};
use crate::call::outcome::{EndedBy, Outcome};

/// Version of the format.
pub const SCHEMA: u32 = 2;

/// One call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallLog {
    /// Version of the format, [`SCHEMA`].
    pub schema: u32,
    /// Identifier, unique in its file.
    pub call_id: String,
    /// Name of the scenario whose actions the turns use.
    pub scenario: String,
    /// When the call started, RFC 3339 without zone where that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// Who was called.
    #[serde(default)]
    pub caller: Caller,
    /// Who or what answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<Answered>,
    /// What the customer truly wanted, where a corpus or the simulator knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalLog>,
    /// Name and version of what recognized the customer's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recognizer: Option<String>,
    /// The turns in order: what the robot did and what came back. None where nobody was reached.
    pub turns: Vec<TurnLog>,
    /// Who ended the call: its mechanism, whatever became of the business.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// What became of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Whether the customer got what the call was for, by the customer's own judgment or the hidden
    /// truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// The customer's rating, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<u8>,
    /// What a foreign platform says of the call, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<Raw>,
}

/// A call of which nothing is known.
impl Default for CallLog {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            call_id: String::new(),
            scenario: String::new(),
            start_time: None,
            caller: Caller::default(),
            answered_by: None,
            goal: None,
            recognizer: None,
            turns: Vec::new(),
            ended: None,
            outcome: None,
            success: None,
            satisfaction: None,
            raw: None,
        }
    }
}

/// Who was called.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// Pseudonym, the unit of splits.
    #[serde(default)]
    pub id: String,
    /// What is known before the call.
    #[serde(default)]
    pub features: BTreeMap<String, String>,
    /// What an earlier call recorded: value by slot.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recorded: BTreeMap<String, String>,
}

/// Who or what answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// Which of them.
    pub by: AnsweredBy,
    /// How sure a detector was of it, `[0, 1]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// What the customer truly wanted when the call began.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalLog {
    /// The goal in the words of the corpus.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// True value of each slot that has one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub slots: BTreeMap<String, String>,
    /// Questions that were going to be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    /// Concerns that stood in the way, said or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concerns: Vec<String>,
    /// Offers that would be taken once no concern stood in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<String>,
    /// Whether the person called was on the line, or behind the machine that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_person: Option<bool>,
    /// Whether that person had time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<bool>,
    /// Whether a human was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants_human: Option<bool>,
    /// Whether no call at all was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wants_opt_out: Option<bool>,
}

/// Who ended the call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// Which of them.
    pub by: EndedBy,
    /// Why, in free words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<EndedBy> for Ended {
    fn from(by: EndedBy) -> Self {
        Self { by, reason: None }
    }
}

/// One turn: a robot's action and the customer's reply. Times are seconds from the start of the call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnLog {
    /// Name of the robot's action.
    pub action: String,
    /// Probability with which it was chosen, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_prob: Option<f64>,
    /// The robot's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system_text: String,
    /// What of the slots the robot read out: slot to value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// The customer's words, transcribed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_text: String,
    /// What the recogniser understood, best first.
    #[serde(default)]
    pub n_best: Vec<HypothesisLog>,
    /// What the recogniser took the words to be, best first, where readings are not made of one text each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transcripts: Vec<Transcript>,
    /// What the customer truly did, if labelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_acts: Option<Vec<String>>,
    /// What changed in the record with this turn, a slot once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recorded: Vec<Recorded>,
    /// How the customer felt after the turn, if simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mood: Option<Mood>,
    /// Reward of the turn, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<f32>,
    /// The robot's first word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_start_seconds: Option<f64>,
    /// The end of the robot's last word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_end_seconds: Option<f64>,
    /// The start of the customer's reply; before the end of the robot's words where they were interrupted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_start_seconds: Option<f64>,
    /// The end of the customer's reply, or of the wait for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_end_seconds: Option<f64>,
    /// When the robot broke off because the customer spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupted_at_seconds: Option<f64>,
    /// Milliseconds from the end of the reply before to the robot's first word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
}

/// One reading of a recogniser.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HypothesisLog {
    /// Acts, as `inform(payment=yes)`.
    pub acts: Vec<String>,
    /// Confidence in `[0, 1]`.
    pub confidence: f64,
    /// The words that were read so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// Words as a recogniser took them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// The words; none is silence.
    pub text: String,
    /// The recogniser's own score, larger for likelier words: a probability, or the logarithm of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// A slot of the record that a turn changed: now recorded, with another value, confirmed, or no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The slot.
    pub slot: String,
    /// Its value from now on; absent where it is no longer recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// How likely the value is, `[0, 1]`.
    pub confidence: f32,
    /// Whether the customer said yes when the robot read out this value.
    pub confirmed: bool,
}

/// JSON in the words of whoever wrote it: order of keys, digits and blanks are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Raw(Box<RawValue>);

impl Raw {
    /// The text.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl From<Box<RawValue>> for Raw {
    fn from(value: Box<RawValue>) -> Self {
        Self(value)
    }
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}
