//! The rules of `call_log.schema.json` that types do not say.

use super::{CallLog, SCHEMA, TurnLog};

impl CallLog {
    /// Checks the call, whoever made it; the rules are those of `call_log.schema.json`.
    ///
    /// # Errors
    /// The first one that is broken: what was found, what was expected.
    pub fn check(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            let found = self.schema;
            return Err(format!(
                "schema {found}, this program reads schema {SCHEMA}"
            ));
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
        if self.turns.is_empty() {
            return Err("no turn, expected at least one".to_owned());
        }
        for (k, turn) in self.turns.iter().enumerate() {
            check_turn(turn).map_err(|e| format!("turn {k}: {e}"))?;
        }
        Ok(())
    }
}

fn check_turn(turn: &TurnLog) -> Result<(), String> {
    let confidences = turn.n_best.iter().map(|h| h.confidence);
    for prob in confidences.chain(turn.action_prob) {
        if !(0.0..=1.0 + 1e-6).contains(&prob) {
            return Err(format!("probability {prob}, expected 0 to 1"));
        }
    }
    let times = [
        ("start_seconds", turn.start_seconds),
        ("end_seconds", turn.end_seconds),
    ];
    for (name, seconds) in times {
        if let Some(seconds) = seconds.filter(|s| !(s.is_finite() && *s >= 0.0)) {
            return Err(format!("{name} {seconds}, expected at least 0"));
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
    use super::super::parse_call;
    use super::*;

    /// What is said of a call whose only turn has these entries besides its action.
    fn answer(head: &str, turn: &str) -> Result<(), String> {
        let line = format!(
            r#"{{"schema":1,"call_id":"a","scenario":"s"{head},"turns":[{{"action":"greet"{turn}}}]}}"#
        );
        parse_call(line.as_bytes()).map(drop)
    }

    #[test]
    fn what_the_schema_forbids_is_refused() {
        assert_eq!(answer("", ""), Ok(()));
        for (head, turn, expected) in [
            (r#","start_time":"around noon""#, "", "start_time"),
            (r#","satisfaction":6"#, "", "satisfaction 6"),
            ("", r#","start_seconds":-5"#, "turn 0: start_seconds -5"),
            ("", r#","end_seconds":-0.5"#, "turn 0: end_seconds -0.5"),
            ("", r#","reward":1e300"#, "number out of range"),
            ("", r#","user_acts":["No Act!"]"#, "turn 0: act 'No Act!'"),
            (
                "",
                r#","n_best":[{"acts":["inform(a=(b))"],"confidence":0.5}]"#,
                "act 'inform(a=(b))'",
            ),
        ] {
            let message = answer(head, turn).expect_err(expected);
            assert!(message.contains(expected), "{message}");
        }
        let none = br#"{"schema":1,"call_id":"a","scenario":"s","turns":[]}"#;
        let message = parse_call(none).expect_err("no turn");
        assert_eq!(message, "no turn, expected at least one");
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
