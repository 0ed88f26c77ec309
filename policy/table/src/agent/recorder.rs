//! A call that keeps its log, driven by one step a turn.

use serde::{Deserialize, Serialize};

use offhook_env::log::{CallLog, Caller, Ended, HypothesisLog, Record, TurnLog};

use super::call::AgentCall;
use super::error::AgentError;
use super::reply::Reply;
use super::{Agent, CallerRecord, EndedBy};
use crate::table::document::compact;

/// An [`AgentCall`] with its history: who was called and the turns, as its log has them. The history is no part of the
/// call's state: a server that remembers nothing keeps it beside the state and hands both to [`resume`](Self::resume).
#[derive(Clone, Debug)]
pub struct RecordedCall {
    call: AgentCall,
    history: History,
    record: Record,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct History {
    caller: Caller,
    turns: Vec<TurnLog>,
}

/// What a log says of a call beside its history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallHead {
    /// Identifier, unique in its log.
    pub call_id: String,
    /// When it started, RFC 3339, if known.
    pub start_time: Option<String>,
}

/// What is known of a caller, as a call log has it in JSON.
///
/// # Errors
/// [`AgentError::Caller`] if it is something else.
pub fn caller_of(json: &[u8]) -> Result<Caller, AgentError> {
    serde_json::from_slice(json).map_err(|e| AgentError::Caller(e.to_string()))
}

fn owned((slot, value): (&str, &str)) -> (String, String) {
    (slot.to_owned(), value.to_owned())
}

impl RecordedCall {
    /// A call that was just answered, by somebody of whom nothing is known.
    #[must_use]
    pub fn start(agent: &Agent) -> Self {
        Self {
            call: agent.start(),
            history: History::default(),
            record: Record::EMPTY,
        }
    }

    /// A call that was just answered, by somebody of whom this is known.
    ///
    /// # Errors
    /// [`AgentError::Caller`] for a feature or a slot that the scenario does not know, or a value that it cannot have.
    pub fn start_with(agent: &Agent, caller: Caller) -> Result<Self, AgentError> {
        let scenario = agent.scenario();
        let features = scenario.caller.iter().map(|feature| &feature.name);
        let slots = scenario.names.slots.iter();
        for (known, given) in [
            (features.collect::<Vec<_>>(), &caller.features),
            (slots.collect(), &caller.recorded),
        ] {
            if let Some(name) = given.keys().find(|name| !known.contains(name)) {
                let name = name.chars().take(80).collect::<String>();
                let known: Vec<_> = known.iter().map(|name| name.as_str()).collect();
                let message = format!("unknown `{name}`, expected one of {}", known.join(", "));
                return Err(AgentError::Caller(message));
            }
        }
        let (record, n_dropped) = CallerRecord::read(scenario, &caller);
        if n_dropped > 0 {
            let message = format!("{n_dropped} values that the scenario does not know");
            return Err(AgentError::Caller(message));
        }
        let turns = Vec::new();
        Ok(Self {
            call: agent.start_with(&record),
            history: History { caller, turns },
            record: Record::EMPTY,
        })
    }

    /// Goes on with a call that was [saved](AgentCall::save) and the [history](Self::history) that was kept of it; where
    /// that is empty the log begins here.
    ///
    /// # Errors
    /// As [`Agent::resume`], and [`AgentError::History`] for one that is none or not all of this call.
    pub fn resume(agent: &Agent, state: &[u8], history: &str) -> Result<Self, AgentError> {
        let call = agent.resume(state)?;
        let mut record = Record::EMPTY;
        if call.n_turns() > 0 {
            // What was recorded before stands in the turns before.
            call.update_record(&mut record);
        }
        if history.is_empty() {
            let history = History::default();
            return Ok(Self {
                call,
                history,
                record,
            });
        }
        let history: History =
            serde_json::from_str(history).map_err(|e| AgentError::History(e.to_string()))?;
        let n_said = usize::from(call.said.is_some());
        let (found, expected) = (history.turns.len(), usize::from(call.n_turns()) + n_said);
        match found == expected {
            true => Ok(Self {
                call,
                history,
                record,
            }),
            false => {
                let message = format!("it has {found} turns, expected {expected}");
                Err(AgentError::History(message))
            }
        }
    }

    /// One turn: takes in what was recognized, best reading first, and says what comes next. The first one opens the
    /// call, with nothing heard; later no reading at all is silence.
    ///
    /// # Errors
    /// As [`AgentCall::hear_named`]; the turn is as it was.
    pub fn turn(&mut self, heard: &[HypothesisLog]) -> Result<Reply<'_>, AgentError> {
        let opens = self.call.said.is_none();
        if !(opens && heard.is_empty()) {
            self.call.hear_named(heard)?;
            if let Some(turn) = self.history.turns.last_mut() {
                turn.n_best = heard.to_vec();
                turn.recorded = self.call.update_record(&mut self.record);
            }
        }
        let reply = self.call.reply();
        self.history.turns.push(TurnLog {
            action: reply.action_name().to_owned(),
            action_prob: Some(1.0),
            system_text: reply.text(),
            values: reply.read_out().into_iter().map(owned).collect(),
            ..TurnLog::default()
        });
        Ok(reply)
    }

    /// The call.
    #[must_use]
    pub fn call(&self) -> &AgentCall {
        &self.call
    }

    /// What was said now; the same as the last [`turn`](Self::turn) gave.
    pub fn reply(&mut self) -> Reply<'_> {
        self.call.reply()
    }

    /// Who was called and the turns so far as JSON, for [`resume`](Self::resume).
    #[must_use]
    pub fn history(&self) -> String {
        compact(&self.history)
    }

    /// [`log`](Self::log) as a line of a log file, its line feed included.
    #[must_use]
    pub fn log_line(&self, head: CallHead, by: EndedBy) -> String {
        compact(&self.log(head, by)) + "\n"
    }

    /// The call's log, if it ends now; its outcome is as the robot can know it.
    #[must_use]
    pub fn log(&self, head: CallHead, by: EndedBy) -> CallLog {
        CallLog {
            call_id: head.call_id,
            scenario: self.call.agent().scenario().name.clone(),
            start_time: head.start_time,
            caller: self.history.caller.clone(),
            turns: self.history.turns.clone(),
            ended: Some(Ended::from(self.call.ended_by(by))),
            outcome: Some(self.call.outcome(by)),
            ..CallLog::default()
        }
    }
}
