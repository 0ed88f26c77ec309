//! The second Dialog State Tracking Challenge (Henderson, Thomson and Williams, SIGDIAL 2014): real
//! telephone calls to a restaurant information robot, mapped onto the acts of scenario `dstc2`.
//!
//! One JSON object per call with the fields of the corpus's `log.json` and `label.json` merged.
//!
//! | theirs, robot | ours |
//! |---|---|
//! | welcomemsg | greet |
//! | request(s) | ask(s) |
//! | expl-conf(s), confirm-domain | confirm(s), confirm(domain) |
//! | select(s) | ask(s)+confirm(s) |
//! | offer, inform(food, area, pricerange) | offer(venue)+inform(s) |
//! | offer, inform(phone, addr, postcode) | offer(venue)+answer(s) |
//! | canthelp(s) | apologize+inform(s) |
//! | reqmore | ask(more) |
//! | repeat | apologize+repeat |
//! | impl-conf, canthelp.exception | left out, counted |
//!
//! | theirs, caller | ours |
//! |---|---|
//! | inform(s=v); inform(this=dontcare) | inform(s=v); of the slot just asked |
//! | request(s), confirm(s=v) | ask(s) |
//! | reqalts | ask(alternative) |
//! | affirm, ack; negate, deny | affirm; deny |
//! | thankyou, bye, repeat | thank, hang_up, repeat |
//! | hello, restart, reqmore, noises | unrelated |
//!
//! Readings were made of all ten transcripts of the recogniser and not of one each: the first reading bears the best
//! words, and all words stand in `transcripts`. The corpus does not say what its robot recorded, and callers had
//! dialled themselves, so that nobody answered.

use std::collections::{BTreeMap, BTreeSet};

use offhook_env::call::outcome::EndedBy;
use offhook_env::log::{CallLog, Caller, Ended, GoalLog, HypothesisLog, Transcript, TurnLog};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::importer::{Importer, Tally};

/// Imports the corpus.
pub const IMPORTER: Importer = Importer {
    name: "dstc2",
    about: "The DSTC2 telephone corpus, one JSON object per call",
    line: call,
};

/// Hypotheses kept of a list, best first; five hold 98 % of the recogniser's mass.
const KEPT_HYPOTHESES: usize = 5;

#[derive(Deserialize)]
struct Dialog {
    session_id: String,
    date: String,
    time: String,
    caller_id: String,
    dialog_manager: u8,
    acoustic_condition: u8,
    #[serde(default)]
    goal: Goal,
    feedback: Box<RawValue>,
    turns: Vec<Turn>,
}

#[derive(Default, Deserialize)]
struct Goal {
    #[serde(default)]
    text: String,
    #[serde(default)]
    constraints: Vec<(String, String)>,
    #[serde(default, rename = "request-slots")]
    requests: Vec<String>,
}

#[derive(Deserialize)]
struct Feedback {
    success: Option<bool>,
}

#[derive(Deserialize)]
struct Turn {
    sys: String,
    sys_acts: Vec<Act>,
    sys_start: Option<f64>,
    sys_end: Option<f64>,
    /// The caller broke in.
    #[serde(default)]
    aborted: bool,
    user_start: Option<f64>,
    user_end: Option<f64>,
    #[serde(default)]
    asr_live: Vec<(String, f64)>,
    slu_live: Vec<(Vec<Act>, f64)>,
    user: String,
    user_acts: Option<Vec<Act>>,
}

#[derive(Deserialize)]
struct Act {
    act: String,
    slots: Vec<(String, serde_json::Value)>,
}

impl Act {
    /// First slot and value, if there is one.
    fn slot(&self) -> Option<(&str, &str)> {
        let (slot, value) = self.slots.first()?;
        Some((slot, value.as_str().unwrap_or_default()))
    }
}

const SLOTS: [&str; 3] = ["area", "food", "pricerange"];
const DETAILS: [&str; 3] = ["addr", "phone", "postcode"];

/// Imports one call; says where a line is none.
fn call(bytes: &[u8], tally: &mut Tally) -> Result<CallLog, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| format!("not UTF-8 from byte {} on", e.valid_up_to() + 1))?;
    let dialog: Dialog = serde_json::from_str(text).map_err(|e| format!("no DSTC2 call: {e}"))?;
    let feedback: Feedback =
        serde_json::from_str(dialog.feedback.get()).map_err(|e| format!("feedback: {e}"))?;
    let mut turns = Vec::with_capacity(dialog.turns.len());
    let mut replied = None;
    for (k, turn) in dialog.turns.iter().enumerate() {
        let mut imported = import_turn(turn, tally).map_err(|e| format!("turn {k}: {e}"))?;
        imported.latency_ms = latency_ms(replied, turn.sys_start);
        replied = turn.user_end;
        turns.push(imported);
    }
    let features = [
        ("dialog_manager", dialog.dialog_manager),
        ("acoustic_condition", dialog.acoustic_condition),
    ];
    Ok(CallLog {
        ended: dialog.turns.last().map(ended),
        call_id: dialog.session_id,
        scenario: "dstc2".into(),
        start_time: Some(format!("{}T{}", dialog.date, dialog.time)),
        caller: Caller {
            id: dialog.caller_id,
            features: features
                .map(|(name, value)| (name.to_owned(), value.to_string()))
                .into(),
            ..Caller::default()
        },
        goal: Some(goal(dialog.goal)),
        recognizer: Some(format!(
            "live recogniser of DSTC2, acoustic condition {}",
            dialog.acoustic_condition
        )),
        turns,
        success: feedback.success,
        raw: Some(dialog.feedback.into()),
        ..CallLog::default()
    })
}

/// The task that the caller was given.
fn goal(goal: Goal) -> GoalLog {
    GoalLog {
        text: goal.text,
        slots: goal.constraints.into_iter().collect(),
        questions: goal
            .requests
            .iter()
            .map(|slot| question(slot).to_owned())
            .collect(),
        ..GoalLog::default()
    }
}

/// The caller always speaks last, with a goodbye or without one.
fn ended(last: &Turn) -> Ended {
    let is_bye = |act: &Act| act.act == "bye";
    let said_bye = last.user_acts.iter().flatten().any(is_bye);
    Ended {
        by: EndedBy::Customer,
        reason: Some(
            if said_bye {
                "goodbye"
            } else {
                "broken off without a goodbye"
            }
            .to_owned(),
        ),
    }
}

/// Milliseconds from the end of the reply before to the robot's first word.
fn latency_ms(replied: Option<f64>, start: Option<f64>) -> Option<f64> {
    let seconds = start? - replied?;
    // Nobody waited where the two spoke at the same time.
    Some((seconds.max(0.0) * 1000.0).round())
}

fn import_turn(turn: &Turn, tally: &mut Tally) -> Result<TurnLog, String> {
    let action = action(&turn.sys_acts, tally)?;
    // "any" answers whatever was asked.
    let asked = action.split('+').find_map(|act| {
        let about = act
            .strip_prefix("ask(")
            .or(act.strip_prefix("confirm("))?
            .trim_end_matches(')');
        SLOTS.contains(&about).then(|| about.to_owned())
    });
    let mut n_best = Vec::new();
    let best_words = turn.asr_live.first().map(|(words, _)| words.clone());
    let texts = best_words
        .into_iter()
        .chain(std::iter::repeat_with(String::new));
    let readings = turn.slu_live.iter().take(KEPT_HYPOTHESES);
    for ((acts, posterior), text) in readings.zip(texts) {
        let acts = acts
            .iter()
            .filter_map(|act| user_act(act, asked.as_deref(), tally))
            .collect();
        n_best.push(HypothesisLog {
            acts,
            confidence: posterior.clamp(0.0, 1.0),
            text,
        });
    }
    for _ in KEPT_HYPOTHESES..turn.slu_live.len() {
        tally.drop(format!("hypotheses behind the first {KEPT_HYPOTHESES}"));
    }
    let user_acts = match &turn.user_acts {
        None => {
            tally.drop("labels of a turn, missing in the corpus");
            None
        }
        Some(labels) if labels.is_empty() => Some(vec![unlabelled(&turn.user).to_owned()]),
        Some(labels) => Some(
            labels
                .iter()
                .filter_map(|act| user_act(act, asked.as_deref(), tally))
                .collect(),
        ),
    };
    Ok(TurnLog {
        action,
        system_text: turn.sys.clone(),
        values: values(&turn.sys_acts, tally),
        user_text: turn.user.clone(),
        n_best,
        transcripts: turn.asr_live.iter().map(transcript).collect(),
        user_acts,
        system_start_seconds: turn.sys_start,
        system_end_seconds: turn.sys_end,
        user_start_seconds: turn.user_start,
        user_end_seconds: turn.user_end,
        interrupted_at_seconds: turn.sys_end.filter(|_| turn.aborted),
        ..TurnLog::default()
    })
}

fn transcript((words, score): &(String, f64)) -> Transcript {
    Transcript {
        text: words.clone(),
        score: Some(*score),
    }
}

/// What the robot read out, slot by slot; of a choice between two values the first.
fn values(acts: &[Act], tally: &mut Tally) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (slot, value) in acts.iter().flat_map(|act| &act.slots) {
        let (true, Some(value)) = (slot != "slot", value.as_str()) else {
            continue;
        };
        let first = values
            .entry(slot.clone())
            .or_insert_with(|| value.to_owned());
        if first != value {
            tally.drop("second values of a choice that was read out");
        }
    }
    values
}

/// A turn without labelled acts is silence when nothing but noise was transcribed.
fn unlabelled(words: &str) -> &'static str {
    const NOISE: [&str; 5] = ["sil", "noise", "cough", "breathing", "system"];
    if words.split_whitespace().all(|word| NOISE.contains(&word)) {
        "silence"
    } else {
        "unrelated"
    }
}

/// The robot's acts as one action: the kind of the first act decides, the slots of all count.
fn action(acts: &[Act], tally: &mut Tally) -> Result<String, String> {
    let first = acts
        .first()
        .ok_or("the robot does nothing, expected at least one act in sys_acts")?;
    let mut slots = BTreeSet::new();
    for act in acts {
        if matches!(act.act.as_str(), "impl-conf" | "canthelp.exception") {
            tally.drop(format!("robot acts `{}`", act.act));
            if act.act == "impl-conf" {
                continue;
            }
        }
        for (slot, value) in &act.slots {
            match (slot.as_str(), value.as_str()) {
                ("slot", Some(name)) => slots.insert(name.to_owned()),
                ("name", _) => false,
                _ => slots.insert(slot.clone()),
            };
        }
    }
    let each = |kind: &str, among: Option<[&str; 3]>| -> Vec<String> {
        let wanted = slots
            .iter()
            .filter(|slot| among.is_none_or(|names| names.contains(&slot.as_str())));
        wanted.map(|slot| format!("{kind}({slot})")).collect()
    };
    let parts = match first.act.as_str() {
        "welcomemsg" => vec!["greet".to_owned()],
        "request" => each("ask", None),
        "expl-conf" => each("confirm", None),
        "select" => [each("ask", None), each("confirm", None)].concat(),
        "reqmore" => vec!["ask(more)".to_owned()],
        "confirm-domain" => vec!["confirm(domain)".to_owned()],
        "repeat" => vec!["apologize".to_owned(), "repeat".to_owned()],
        "canthelp" => [vec!["apologize".to_owned()], each("inform", Some(SLOTS))].concat(),
        "offer" => {
            let offer = vec!["offer(venue)".to_owned()];
            [
                offer,
                each("inform", Some(SLOTS)),
                each("answer", Some(DETAILS)),
            ]
            .concat()
        }
        other => return Err(format!("unknown robot act `{other}`")),
    };
    Ok(parts.join("+"))
}

/// The question about a slot.
fn question(slot: &str) -> &str {
    match SLOTS.contains(&slot) || DETAILS.contains(&slot) {
        true => slot,
        false => "other",
    }
}

fn user_act(act: &Act, asked: Option<&str>, tally: &mut Tally) -> Option<String> {
    let kind = act.act.as_str();
    let text = match (kind, act.slot()) {
        ("inform", Some(("this", value))) => match asked {
            Some(slot) => format!("inform({slot}={value})"),
            None => {
                tally.drop("\"any\" when nothing was asked");
                return None;
            }
        },
        ("inform", Some((slot, value))) if SLOTS.contains(&slot) => {
            format!("inform({slot}={value})")
        }
        ("request", Some((_, slot))) | ("confirm", Some((slot, _))) => {
            format!("ask({})", question(slot))
        }
        ("reqalts", _) => "ask(alternative)".to_owned(),
        ("affirm" | "ack", _) => "affirm".to_owned(),
        ("negate" | "deny", _) => "deny".to_owned(),
        ("thankyou", _) => "thank".to_owned(),
        ("bye", _) => "hang_up".to_owned(),
        ("repeat", _) => "repeat".to_owned(),
        ("hello" | "restart" | "reqmore", _) => "unrelated".to_owned(),
        _ => {
            tally.drop(format!(
                "caller acts `{kind}({})`",
                act.slot().map_or("", |(slot, _)| slot)
            ));
            return None;
        }
    };
    Some(text)
}

#[cfg(test)]
mod tests;
