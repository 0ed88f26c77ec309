//! Calls held as C holds them.

use std::ptr::{null, null_mut};

use offhook_table::testing::small_release;

use super::ask::*;
use super::turn::*;
use super::*;
use crate::OFFHOOK_MESSAGE_BYTES;

fn text(at: *const c_char) -> String {
    // SAFETY: every text here ends with a zero.
    unsafe { CStr::from_ptr(at) }.to_str().unwrap().to_owned()
}

fn agent() -> *mut OffhookAgent {
    let bytes = small_release().to_bytes();
    let mut agent = null_mut();
    // SAFETY: all pointers are to what they should be.
    let status =
        unsafe { offhook_agent_load(bytes.as_ptr(), bytes.len(), &mut agent, null_mut(), 0) };
    assert_eq!(status, OffhookStatus::Ok);
    agent
}

fn start(agent: *const OffhookAgent) -> *mut OffhookCall {
    let mut call = null_mut();
    // SAFETY: all pointers are to what they should be.
    assert_eq!(
        unsafe { offhook_call_start(agent, null(), &mut call, null_mut(), 0) },
        OffhookStatus::Ok
    );
    call
}

fn no_reply() -> OffhookReply {
    OffhookReply {
        text: null(),
        action_name: null(),
        rule: null(),
        allowed: 0,
        action: 99,
        ended: false,
    }
}

/// One turn with at most one reading of one act: the status, the message, and the reply.
fn turn(
    call: *mut OffhookCall,
    act: Option<&str>,
    confidence: f64,
) -> (OffhookStatus, String, OffhookReply) {
    let act = act.map(c_string);
    let acts = [act.as_ref().map_or(null(), |act| act.as_ptr())];
    let reading = OffhookReading {
        acts: acts.as_ptr(),
        n_acts: 1,
        confidence,
    };
    let (mut reply, mut message) = (no_reply(), [0; OFFHOOK_MESSAGE_BYTES]);
    let n = usize::from(act.is_some());
    // SAFETY: all pointers are to what they should be.
    let status = unsafe {
        offhook_call_turn(
            call,
            &reading,
            n,
            &mut reply,
            message.as_mut_ptr(),
            message.len(),
        )
    };
    (status, text(message.as_ptr()), reply)
}

fn recorded(call: *const OffhookCall) -> Vec<(String, String, f32)> {
    let mut found = Vec::new();
    let mut one = OffhookRecorded {
        slot: null(),
        value: null(),
        confidence: 0.0,
        confirmed: false,
    };
    // SAFETY: all pointers are to what they should be.
    while unsafe { offhook_call_recorded(call, found.len(), &mut one) } == OffhookStatus::Ok {
        found.push((text(one.slot), text(one.value), one.confidence));
    }
    found
}

fn saved(call: *const OffhookCall) -> Vec<u8> {
    let (mut state, mut n) = (vec![0; 1000], 0);
    // SAFETY: all pointers are to what they should be.
    unsafe {
        assert_eq!(
            offhook_call_save(call, null_mut(), 0, &mut n),
            OffhookStatus::NoRoom
        );
        assert_eq!(
            offhook_call_save(call, state.as_mut_ptr(), n, &mut n),
            OffhookStatus::Ok
        );
    }
    state.truncate(n);
    state
}

#[test]
fn a_whole_call_is_held_and_goes_on_elsewhere() {
    let agent = agent();
    let call = start(agent);
    let (status, _, reply) = turn(call, None, 0.0);
    assert_eq!(status, OffhookStatus::Ok);
    assert_eq!(
        (text(reply.text), text(reply.action_name)),
        ("Who is it?".to_owned(), "ask(who)".to_owned())
    );
    assert_eq!(text(reply.rule), "when slot.who is unknown: ask(who)");
    assert!(!reply.ended && reply.allowed & 1 == 1);
    let mut codes = [9; 64];
    let mut n = 0;
    // SAFETY: all pointers are to what they should be.
    unsafe {
        assert_eq!(
            offhook_call_codes(call, codes.as_mut_ptr(), 64, &mut n),
            OffhookStatus::Ok
        );
        assert_eq!(
            text(offhook_call_why_not(call, 2, 0)),
            "nobody is asked for a day before a name"
        );
        assert!(offhook_call_why_not(call, 2, 1).is_null());
        assert_eq!(text(offhook_agent_action(agent, 2)), "ask(day)");
    }
    assert!((5..64).contains(&n) && codes[..n].iter().all(|&code| code == 0) && codes[n] == 9);

    let (_, _, reply) = turn(call, Some("inform(who=ada_b)"), 0.6);
    assert_eq!(text(reply.text), "ada b, is that right?");
    assert_eq!(
        recorded(call),
        [("who".to_owned(), "ada_b".to_owned(), 0.6)]
    );
    // SAFETY: all pointers are to what they should be.
    let (state, history) = (
        saved(call),
        unsafe { CStr::from_ptr(offhook_call_history(call)) }.to_owned(),
    );
    let mut resumed = null_mut();
    // SAFETY: all pointers are to what they should be; neither is used again.
    unsafe {
        let (at, n) = (state.as_ptr(), state.len());
        let status =
            offhook_call_resume(agent, at, n, history.as_ptr(), &mut resumed, null_mut(), 0);
        assert_eq!(status, OffhookStatus::Ok);
        offhook_call_free(call);
        offhook_agent_free(agent);
    }
    assert_eq!(saved(resumed), state);
    assert_eq!(
        recorded(resumed),
        [("who".to_owned(), "ada_b".to_owned(), 0.6)]
    );
    let (_, _, reply) = turn(resumed, Some("affirm"), 1.0);
    assert_eq!((text(reply.text), reply.ended), ("Bye.".to_owned(), true));
    let (mut outcome, mut line) = (null(), null());
    let id = c_string("call 1");
    // SAFETY: all pointers are to what they should be; the call is not used again.
    unsafe {
        let by = OffhookEndedBy::Customer as u32;
        let status = offhook_call_end(resumed, by, id.as_ptr(), &mut outcome, &mut line);
        assert_eq!(status, OffhookStatus::Ok);
        assert_eq!(
            text(outcome),
            "completed",
            "it was over before the customer hung up"
        );
        assert!(text(line).contains("\"call_id\":\"call 1\"") && text(line).ends_with("}\n"));
        assert_eq!(text(line).matches("\"action\"").count(), 3);
        offhook_call_free(resumed);
    }
}

#[test]
fn a_mistake_is_told_and_keeps_the_turn() {
    let agent = agent();
    let call = start(agent);
    let (status, message, _) = turn(call, Some("affirm"), 1.0);
    assert_eq!(status, OffhookStatus::OutOfTurn);
    assert!(
        message.starts_with("an answer was heard before anything was said"),
        "{message}"
    );
    turn(call, None, 0.0);
    let state = saved(call);
    for (act, confidence, expected) in [
        ("mumble", 1.0, "unknown act `mumble`"),
        (
            "inform(day=sunday)",
            1.0,
            "slot `day` cannot be `sunday`, expected one of monday, next_week",
        ),
        ("affirm", -0.5, "confidence -0.5, expected 0 to 1"),
    ] {
        let (status, message, reply) = turn(call, Some(act), confidence);
        assert_eq!(
            (status, message.as_str(), reply.action),
            (OffhookStatus::BadAct, expected, 99)
        );
        assert_eq!(saved(call), state);
    }
    turn(call, Some("inform(who=ada)"), 1.0);
    let (status, message, _) = turn(call, None, 0.0);
    assert_eq!(status, OffhookStatus::OutOfTurn);
    assert_eq!(message, "the call ended with `close`; start another one");
    // SAFETY: not used again.
    unsafe {
        offhook_call_free(call);
        offhook_agent_free(agent);
    }
}

#[test]
fn null_and_nonsense_are_refused_everywhere() {
    let (agent, nothing) = (agent(), OffhookStatus::NullPointer);
    let call = start(agent);
    let mut message = [0; 60];
    let mut reply = no_reply();
    let reading = OffhookReading {
        acts: null(),
        n_acts: 1,
        confidence: 1.0,
    };
    let absent = [null()];
    let null_act = OffhookReading {
        acts: absent.as_ptr(),
        ..reading
    };
    // SAFETY: null is what is tested; all other pointers are to what they should be.
    unsafe {
        let (at, n) = (message.as_mut_ptr(), message.len());
        assert_eq!(offhook_agent_load(null(), 0, null_mut(), at, n), nothing);
        let (mut other, bytes) = (agent, b"{}");
        assert_eq!(
            offhook_agent_load(bytes.as_ptr(), 2, &mut other, at, n),
            OffhookStatus::BadRelease
        );
        assert!(other.is_null() && text(at).starts_with("not a release"));
        assert_eq!(
            offhook_call_start(null(), null(), &mut null_mut(), at, n),
            nothing
        );
        assert_eq!(
            offhook_call_start(agent, null(), null_mut(), at, n),
            nothing
        );
        assert_eq!(
            offhook_call_turn(null_mut(), null(), 0, &mut reply, at, n),
            nothing
        );
        assert_eq!(
            offhook_call_turn(call, null(), 0, null_mut(), at, n),
            nothing
        );
        assert_eq!(
            offhook_call_turn(call, null(), 1, &mut reply, at, n),
            nothing
        );
        for reading in [reading, null_act] {
            assert_eq!(
                offhook_call_turn(call, &reading, 1, &mut reply, at, n),
                nothing
            );
        }
        let many = OffhookReading {
            n_acts: 101,
            ..null_act
        };
        assert_eq!(
            offhook_call_turn(call, &many, 1, &mut reply, at, n),
            OffhookStatus::BadAct
        );
        assert_eq!(offhook_call_recorded(null(), 0, null_mut()), nothing);
        assert_eq!(
            offhook_call_save(null(), null_mut(), 0, null_mut()),
            nothing
        );
        assert_eq!(offhook_call_save(call, null_mut(), 0, null_mut()), nothing);
        assert_eq!(offhook_call_save(call, null_mut(), 9, &mut 0), nothing);
        assert_eq!(offhook_call_codes(null(), null_mut(), 0, &mut 0), nothing);
        assert_eq!(
            offhook_call_end(call, 0, null(), null_mut(), null_mut()),
            nothing
        );
        let id = c_string("");
        assert_eq!(
            offhook_call_end(call, 99, id.as_ptr(), null_mut(), null_mut()),
            OffhookStatus::NoSuch
        );
        for (caller, expected) in [
            ("{", "the caller: EOF"),
            ("{\"features\":{\"x\":\"y\"}}", "the caller: unknown `x`"),
        ] {
            let (mut other, caller) = (call, c_string(caller));
            let status = offhook_call_start(agent, caller.as_ptr(), &mut other, at, n);
            assert_eq!((status, other), (OffhookStatus::BadCaller, null_mut()));
            assert!(text(at).starts_with(expected), "{}", text(at));
        }
        let mut resumed = call;
        assert_eq!(
            offhook_call_resume(agent, null(), 0, null(), &mut resumed, at, n),
            nothing
        );
        let status = offhook_call_resume(agent, b"x".as_ptr(), 1, null(), &mut resumed, at, n);
        assert_eq!((status, resumed), (OffhookStatus::BadState, null_mut()));
        assert!(
            offhook_call_why_not(null(), 0, 0).is_null()
                && offhook_call_why_not(call, 255, 0).is_null()
        );
        assert!(
            offhook_call_history(null_mut()).is_null() && offhook_agent_action(null(), 0).is_null()
        );
        offhook_call_free(null_mut());
        offhook_agent_free(null_mut());
        offhook_call_free(call);
        offhook_agent_free(agent);
    }
}
