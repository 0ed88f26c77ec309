//! One made-up call of the corpus, and what becomes of it.

use super::*;

const LINE: &str = r#"{"session_id":"a-1","dir":"x","split":"train","date":"2013-03-27","time":"01:04:16",
    "caller_id":"c","dialog_manager":0,"acoustic_condition":1,
    "goal":{"text":"Task 1.","constraints":[["food","dontcare"]],"request-slots":["phone","name"]},
    "feedback":{"success":true,"comments":null},
    "turns":[{"turn":0,"sys":"What kind of food?","sys_acts":[{"act":"request","slots":[["slot","food"]]}],
    "sys_start":0.1,"sys_end":1.0,"aborted":false,"user_start":1.0,"user_end":2.5,
    "asr_live":[["any",-0.1],["",-3.0]],
    "slu_live":[[[{"act":"inform","slots":[["this","dontcare"]]}],0.9],[[],0.1]],
    "user":"any","user_acts":[{"act":"inform","slots":[["this","dontcare"]]}]},
    {"turn":1,"sys":"Thai or british?","sys_acts":[{"act":"select","slots":[["food","thai"]]},
    {"act":"select","slots":[["food","british"]]}],"sys_start":2.75,"sys_end":3.0,"aborted":true,
    "user_start":2.9,"user_end":3.5,"slu_live":[],"user":"bye","user_acts":[{"act":"bye","slots":[]}]}]}"#;

fn imported(line: &str, tally: &mut Tally) -> CallLog {
    let line = line.replace('\n', " ");
    let call = call(line.as_bytes(), tally).expect("the line is a call");
    assert_eq!(call.check(), Ok(()));
    call
}

#[test]
fn any_answers_the_slot_that_was_asked() {
    let mut tally = Tally::default();
    let call = imported(LINE, &mut tally);
    assert_eq!(call.turns[0].action, "ask(food)");
    assert_eq!(
        call.turns[0].user_acts.as_deref(),
        Some(&["inform(food=dontcare)".to_owned()][..])
    );
    assert_eq!(call.turns[0].n_best[1].acts, Vec::<String>::new());
    let dropped: Vec<_> = tally.dropped.into_iter().collect();
    assert_eq!(
        dropped,
        [("second values of a choice that was read out".to_owned(), 1)]
    );
}

#[test]
fn all_that_the_corpus_knows_is_in_the_log() {
    let call = imported(LINE, &mut Tally::default());
    let goal = call.goal.expect("a task");
    assert_eq!((&*goal.text, &*goal.slots["food"]), ("Task 1.", "dontcare"));
    assert_eq!(goal.questions, ["phone", "other"]);
    let raw = call.raw.expect("feedback");
    assert_eq!(raw.text(), r#"{"success":true,"comments":null}"#);
    let [first, second] = &call.turns[..] else {
        panic!("two turns");
    };
    let words: Vec<_> = first.n_best.iter().map(|reading| &*reading.text).collect();
    assert_eq!(words, ["any", ""]);
    assert_eq!(first.transcripts.len(), 2);
    assert_eq!((first.latency_ms, second.latency_ms), (None, Some(250.0)));
    assert_eq!(first.interrupted_at_seconds, None);
    assert_eq!(second.interrupted_at_seconds, Some(3.0));
    assert_eq!(second.user_start_seconds, Some(2.9));
    assert_eq!(second.values["food"], "thai");
    let reason = |call: CallLog| call.ended.and_then(|ended| ended.reason);
    let with = reason(imported(LINE, &mut Tally::default()));
    assert_eq!(with.as_deref(), Some("goodbye"));
    let cut = LINE.replace("\"bye\"", "\"ack\"");
    let without = reason(imported(&cut, &mut Tally::default()));
    assert_eq!(without.as_deref(), Some("broken off without a goodbye"));
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
