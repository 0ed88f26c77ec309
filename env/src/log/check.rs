//! The rules of call logs that types do not say: those of `call_log.schema.json`, and the order of times.

use std::collections::{BTreeMap, BTreeSet};

use super::call::{CallLog, Ended, GoalLog, SCHEMA, TurnLog};
use crate::call::outcome::EndedBy;
use crate::names::{MAX_NAME, is_name};

/// Most characters of a slot's value.
const MAX_VALUE: usize = 1_000;

impl CallLog {
    /// Checks the call, whoever made it; the rules are those of `call_log.schema.json`, and that times
    /// are in order.
    ///
    /// # Errors
    /// The first one that is broken: what was found, what was expected.
    pub fn check(&self) -> Result<(), String> {
        self.check_parts()?;
        check_order(&self.turns)
    }

    /// The same, but for the order of times.
    pub(super) fn check_parts(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            let found = self.schema;
            return Err(format!("schema {found}, expected schema {SCHEMA}"));
        }
        if let Some(rating) = self.satisfaction.filter(|r| !(1..=5).contains(r)) {
            return Err(format!("satisfaction {rating}, expected 1 to 5"));
        }
        if let Some(time) = self.start_time.as_ref().filter(|time| !is_time(time)) {
            let time = time.escape_debug();
            return Err(format!(
                "start_time '{time}', expected RFC 3339, as 2026-03-01T09:30:00Z"
            ));
        }
        if let Some(score) = self.answered_by.as_ref().and_then(|by| by.score) {
            check_probability(score).map_err(|e| format!("answered_by: {e}"))?;
        }
        if let Some(goal) = &self.goal {
            check_goal(goal).map_err(|e| format!("goal: {e}"))?;
        }
        if self
            .raw
            .as_ref()
            .is_some_and(|raw| raw.text().contains(['\n', '\r']))
        {
            return Err("raw has a line break, expected JSON on one line".to_owned());
        }
        let reached = |ended: &Ended| ended.by != EndedBy::NeverConnected;
        if self.turns.is_empty() && self.ended.as_ref().is_none_or(reached) {
            return Err("no turn, expected at least one, or `ended` by never_connected".to_owned());
        }
        for (k, turn) in self.turns.iter().enumerate() {
            check_turn(turn).map_err(|e| format!("turn {k}: {e}"))?;
        }
        Ok(())
    }
}

fn check_goal(goal: &GoalLog) -> Result<(), String> {
    check_values(&goal.slots)?;
    let names = [&goal.questions, &goal.concerns, &goal.offers];
    names
        .into_iter()
        .flatten()
        .try_for_each(|name| check_name(name))
}

fn check_turn(turn: &TurnLog) -> Result<(), String> {
    let confidences = turn.n_best.iter().map(|h| h.confidence);
    let confidences = confidences.chain(turn.action_prob);
    let recorded = turn
        .recorded
        .iter()
        .map(|entry| f64::from(entry.confidence));
    confidences
        .chain(recorded)
        .try_for_each(check_probability)?;
    let latency = [("latency_ms", turn.latency_ms)];
    for (name, number) in moments(turn).into_iter().chain(latency) {
        if let Some(number) = number.filter(|n| !(n.is_finite() && *n >= 0.0)) {
            return Err(format!("{name} {number}, expected at least 0"));
        }
    }
    let scores = turn.transcripts.iter().filter_map(|words| words.score);
    if let Some(score) = { scores }.find(|score| !score.is_finite()) {
        return Err(format!("score {score}, expected a number"));
    }
    check_values(&turn.values)?;
    let mut slots = BTreeSet::new();
    for entry in &turn.recorded {
        check_name(&entry.slot)?;
        entry.value.as_deref().map_or(Ok(()), check_value)?;
        if !slots.insert(&entry.slot) {
            return Err(format!(
                "recorded: slot '{}' again, expected each once in a turn",
                entry.slot
            ));
        }
    }
    let heard = turn.n_best.iter().flat_map(|h| &h.acts);
    let said = turn.user_acts.iter().flatten();
    match heard.chain(said).find(|act| !is_act(act)) {
        Some(act) => Err(format!(
            "act '{}', expected a kind, as affirm, inform(slot=value)",
            act.escape_debug()
        )),
        None => Ok(()),
    }
}

fn check_probability(prob: f64) -> Result<(), String> {
    match (0.0..=1.0 + 1e-6).contains(&prob) {
        true => Ok(()),
        false => Err(format!("probability {prob}, expected 0 to 1")),
    }
}

fn check_values(values: &BTreeMap<String, String>) -> Result<(), String> {
    values.iter().try_for_each(|(slot, value)| {
        check_name(slot)?;
        check_value(value)
    })
}

fn check_name(name: &str) -> Result<(), String> {
    match is_name(name) {
        true => Ok(()),
        false => Err(format!(
            "name '{}', expected 1 to {MAX_NAME} of a-z, 0-9 and _",
            name.escape_debug()
        )),
    }
}

fn check_value(value: &str) -> Result<(), String> {
    match value.chars().nth(MAX_VALUE) {
        None => Ok(()),
        Some(_) => Err(format!(
            "a slot's value of more than {MAX_VALUE} characters: '{}'",
            value.escape_debug()
        )),
    }
}

/// A moment of a turn by name: seconds from the start of the call, where they are known.
type Moment = (&'static str, Option<f64>);

fn moments(turn: &TurnLog) -> [Moment; 5] {
    [
        ("system_start_seconds", turn.system_start_seconds),
        ("interrupted_at_seconds", turn.interrupted_at_seconds),
        ("system_end_seconds", turn.system_end_seconds),
        ("user_start_seconds", turn.user_start_seconds),
        ("user_end_seconds", turn.user_end_seconds),
    ]
}

/// Nobody ends before having begun, or begins again before. The two may speak at the same time.
fn check_order(turns: &[TurnLog]) -> Result<(), String> {
    let mut robot = ("", None);
    let mut customer = ("", None);
    for (k, turn) in turns.iter().enumerate() {
        let [start, interrupted, end, reply, reply_end] = moments(turn);
        let spoken = [start, interrupted, end].map(|moment| pass(&mut robot, moment));
        let replied = [reply, reply_end].map(|moment| pass(&mut customer, moment));
        // A reply does not end before there was something to reply to.
        let answers = pass(&mut { start }, reply_end);
        let mut all = spoken.into_iter().chain(replied).chain([answers]);
        all.try_for_each(|found| found.map_err(|e| format!("turn {k}: {e}")))?;
    }
    Ok(())
}

/// Goes on from the latest moment to the next, if that is known.
fn pass(latest: &mut Moment, next: Moment) -> Result<(), String> {
    let (name, Some(seconds)) = next else {
        return Ok(());
    };
    match *latest {
        (before, Some(limit)) if seconds < limit => Err(format!(
            "{name} {seconds}, expected at least {limit}, the {before} before it"
        )),
        _ => {
            *latest = next;
            Ok(())
        }
    }
}

/// `^[a-z_]+(\([a-z0-9_]*(=[^()]*)?\))?$`
fn is_act(text: &str) -> bool {
    let (kind, about) = match text.split_once('(') {
        None => (text, None),
        Some((kind, rest)) => (kind, Some(rest)),
    };
    let is_kind = |c: char| c.is_ascii_lowercase() || c == '_';
    let is_about = |about: &str| {
        let Some(inside) = about.strip_suffix(')') else {
            return false;
        };
        let (name, value) = inside.split_once('=').unwrap_or((inside, ""));
        name.chars().all(|c| is_kind(c) || c.is_ascii_digit()) && !value.contains(['(', ')'])
    };
    !kind.is_empty() && kind.chars().all(is_kind) && about.is_none_or(is_about)
}

/// RFC 3339 (5.6), the zone left out where it is unknown.
fn is_time(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked(10) else {
        return false;
    };
    let is_date =
        matches(date, "0000-00-00") && within(&date[5..7], 1..=12) && within(&date[8..], 1..=31);
    let Some((clock, zone)) = rest.split_at_checked(9) else {
        return false;
    };
    let clock = clock.replacen(['t', ' '], "T", 1);
    // A minute may have a leap second.
    let is_clock = matches(&clock, "T00:00:00")
        && within(&clock[1..3], 0..=23)
        && within(&clock[4..6], 0..=59)
        && within(&clock[7..], 0..=60);
    let zone = match zone.strip_prefix('.') {
        None => zone,
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
    };
    let is_offset = || {
        let offset = zone.replacen('-', "+", 1);
        matches(&offset, "+00:00") && within(&offset[1..3], 0..=23) && within(&offset[4..], 0..=59)
    };
    is_date && is_clock && (matches!(zone, "" | "Z" | "z") || is_offset())
}

/// Whether a text has a digit wherever the form has one, and else the same characters.
fn matches(text: &str, form: &str) -> bool {
    let same = |(found, wanted): (u8, u8)| match wanted {
        b'0' => found.is_ascii_digit(),
        wanted => found == wanted,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(same)
}

fn within(digits: &str, range: std::ops::RangeInclusive<u8>) -> bool {
    digits.parse().is_ok_and(|number| range.contains(&number))
}

#[cfg(test)]
mod tests {
    use super::super::read::parse_call;
    use super::*;

    /// What is said of a call whose only turn has these entries besides its action.
    fn answer(head: &str, turn: &str) -> Result<(), String> {
        let line = format!(
            r#"{{"schema":2,"call_id":"a","scenario":"s"{head},"turns":[{{"action":"greet"{turn}}}]}}"#
        );
        parse_call(line.as_bytes()).map(drop)
    }

    #[track_caller]
    fn refused(head: &str, turn: &str, expected: &str) {
        let message = answer(head, turn).expect_err(expected);
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn what_the_schema_forbids_is_refused() {
        assert_eq!(answer("", ""), Ok(()));
        for (head, expected) in [
            (r#","start_time":"around noon""#, "start_time"),
            (r#","satisfaction":6"#, "satisfaction 6"),
            (
                r#","answered_by":{"by":"human","score":1.5}"#,
                "answered_by: probability 1.5",
            ),
            (r#","answered_by":{"by":"dog"}"#, "unknown variant `dog`"),
            (r#","ended":{"by":"nobody"}"#, "unknown variant `nobody`"),
            (r#","goal":{"slots":{"A B":"c"}}"#, "goal: name 'A B'"),
            (r#","goal":{"concerns":[""]}"#, "goal: name ''"),
            (r#","goal":{"wishes":1}"#, "unknown field `wishes`"),
        ] {
            refused(head, "", expected);
        }
        let long = format!(r#","values":{{"a":"{}"}}"#, "v".repeat(1_001));
        let twice = r#","recorded":[{"slot":"a","value":"b","confidence":0.5,"confirmed":true},
            {"slot":"a","confidence":0.2,"confirmed":false}]"#;
        for (turn, expected) in [
            (
                r#","system_start_seconds":-5"#,
                "turn 0: system_start_seconds -5",
            ),
            (
                r#","user_end_seconds":-0.5"#,
                "turn 0: user_end_seconds -0.5",
            ),
            (r#","latency_ms":-1"#, "turn 0: latency_ms -1"),
            (r#","reward":1e300"#, "number out of range"),
            (r#","user_acts":["No Act!"]"#, "turn 0: act 'No Act!'"),
            (
                r#","n_best":[{"acts":["inform(a=(b))"],"confidence":0.5}]"#,
                "act 'inform(a=(b))'",
            ),
            (&long, "turn 0: a slot's value of more than 1000 characters"),
            (
                r#","recorded":[{"slot":"a","confidence":2,"confirmed":false}]"#,
                "probability 2",
            ),
            (twice, "turn 0: recorded: slot 'a' again"),
        ] {
            refused("", turn, expected);
        }
    }

    #[test]
    fn a_call_has_a_turn_or_reached_nobody() {
        let call =
            |ended| format!(r#"{{"schema":2,"call_id":"a","scenario":"s","turns":[]{ended}}}"#);
        let parse = |ended| parse_call(call(ended).as_bytes()).map(|call| call.turns.len());
        assert_eq!(parse(r#","ended":{"by":"never_connected"}"#), Ok(0));
        for ended in ["", r#","ended":{"by":"robot"}"#] {
            let message = parse(ended).expect_err("no turn");
            assert!(message.starts_with("no turn, expected at least one"));
        }
    }

    #[test]
    fn nobody_ends_before_having_begun() {
        let turn = |times: [f64; 4]| TurnLog {
            system_start_seconds: Some(times[0]),
            system_end_seconds: Some(times[1]),
            user_start_seconds: Some(times[2]),
            user_end_seconds: Some(times[3]),
            ..TurnLog::default()
        };
        // The customer breaks in before the robot says a word, as real ones do.
        let good = [turn([0.0, 2.0, 2.0, 3.0]), turn([3.5, 3.6, 3.4, 5.0])];
        assert_eq!(check_order(&good), Ok(()));
        for (second, expected) in [
            (
                [1.5, 4.0, 4.0, 5.0],
                "turn 1: system_start_seconds 1.5, expected at least 2, the system_end_seconds",
            ),
            ([3.0, 2.5, 4.0, 5.0], "turn 1: system_end_seconds 2.5"),
            ([3.0, 4.0, 2.5, 5.0], "turn 1: user_start_seconds 2.5"),
            ([3.0, 4.0, 4.0, 3.5], "turn 1: user_end_seconds 3.5"),
            (
                [3.6, 4.0, 3.2, 3.5],
                "turn 1: user_end_seconds 3.5, expected at least 3.6",
            ),
        ] {
            let message = check_order(&[good[0].clone(), turn(second)]).expect_err(expected);
            assert!(message.starts_with(expected), "{message}");
        }
        let mut late = good[0].clone();
        late.interrupted_at_seconds = Some(2.5);
        let message = check_order(&[late]).expect_err("the robot has ended");
        assert!(
            message.contains("at least 2.5, the interrupted_at_seconds"),
            "{message}"
        );
    }

    #[test]
    fn times_are_those_of_rfc_3339_with_or_without_zone() {
        for time in [
            "2013-03-27T01:04:16",
            "2013-03-27T01:04:16Z",
            "2013-03-27 01:04:16.25+05:30",
        ] {
            assert!(is_time(time), "{time}");
        }
        for time in [
            "",
            "2013-03-27",
            "2013-13-27T01:04:16",
            "2013-03-27T25:04:16",
            "2013-03-27T01:04:16.",
            "2013-03-27T01:04:16+5",
            "2013-03-27T01:04:16ß",
            "aäaäaäaäaäaäa",
        ] {
            assert!(!is_time(time), "{time}");
        }
    }

    #[test]
    fn acts_are_those_of_the_schema() {
        for act in ["affirm", "ask(price)", "inform(=match)", "inform(a=b, c)"] {
            assert!(is_act(act), "{act}");
        }
        for act in [
            "",
            "Affirm",
            "ask(price",
            "ask price",
            "ask(A)",
            "a(b)c",
            "a(b=c(d)",
        ] {
            assert!(!is_act(act), "{act}");
        }
    }
}
