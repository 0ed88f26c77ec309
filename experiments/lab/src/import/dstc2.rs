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

use std::collections::BTreeSet;

use offhook_env::log::{CallLog, Caller, HypothesisLog, SCHEMA, TurnLog};
use serde::Deserialize;

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
    feedback: Feedback,
    turns: Vec<Turn>,
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
    user_end: Option<f64>,
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
    let mut turns = Vec::with_capacity(dialog.turns.len());
    for (k, turn) in dialog.turns.iter().enumerate() {
        turns.push(import_turn(turn, tally).map_err(|e| format!("turn {k}: {e}"))?);
    }
    let features = [
        ("dialog_manager", dialog.dialog_manager),
        ("acoustic_condition", dialog.acoustic_condition),
    ];
    Ok(CallLog {
        schema: SCHEMA,
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
        turns,
        outcome: None,
        success: dialog.feedback.success,
        satisfaction: None,
    })
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
    for (acts, posterior) in turn.slu_live.iter().take(KEPT_HYPOTHESES) {
        let acts = acts
            .iter()
            .filter_map(|act| user_act(act, asked.as_deref(), tally))
            .collect();
        n_best.push(HypothesisLog {
            acts,
            confidence: posterior.clamp(0.0, 1.0),
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
        action_prob: None,
        system_text: turn.sys.clone(),
        user_text: turn.user.clone(),
        n_best,
        user_acts,
        mood: None,
        reward: None,
        start_seconds: turn.sys_start,
        end_seconds: turn.user_end,
    })
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
            let known = SLOTS.contains(&slot) || DETAILS.contains(&slot);
            format!("ask({})", if known { slot } else { "other" })
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
mod tests {
    use super::*;

    const LINE: &str = r#"{"session_id":"a-1","dir":"x","split":"train","date":"2013-03-27","time":"01:04:16",
        "caller_id":"c","dialog_manager":0,"acoustic_condition":1,"goal":{},"feedback":{"success":true,"comments":null},
        "turns":[{"turn":0,"sys":"What kind of food?","sys_acts":[{"act":"request","slots":[["slot","food"]]}],
        "sys_start":0.1,"sys_end":1.0,"aborted":false,"user_start":1.0,"user_end":2.5,
        "slu_live":[[[{"act":"inform","slots":[["this","dontcare"]]}],0.9],[[],0.1]],
        "user":"any","user_acts":[{"act":"inform","slots":[["this","dontcare"]]}]}]}"#;

    #[test]
    fn any_answers_the_slot_that_was_asked() {
        let line = LINE.replace('\n', " ");
        let mut tally = Tally::default();
        let call = call(line.as_bytes(), &mut tally).expect("the line is a call");
        assert_eq!(call.turns[0].action, "ask(food)");
        assert_eq!(
            call.turns[0].user_acts.as_deref(),
            Some(&["inform(food=dontcare)".to_owned()][..])
        );
        assert_eq!(call.turns[0].n_best[1].acts, Vec::<String>::new());
        assert!(tally.dropped.is_empty(), "{:?}", tally.dropped);
    }

    #[test]
    fn a_cut_line_is_refused_with_the_reason() {
        let mut tally = Tally::default();
        let error = call(&LINE.as_bytes()[..300], &mut tally).expect_err("the line is cut");
        assert!(error.starts_with("no DSTC2 call: EOF"), "{error}");
    }

    #[test]
    fn an_unknown_robot_act_names_turn_and_act() {
        let line = LINE.replace('\n', " ").replace("\"request\"", "\"sing\"");
        let error = call(line.as_bytes(), &mut Tally::default()).expect_err("nobody sings");
        assert_eq!(error, "turn 0: unknown robot act `sing`");
    }
}
