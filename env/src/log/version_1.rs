//! Logs of version 1, which are read for ever: `env/call_log.v1.schema.json`.

use serde::Deserialize;

use super::call::{CallLog, Caller, Ended, HypothesisLog, SCHEMA, TurnLog};
use crate::call::customer::Mood;
use crate::call::outcome::Outcome;

/// Number of the version.
pub(super) const SCHEMA_1: u32 = 1;

/// One call as version 1 had it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallLog1 {
    #[serde(rename = "schema")]
    _schema: u32,
    call_id: String,
    scenario: String,
    start_time: Option<String>,
    #[serde(default)]
    caller: Caller1,
    turns: Vec<TurnLog1>,
    outcome: Option<Outcome>,
    success: Option<bool>,
    satisfaction: Option<u8>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Caller1 {
    #[serde(default)]
    id: String,
    #[serde(default)]
    features: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TurnLog1 {
    action: String,
    action_prob: Option<f64>,
    #[serde(default)]
    system_text: String,
    #[serde(default)]
    user_text: String,
    #[serde(default)]
    n_best: Vec<HypothesisLog1>,
    user_acts: Option<Vec<String>>,
    mood: Option<Mood>,
    reward: Option<f32>,
    start_seconds: Option<f64>,
    end_seconds: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HypothesisLog1 {
    acts: Vec<String>,
    confidence: f64,
}

impl From<CallLog1> for CallLog {
    fn from(old: CallLog1) -> Self {
        Self {
            schema: SCHEMA,
            call_id: old.call_id,
            scenario: old.scenario,
            start_time: old.start_time,
            caller: Caller {
                id: old.caller.id,
                features: old.caller.features,
                ..Caller::default()
            },
            turns: old.turns.into_iter().map(TurnLog::from).collect(),
            ended: old.outcome.map(|outcome| Ended::from(outcome.ended_by())),
            outcome: old.outcome,
            success: old.success,
            satisfaction: old.satisfaction,
            ..Self::default()
        }
    }
}

impl From<TurnLog1> for TurnLog {
    fn from(old: TurnLog1) -> Self {
        let readings = old.n_best.into_iter().map(|reading| HypothesisLog {
            acts: reading.acts,
            confidence: reading.confidence,
            ..HypothesisLog::default()
        });
        Self {
            action: old.action,
            action_prob: old.action_prob,
            system_text: old.system_text,
            user_text: old.user_text,
            n_best: readings.collect(),
            user_acts: old.user_acts,
            mood: old.mood,
            reward: old.reward,
            system_start_seconds: old.start_seconds,
            user_end_seconds: old.end_seconds,
            ..Self::default()
        }
    }
}
