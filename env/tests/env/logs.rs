//! Call logs: what is written is read back, version 1 is still read, and the phone sees what was logged.

use std::collections::{BTreeMap, BTreeSet};

use offhook_env::belief::caller::CallerRecord;
use offhook_env::call::customer::AnsweredBy;
use offhook_env::call::outcome::EndedBy;
use offhook_env::log::{PlayedLog, Record, Recorded};
use serde_json::{Value, json};

use super::*;

/// A call at random, with what the policy saw in every turn and what was believed at the end.
fn played(world: &World<Plain>, episode: u64) -> (CallLog, Vec<Vec<u8>>, BeliefState) {
    let scenario = &world.scenario;
    let mut call = Call::start(world, 3, Stream::Evaluate, episode);
    let mut log = PlayedLog::start(world, &call, episode.to_string(), &CallerRecord::EMPTY);
    let mut seen = Vec::new();
    for turn_idx in 0.. {
        let observation = call.belief.observation(scenario);
        seen.push(observation.codes.to_vec());
        let uniform = uniform_at(3, Stream::Act, episode, turn_idx);
        let action = RandomPolicy.sample(observation, scenario.layout.n_actions(), uniform);
        let turn = call.step(world, action);
        log.turn(world, &call, (action, 1.0), &turn);
        if let Some(summary) = turn.summary {
            return (log.finish(&summary), seen, call.belief);
        }
    }
    unreachable!("every call ends")
}

#[test]
fn the_phone_sees_what_the_laboratory_saw() {
    let world = world();
    let mut n_recorded = 0;
    for episode in 0..200 {
        let (call, seen, belief) = played(&world, episode);
        assert_eq!(call.check(), Ok(()));
        let text = serde_json::to_string(&call).expect("a log is JSON");
        let read = log::parse_call(text.as_bytes()).expect("it is read back");
        assert_eq!(read, call);
        let replayed = log::replay(&world.scenario, &read).expect("it fits the scenario");
        let codes = replayed.steps.into_iter().map(|step| step.codes);
        assert_eq!(codes.collect::<Vec<_>>(), seen);

        // The record is what its changes add up to.
        let changes = call.turns.iter().flat_map(|turn| &turn.recorded);
        let record: BTreeMap<_, _> = { changes }
            .map(|change| (&*change.slot, (&change.value, change.confirmed)))
            .collect();
        for (slot, name) in world.scenario.names.slots.iter().enumerate() {
            let believed = belief.slot(slot);
            let value = world.scenario.slots[slot]
                .values
                .get(believed.value() as usize);
            let value = value.filter(|_| believed.prob() >= 0.5).cloned();
            let confirmed = value.is_some() && belief.is_confirmed(slot);
            let found = record.get(&**name).copied().unwrap_or((&None, false));
            assert_eq!(found, (&value, confirmed), "call {episode}, {name}");
            n_recorded += usize::from(value.is_some());
        }
    }
    assert!(n_recorded > 20, "{n_recorded}");
}

#[test]
fn a_played_call_says_all_that_is_known_of_it() {
    let world = world();
    let calls: Vec<_> = (0..200).map(|episode| played(&world, episode).0).collect();
    let mut n_read_out = 0;
    for call in &calls {
        let answered = call.answered_by.as_ref().expect("somebody answered");
        assert_eq!(answered.by, AnsweredBy::Human);
        let goal = call.goal.as_ref().expect("customers have goals");
        assert!(goal.slots["agrees"] == "yes" || goal.slots["agrees"] == "no");
        assert!(goal.right_person.is_some() && goal.available == Some(true));
        let ended = call.ended.as_ref().expect("it ended");
        let outcome = call.outcome.expect("it came to something");
        assert_eq!(ended.by, outcome.ended_by());
        let mut before = 0.0;
        for turn in &call.turns {
            assert_eq!(turn.system_start_seconds, Some(before));
            assert_eq!(turn.system_end_seconds, turn.user_start_seconds);
            before = turn.user_end_seconds.expect("a turn takes time");
            for (slot, value) in &turn.values {
                assert_eq!(turn.action, format!("confirm({slot})"));
                assert_eq!(turn.system_text, format!("You said {value}?"));
                n_read_out += 1;
            }
        }
    }
    assert!(n_read_out > 5, "{n_read_out}");
}

#[test]
fn a_value_is_confirmed_by_a_yes_to_it_until_it_changes() {
    let scenario = scenario();
    let mut belief = BeliefState::new(&scenario);
    let mut record = Record::EMPTY;
    let values = &scenario.slots;
    let text = |slot: usize, v: u8| values[slot].values.get(usize::from(v)).map(String::as_str);
    let mut turn = |action: &str, heard: &[(UserAct, f32)]| {
        exchange(&scenario, &mut belief, action, heard);
        let changed = record.update(&scenario, text, &belief);
        let entry = |entry: Recorded| {
            assert_eq!(entry.slot, "agrees");
            (entry.value, entry.confirmed)
        };
        changed.into_iter().map(entry).collect::<Vec<_>>()
    };
    let some = |value: &str, confirmed| vec![(Some(value.to_owned()), confirmed)];
    // Too faint to be recorded, then enough.
    assert_eq!(turn("ask(agrees)", &[(UserAct::inform(0, YES), 0.4)]), []);
    assert_eq!(
        turn("ask(agrees)", &[(UserAct::inform(0, YES), 0.6)]),
        some("yes", false)
    );
    // A doubtful yes confirms nothing, a clear one does.
    assert_eq!(turn("confirm(agrees)", &[(AFFIRM, 0.4)]), []);
    assert_eq!(turn("confirm(agrees)", &[(AFFIRM, 0.9)]), some("yes", true));
    assert_eq!(turn("confirm(agrees)", &[(AFFIRM, 0.9)]), []);
    // Another value is another matter, and a no takes back what was confirmed.
    assert_eq!(
        turn("greet", &[(UserAct::inform(0, NO), 1.0)]),
        some("no", false)
    );
    assert_eq!(turn("confirm(agrees)", &[(AFFIRM, 0.9)]), some("no", true));
    assert_eq!(turn("confirm(agrees)", &[(DENY, 0.8)]), [(None, false)]);
    assert_eq!(
        turn("greet", &[(UserAct::inform(0, NO), 0.9)]),
        some("no", false)
    );
}

#[test]
fn version_1_is_still_read() {
    let text = include_str!("call_log.v1.jsonl");
    let old: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let calls: Vec<CallLog> = log::read_calls(text.as_bytes())
        .map(|call| call.expect("a call of version 1").1)
        .collect();
    let by: Vec<_> = calls
        .iter()
        .map(|call| call.ended.as_ref().map(|ended| ended.by))
        .collect();
    let expected = [
        Some(EndedBy::Customer),
        Some(EndedBy::Transfer),
        Some(EndedBy::Timeout),
        Some(EndedBy::Robot),
        None,
    ];
    assert_eq!(by, expected);
    for (call, mut old) in calls.iter().zip(old) {
        let mut new = serde_json::to_value(call).expect("JSON");
        // Everything is there that was, times under the names of today.
        let old_call = old.as_object_mut().expect("an object");
        let new_call = new.as_object_mut().expect("an object");
        assert_eq!(new_call["schema"], log::SCHEMA);
        old_call.insert("schema".into(), json!(log::SCHEMA));
        old_call
            .entry("caller")
            .or_insert(json!({"id": "", "features": {}}));
        new_call.remove("ended");
        for turn in old_call["turns"].as_array_mut().expect("turns") {
            let turn = turn.as_object_mut().expect("a turn");
            turn.entry("n_best").or_insert(json!([]));
            for (then, now) in [
                ("start_seconds", "system_start_seconds"),
                ("end_seconds", "user_end_seconds"),
            ] {
                if let Some(seconds) = turn.remove(then) {
                    turn.insert(now.into(), seconds);
                }
            }
        }
        assert_eq!(new, old);
    }
    // Version 1 did not ask for times in order, but today's calls do.
    let (back, _) = text.split_once('\n').expect("lines");
    let back = back.replace("\"end_seconds\":9.0", "\"end_seconds\":1.0");
    let read = log::parse_call(back.as_bytes()).expect("a call of version 1");
    let message = read.check().expect_err("it ends before it begins");
    assert!(
        message.starts_with("turn 1: user_end_seconds 1"),
        "{message}"
    );
    assert!(calls.iter().all(|call| call.check().is_ok()));
}

#[test]
fn a_value_that_a_closed_list_lacks_is_left_out_and_counted() {
    let scenario = scenario();
    let mut reader = log::ActReader::new(&scenario);
    let said = reader
        .utterance(&["inform(agrees=perhaps)".to_owned()])
        .expect("the act is known");
    assert_eq!((said.first().value, reader.n_dropped()), (NONE, 1));
    let mut belief = BeliefState::new(&scenario);
    exchange(
        &scenario,
        &mut belief,
        "ask(agrees)",
        &[(said.first(), 0.9)],
    );
    assert_eq!(level(&scenario, &belief, "value.agrees"), "none");
}

#[test]
fn a_broken_log_is_refused_by_line() {
    let good = r#"{"schema":2,"call_id":"a","scenario":"tiny","turns":[{"action":"greet"}]}"#;
    let text = [
        good,
        "{\"schema\":2",
        &good.replace(":2,", ":3,"),
        &good.replace("turns", "turnz"),
        "",
        &good.replace("\"a\"", "\"b\""),
        good,
        "{\"schema\":2",
    ]
    .join("\n");
    let found: Vec<_> = log::read_calls(text.as_bytes())
        .map(|r| r.map(|(line, _)| line).map_err(|e| e.to_string()))
        .collect();
    assert_eq!(found.len(), 7);
    assert_eq!((&found[0], &found[4]), (&Ok(1), &Ok(6)));
    let cut = found[6].as_ref().expect_err("the line is cut");
    assert!(cut.contains("is it cut short?"), "{cut}");
    for (k, words) in [
        (5, "line 7: call_id 'a' again"),
        (1, "line 2: no call log: EOF"),
        (2, "line 3: schema 3, this program reads schema 1 and 2"),
        (3, "line 4: no call log: unknown field `turnz`"),
    ] {
        let message = found[k].as_ref().expect_err("the line is broken");
        assert!(message.starts_with(words), "{message}");
    }
    let binary = log::read_calls(&[0xff, 0xfe, b'\n'][..])
        .next()
        .expect("one line")
        .expect_err("not UTF-8")
        .to_string();
    assert!(
        binary.starts_with("line 1: not UTF-8 from byte 1"),
        "{binary}"
    );
}

/// A call that has everything.
fn full() -> CallLog {
    let text = r#"{"schema":2,"call_id":"a","scenario":"tiny","start_time":"2026-03-01T09:30:00Z",
        "caller":{"id":"c","features":{"region":"north"},"recorded":{"agrees":"yes"}},"answered_by":{"by":"human","score":0.9},
        "goal":{"text":"Say yes.","slots":{"agrees":"yes"},"questions":["why"],"concerns":["trick"],
            "offers":["gift"],"right_person":true,"available":true,"wants_human":false,"wants_opt_out":false},
        "recognizer":"ears 1.0",
        "turns":[{"action":"confirm(agrees)","action_prob":1.0,"system_text":"You said yes?",
            "values":{"agrees":"yes"},"user_text":"yes",
            "n_best":[{"acts":["affirm"],"confidence":0.9,"text":"yes"}],
            "transcripts":[{"text":"yes","score":-0.5}],"user_acts":["affirm"],
            "recorded":[{"slot":"agrees","value":"yes","confidence":0.97,"confirmed":true}],
            "mood":{"patience":1.0,"trust":1.0,"satisfaction":3.0},"reward":0.0,
            "system_start_seconds":0.0,"system_end_seconds":1.0,"user_start_seconds":0.9,
            "user_end_seconds":1.5,"interrupted_at_seconds":1.0,"latency_ms":300.0}],
        "ended":{"by":"customer","reason":"goodbye"},"outcome":"hung_up","success":false,
        "satisfaction":3,"raw":{"z": 1.50, "a": null}}"#;
    let line: String = text.lines().map(str::trim_start).collect();
    let call = log::parse_call(line.as_bytes()).expect("a call");
    assert_eq!(
        serde_json::to_string(&call).expect("JSON"),
        line,
        "what is read is written again, and foreign words as they were"
    );
    call
}

#[test]
fn the_schema_lists_the_keys_that_logs_have() {
    let schema: Value =
        serde_json::from_str(include_str!("../../call_log.schema.json")).expect("JSON");
    let full = serde_json::to_value(full()).expect("JSON");
    fn keys(value: &Value) -> BTreeSet<&String> {
        value.as_object().expect("an object").keys().collect()
    }
    let (call, turn) = (
        &schema["properties"],
        &schema["$defs"]["turn"]["properties"],
    );
    let first = &full["turns"][0];
    for (described, found) in [
        (call, &full),
        (&call["caller"]["properties"], &full["caller"]),
        (&call["answered_by"]["properties"], &full["answered_by"]),
        (&call["goal"]["properties"], &full["goal"]),
        (&call["ended"]["properties"], &full["ended"]),
        (turn, first),
        (&turn["n_best"]["items"]["properties"], &first["n_best"][0]),
        (
            &turn["transcripts"]["items"]["properties"],
            &first["transcripts"][0],
        ),
        (
            &turn["recorded"]["items"]["properties"],
            &first["recorded"][0],
        ),
    ] {
        assert_eq!(keys(described), keys(found));
    }
    let outcomes = json!(Outcome::ALL);
    assert_eq!(call["outcome"]["enum"], outcomes);
    let ended: Vec<EndedBy> =
        serde_json::from_value(call["ended"]["properties"]["by"]["enum"].clone())
            .expect("ways to end");
    let answered = call["answered_by"]["properties"]["by"]["enum"].clone();
    let answered: Vec<AnsweredBy> = serde_json::from_value(answered).expect("who answers");
    assert_eq!((ended.len(), answered.len()), (6, 5));
    assert_eq!(NONE, u8::MAX);
}
