//! Loaders of what a phone is given: releases, states and histories of calls, acts.

use std::sync::LazyLock;

use offhook_lab::run::hash::sha256;
use offhook_table::agent::{Agent, CallHead, EndedBy, HypothesisLog, RecordedCall};
use offhook_table::release::Release;
use offhook_table::testing::small_release;

use crate::loader::{Loader, Memory, unsealed, utf_8};
use crate::tables::PRIVATE;

/// What a phone is given.
pub const LOADERS: &[Loader] = &[
    Loader {
        name: "release",
        load: |bytes| {
            let release = Release::from_bytes(bytes).map_err(|e| e.to_string())?;
            assert_eq!(release.to_bytes(), bytes, "what was read is written again");
            hold(RecordedCall::start(release.agent()));
            Ok(())
        },
        seeds: || {
            let mut signed = small_release();
            signed.sign(PRIVATE).expect("the key of the corpus is one");
            vec![small_release().to_bytes(), signed.to_bytes()]
        },
        memory: Memory::OF_TEXTS,
        resealed: sealed_release,
    },
    Loader {
        name: "state",
        load: |bytes| {
            let call = RecordedCall::resume(&AGENT, bytes, "").map_err(|e| e.to_string())?;
            let again = AGENT.resume(&call.call().save()).map(|call| call.save());
            assert_eq!(
                again,
                Ok(call.call().save()),
                "what was read is written again"
            );
            hold(call);
            Ok(())
        },
        seeds: || {
            let mut call = RecordedCall::start(&AGENT);
            let mut states = vec![call.call().save()];
            for heard in [
                vec![],
                heard("inform(who=ada lovelace)"),
                heard("inform(day=monday)"),
            ] {
                call.turn(&heard).expect("it is the call's turn");
                states.push(call.call().save());
            }
            states
        },
        memory: Memory::OF_TABLES,
        resealed: sealed_state,
    },
    Loader {
        name: "history",
        load: |bytes| {
            let call = RecordedCall::resume(&AGENT, &opened().call().save(), utf_8(bytes)?);
            hold(call.map_err(|e| e.to_string())?);
            Ok(())
        },
        seeds: || vec![opened().history().into_bytes()],
        memory: Memory::OF_LOGS,
        resealed: unsealed,
    },
    Loader {
        name: "acts",
        load: |bytes| {
            let mut call = opened();
            for act in utf_8(bytes)?.lines() {
                let before = call.call().save();
                if let Err(error) = call.turn(&heard(act)) {
                    assert_eq!(call.call().save(), before, "the turn is kept");
                    return Err(error.to_string());
                }
            }
            hold(call);
            Ok(())
        },
        seeds: || vec![b"inform(who=ada)\ndeny\ninform(day=next_week)\ninform(=match)".to_vec()],
        memory: Memory::OF_TEXTS,
        resealed: unsealed,
    },
];

/// Compiled once, which takes longer than most loads.
static AGENT: LazyLock<Agent> = LazyLock::new(|| small_release().agent().clone());

fn heard(act: &str) -> Vec<HypothesisLog> {
    vec![HypothesisLog {
        acts: vec![act.to_owned()],
        confidence: 0.4,
        ..HypothesisLog::default()
    }]
}

fn opened() -> RecordedCall {
    let mut call = RecordedCall::start(&AGENT);
    call.turn(&[]).expect("the first turn opens the call");
    call
}

/// Goes on with a call to its end, and tells all that there is to tell of it.
fn hold(mut call: RecordedCall) {
    for act in ["affirm", "deny", "affirm", "repeat"] {
        let heard = match call.call().n_turns() {
            0 => Vec::new(),
            _ => heard(act),
        };
        if let Ok(reply) = call.turn(&heard) {
            assert!(
                reply.mask().allows(reply.action()),
                "a masked action is never taken"
            );
            assert!(reply.text().len() + reply.explain().len() > 0);
        }
    }
    let n_actions = call.call().agent().scenario().layout.n_actions() as u8;
    let n_forbidden: usize = (0..n_actions)
        .map(|action| call.call().why_not(action).count())
        .sum();
    assert!(n_forbidden < usize::MAX);
    assert!(
        call.call()
            .recorded()
            .all(|recorded| recorded.confidence <= 1.0)
    );
    for by in EndedBy::ALL {
        assert!(call.log_line(CallHead::default(), by).ends_with('\n'));
    }
}

/// The same release with the checksum, its own or its table's, that the loader said it should have.
fn sealed_release(input: &[u8], message: &str) -> Option<Vec<u8>> {
    let (_, told) = message.split_once("checksum: found ")?;
    let (found, expected) = told.split_once(", expected ")?;
    let computed = expected.get(..64)?;
    let mut parts = input.windows(found.len().max(1));
    let at = parts.rposition(|part| part == found.as_bytes())?;
    let mut sealed = input.to_vec();
    sealed.splice(at..at + found.len(), computed.bytes());
    Some(sealed)
}

/// The same state with the check that it should have.
fn sealed_state(input: &[u8], message: &str) -> Option<Vec<u8>> {
    let end = input.len().checked_sub(4)?;
    let hash = sha256(&input[..end]);
    let check = |k: usize| u8::from_str_radix(&hash[2 * k..2 * k + 2], 16).ok();
    let mut sealed = input[..end].to_vec();
    for k in 0..4 {
        sealed.push(check(k)?);
    }
    (message.contains("not those that were saved") && sealed != input).then_some(sealed)
}
