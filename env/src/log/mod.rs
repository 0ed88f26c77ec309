//! The call log: JSON Lines, one call a line, whether it was played, imported or recorded.
//!
//! Acts are written as in scenario files (`inform(payment=yes)`), so that a log can be read by
//! people. `env/call_log.schema.json` describes the format for other programs.

mod check;
pub mod dialog;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use crate::act::{
    AboutClass, Hypothesis, MAX_ACTS, MAX_HYPOTHESES, NBest, NONE, UserAct, UserActKind, Utterance,
};
use crate::action::{ActionId, ActionMask};
use crate::belief::tracker::BeliefState;
use crate::call::customer::Mood;
use crate::call::outcome::Outcome;
use crate::scenario::Scenario;
use crate::scenario::caller::CallerRecord;
use crate::scenario::slot::Reading;

/// Version of the format.
pub const SCHEMA: u32 = 1;

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
    /// The turns in order: what the robot did and what came back.
    pub turns: Vec<TurnLog>,
    /// How the call ended, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Whether the customer got what the call was for, by the customer's own judgment or the hidden
    /// truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// The customer's rating, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub satisfaction: Option<u8>,
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
    pub features: std::collections::BTreeMap<String, String>,
    /// What an earlier call recorded: value by slot.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub recorded: std::collections::BTreeMap<String, String>,
}

/// One turn: a robot's action and the customer's reply.
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
    /// The customer's words, transcribed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_text: String,
    /// What the recogniser understood, best first.
    #[serde(default)]
    pub n_best: Vec<HypothesisLog>,
    /// What the customer truly did, if labelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_acts: Option<Vec<String>>,
    /// How the customer felt after the turn, if simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mood: Option<Mood>,
    /// Reward of the turn, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reward: Option<f32>,
    /// Seconds from the start of the call to the robot's first word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_seconds: Option<f64>,
    /// Seconds from the start of the call to the end of the customer's reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_seconds: Option<f64>,
}

/// One reading of a recogniser.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HypothesisLog {
    /// Acts, as `inform(payment=yes)`.
    pub acts: Vec<String>,
    /// Confidence in `[0, 1]`.
    pub confidence: f64,
}

/// Why a line of a log was refused.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LogError {
    /// Line, counted from 1.
    pub line: usize,
    /// What was found, what was expected, what to do.
    pub message: String,
}

/// Most characters of a message; one that quotes what it found could be as long as the line.
const MAX_MESSAGE: usize = 400;

impl LogError {
    /// An error of which no more is kept than can be read.
    pub fn new(line: usize, mut message: String) -> Self {
        if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
            message.truncate(end);
            message.push('…');
        }
        Self { line, message }
    }

    /// An error in a line of these bytes; where they have no end, neither may the file.
    pub fn in_line(line: usize, bytes: &[u8], message: String) -> Self {
        match bytes.ends_with(b"\n") {
            true => Self::new(line, message),
            false => {
                let hint = "the file ends in this line, is it cut short?";
                Self::new(line, format!("{hint} {message}"))
            }
        }
    }
}

/// Reads a log line by line; faulty lines come back as errors with their number, good ones as
/// calls. A `call_id` that was there before is a fault. Ends after the first error of the reader itself.
pub fn read_calls<R: BufRead>(
    mut reader: R,
) -> impl Iterator<Item = Result<(usize, CallLog), LogError>> {
    let mut number = 0;
    let mut over = false;
    let mut ids = CallIds::default();
    std::iter::from_fn(move || {
        while !over {
            number += 1;
            let mut bytes = Vec::new();
            match reader.read_until(b'\n', &mut bytes) {
                Ok(0) => return None,
                Ok(_) => {}
                Err(error) => {
                    over = true;
                    let message = format!("cannot be read: {error}; is the file cut short?");
                    return Some(Err(LogError::new(number, message)));
                }
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let call = parse_call(&bytes).and_then(|call| {
                ids.add(&call)?;
                Ok((number, call))
            });
            return Some(call.map_err(|message| LogError::in_line(number, &bytes, message)));
        }
        None
    })
}

/// Reads and checks one line.
///
/// # Errors
/// What is wrong with it.
pub fn parse_call(bytes: &[u8]) -> Result<CallLog, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        format!(
            "not UTF-8 from byte {} on; is the file compressed or cut?",
            e.valid_up_to() + 1
        )
    })?;
    let call: CallLog = serde_json::from_str(text).map_err(|e| format!("no call log: {e}"))?;
    call.check()?;
    Ok(call)
}

/// The identifiers of a file so far, as hashes of 8 bytes each, so that any log can be read on.
#[derive(Debug, Default)]
pub struct CallIds(HashSet<u64>);

impl CallIds {
    /// Notes a call's.
    ///
    /// # Errors
    /// If it was there before.
    pub fn add(&mut self, call: &CallLog) -> Result<(), String> {
        let mut hasher = DefaultHasher::new();
        call.call_id.hash(&mut hasher);
        if self.0.insert(hasher.finish()) {
            return Ok(());
        }
        let id = call.call_id.escape_debug();
        Err(format!(
            "call_id '{id}' again, expected each once; is a call in the file twice?"
        ))
    }
}

/// One step of a replayed call, as a learner wants it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Observation before the action.
    pub codes: Vec<u8>,
    /// Actions allowed then.
    pub mask: ActionMask,
    /// The action taken.
    pub action: ActionId,
    /// Its probability, if logged.
    pub action_prob: Option<f64>,
    /// Reward of the turn, if logged.
    pub reward: Option<f32>,
}

/// A logged call as the tracker saw it.
#[derive(Clone, Debug)]
pub struct Episode {
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Acts and hypotheses that did not fit and were left out.
    pub n_dropped: usize,
}

/// Replays a logged call through the tracker.
///
/// # Errors
/// The turn and what is wrong with it: another scenario, an unknown action or act.
pub fn replay(scenario: &Scenario, call: &CallLog) -> Result<Episode, String> {
    if call.scenario != scenario.name {
        return Err(format!(
            "the call is of scenario `{}`, expected `{}`",
            call.scenario, scenario.name
        ));
    }
    let mut reader = ActReader::new(scenario);
    let (record, n_unknown) = CallerRecord::read(scenario, &call.caller);
    let mut belief = BeliefState::with(scenario, &record);
    let mut steps = Vec::with_capacity(call.turns.len());
    for (k, turn) in call.turns.iter().enumerate() {
        let action = scenario.layout.action(&turn.action).ok_or_else(|| {
            let hint = crate::diagnostic::suggestion(
                &turn.action,
                scenario.layout.actions.iter().map(String::as_str),
            );
            format!("turn {k}: unknown action `{}`: {hint}", turn.action)
        })?;
        let observation = belief.observation(scenario);
        steps.push(Step {
            codes: observation.codes.to_vec(),
            mask: observation.mask,
            action,
            action_prob: turn.action_prob,
            reward: turn.reward,
        });
        let n_best = reader
            .n_best(&turn.n_best)
            .map_err(|e| format!("turn {k}: {e}"))?;
        belief.update(scenario, action, &n_best);
    }
    Ok(Episode {
        steps,
        n_dropped: reader.n_dropped + n_unknown,
    })
}

/// Reads the acts of one call; slot values that the scenario does not list are numbered as they
/// come, so that "the same value again" is known even where the list of values is open.
#[derive(Debug)]
pub struct ActReader<'s> {
    scenario: &'s Scenario,
    /// Values heard beyond those that each slot lists, with their numbers.
    open: Vec<Vec<(u8, String)>>,
    n_dropped: usize,
}

impl<'s> ActReader<'s> {
    /// A reader for one call.
    pub fn new(scenario: &'s Scenario) -> Self {
        Self {
            scenario,
            open: vec![Vec::new(); scenario.slots.len()],
            n_dropped: 0,
        }
    }

    /// What was left out so far: acts and hypotheses beyond [`MAX_ACTS`] and [`MAX_HYPOTHESES`], and
    /// values that a closed list does not have.
    pub fn n_dropped(&self) -> usize {
        self.n_dropped
    }

    /// An n-best list.
    ///
    /// # Errors
    /// The act that is unknown.
    pub fn n_best(&mut self, list: &[HypothesisLog]) -> Result<NBest, String> {
        let mut n_best = NBest::EMPTY;
        for hypothesis in list.iter().take(MAX_HYPOTHESES) {
            let utterance = self.utterance(&hypothesis.acts)?;
            n_best.push(Hypothesis {
                utterance,
                confidence: hypothesis.confidence.min(1.0) as f32,
            });
        }
        self.n_dropped += list.len().saturating_sub(MAX_HYPOTHESES);
        Ok(n_best)
    }

    /// The acts of one utterance.
    ///
    /// # Errors
    /// The act that is unknown.
    pub fn utterance(&mut self, acts: &[String]) -> Result<Utterance, String> {
        self.n_dropped += acts.len().saturating_sub(MAX_ACTS);
        let mut utterance = Utterance::SILENCE;
        for text in acts.iter().take(MAX_ACTS) {
            let act = self.act(text)?;
            if !self.join(&mut utterance, act) {
                utterance.push(act);
            }
        }
        Ok(utterance)
    }

    /// Joins several values of one slot, told one by one, to the set that they are.
    fn join(&self, utterance: &mut Utterance, act: UserAct) -> bool {
        let same = |told: &&mut UserAct| {
            told.kind == UserActKind::Inform && act.kind == told.kind && told.about == act.about
        };
        let slot = self.scenario.slots.get(usize::from(act.about));
        let told = utterance.acts_mut().iter_mut().find(same);
        let joined = slot.zip(told).and_then(|(slot, told)| {
            told.value = slot.union(told.value, act.value)?;
            Some(())
        });
        joined.is_some()
    }

    fn act(&mut self, text: &str) -> Result<UserAct, String> {
        let (kind, rest) = match text.split_once('(') {
            None => (text, None),
            Some((kind, rest)) => (
                kind,
                Some(
                    rest.strip_suffix(')')
                        .ok_or(format!("act `{text}` lacks its `)`"))?,
                ),
            ),
        };
        let kind = UserActKind::from_name(kind).ok_or_else(|| format!("unknown act `{text}`"))?;
        let (about, value) =
            match rest.map(|r| r.split_once('=').map_or((r, None), |(a, v)| (a, Some(v)))) {
                None => return if_about_nothing(kind, text),
                Some(("", Some(proof))) if kind == UserActKind::Inform => {
                    return Ok(UserAct {
                        value: u8::from(proof == "match"),
                        ..UserAct::new(kind)
                    });
                }
                Some(parts) => parts,
            };
        let class = kind
            .about()
            .ok_or_else(|| format!("act `{text}`: `{kind}` is about nothing"))?;
        let names = self.scenario.names.of(class);
        let about = names.iter().position(|name| name == about).ok_or_else(|| {
            format!(
                "act `{text}`: unknown {}: {}",
                class.prefix(),
                crate::diagnostic::suggestion(about, names.iter().map(String::as_str))
            )
        })?;
        let value = match value {
            Some(value) if class == AboutClass::Slot => self.value(about, value),
            _ => NONE,
        };
        Ok(UserAct {
            kind,
            about: about as u8,
            value,
        })
    }

    /// The number of a value; [`NONE`] for one that the slot cannot have, so that it has no level to be encoded as.
    fn value(&mut self, slot: usize, text: &str) -> u8 {
        let scenario = self.scenario;
        let (of, known) = (&scenario.slots[slot], &mut self.open[slot]);
        let value = match of.read(text) {
            Some(Reading::Listed(value)) => return value,
            None => NONE,
            Some(Reading::Open(text, bin)) => match known.iter().find(|(_, own)| *own == text) {
                Some(&(value, _)) => value,
                None => {
                    // Numbers beyond the list stand for the bins in turn, so that each has a level.
                    let first = of.values.len() + usize::from(bin);
                    let mut free = (first..usize::from(NONE)).step_by(of.n_bins());
                    let free = free.find(|&v| known.iter().all(|(own, _)| usize::from(*own) != v));
                    let value = free.map_or(NONE, |value| value as u8);
                    if value != NONE {
                        known.push((value, text));
                    }
                    value
                }
            },
        };
        self.n_dropped += usize::from(value == NONE);
        value
    }

    /// The text of a value of this call.
    pub fn value_text(&self, slot: usize, value: u8) -> Option<&str> {
        let listed = self.scenario.slots[slot].values.get(usize::from(value));
        let open = || self.open[slot].iter().find(|(own, _)| *own == value);
        listed
            .map(String::as_str)
            .or_else(|| open().map(|(_, text)| &**text))
    }
}

fn if_about_nothing(kind: UserActKind, text: &str) -> Result<UserAct, String> {
    match kind.about() {
        Some(class) if kind != UserActKind::Inform => Err(format!(
            "act `{text}` needs a {} in brackets",
            class.prefix()
        )),
        _ => Ok(UserAct::new(kind)),
    }
}

/// Writes acts in the notation that [`ActReader`] reads.
pub fn act_names(scenario: &Scenario, utterance: &Utterance) -> Vec<String> {
    utterance
        .acts()
        .iter()
        .map(|&act| scenario.user_act_name(act))
        .collect()
}

/// Writes an n-best list.
pub fn n_best_log(scenario: &Scenario, n_best: &NBest) -> Vec<HypothesisLog> {
    let entry = |h: &Hypothesis| HypothesisLog {
        acts: act_names(scenario, &h.utterance),
        confidence: f64::from(h.confidence),
    };
    n_best.hypotheses().iter().map(entry).collect()
}
