//! What a phone meets: mistakes that keep the turn, a call that goes on elsewhere, and what is told at the end.

use std::sync::Arc;

use offhook_env::act::{Hypothesis, NBest, UserAct, UserActKind};
use offhook_env::call::outcome::Outcome;
use offhook_env::log::{ActError, HypothesisLog, parse_call};
use offhook_env::scenario::Scenario;
use offhook_table::agent::{
    Agent, AgentCall, AgentError, CallHead, EndedBy, RecordedCall, layout_of,
};
use offhook_table::testing::SplitMix;
use offhook_table::{DecisionTable, Provenance, Rule};
use proptest::prelude::*;

use crate::agent::scenario;

/// One rule for every level of `identity`, and one action for each, by name: whoever is confirmed is asked `asked`.
pub(crate) fn table(scenario: &Scenario, asked: &str) -> DecisionTable {
    let layout = layout_of(scenario).unwrap();
    let identity = layout.feature_idx("identity").unwrap();
    let action = |name: &str| layout.action_idx(name).unwrap();
    let levels = layout.features()[identity].levels.clone();
    let rules = levels.iter().enumerate().map(|(level, name)| {
        let when = layout.any().with(identity, 1 << level);
        let action = match name.as_str() {
            "confirmed" | "verified" => action(asked),
            "wrong" => action("close"),
            _ => action("confirm_identity"),
        };
        Rule::new(name.clone(), when, action)
    });
    let (rules, close) = (rules.collect(), action("close"));
    DecisionTable::new(&scenario.name, layout, rules, close, Provenance::new()).unwrap()
}

fn agent() -> Agent {
    let scenario = scenario();
    Agent::new(table(&scenario, "ask(agrees)"), scenario).unwrap()
}

fn heard(act: &str, confidence: f64) -> Vec<HypothesisLog> {
    vec![HypothesisLog {
        acts: vec![act.to_owned()],
        confidence,
        ..HypothesisLog::default()
    }]
}

#[test]
fn a_mistake_is_named_and_keeps_the_turn() {
    let mut call = agent().start();
    assert_eq!(
        call.hear(&NBest::EMPTY),
        Err(AgentError::NothingSaid),
        "late"
    );
    call.reply();
    let before = call.save();
    for (act, confidence, expected) in [
        ("mumble", 0.5, "unknown act `mumble`"),
        ("affirm", 1.5, "confidence 1.5, expected 0 to 1"),
        ("affirm", f64::NAN, "confidence NaN"),
        (
            "inform(time=noon)",
            0.5,
            "slot `time` cannot be `noon`, expected one of early, late",
        ),
        (
            "inform(who=)",
            0.5,
            "slot `who` cannot be ``, expected any words",
        ),
        (
            "inform(=perhaps)",
            0.5,
            "slot `proof of identity` cannot be `perhaps`",
        ),
        (
            "inform(hour=1)",
            0.5,
            "act `inform(hour=1)`: unknown slot: ",
        ),
        ("affirm(", 0.5, "act `affirm(` lacks its `)`"),
    ] {
        let error = call
            .hear_named(&heard(act, confidence))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(call.save(), before, "{act}");
    }
    // A value of the first reading is forgotten with the mistake of the second.
    let both = [heard("inform(who=ada)", 0.5), heard("mumble", 0.4)].concat();
    assert!(call.hear_named(&both).is_err());
    assert_eq!(call.save(), before);
    for act in [
        UserAct::inform(9, 0),
        UserAct::inform(0, 3),
        UserAct::new(UserActKind::Ask),
        UserAct::about(UserActKind::Affirm, 0),
    ] {
        let confidence = 0.5;
        let utterance = act.into();
        let heard = NBest::from_iter([Hypothesis {
            utterance,
            confidence,
        }]);
        let error = call.hear(&heard);
        assert!(
            matches!(error, Err(AgentError::Act(ActError::Unknown(_)))),
            "{act:?}"
        );
        assert_eq!(call.save(), before, "{act:?}");
    }
    assert_eq!(call.hear_named(&heard("wrong_person", 0.9)), Ok(()));
    assert_eq!(
        call.hear(&NBest::EMPTY),
        Err(AgentError::NothingSaid),
        "twice"
    );
    assert_eq!(
        call.hear_named(&heard("deny", 0.9)),
        Err(AgentError::NothingSaid)
    );
}

#[test]
fn a_goodbye_is_the_end() {
    let mut call = agent().start();
    call.reply();
    call.hear_named(&heard("deny", 0.9)).unwrap();
    let reply = call.reply();
    assert_eq!(
        (reply.action_name(), reply.ends(), reply.rule()),
        ("close", true, Some("wrong"))
    );
    assert_eq!(reply.explain(), "when identity is wrong: close");
    let error = call.hear(&NBest::EMPTY).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the call ended with `close`; start another one"
    );
    assert_eq!(
        call.outcome(EndedBy::Customer),
        Outcome::WrongPerson,
        "it was over"
    );
    assert_eq!(call.ended_by(EndedBy::Customer), EndedBy::Robot);
}

#[test]
fn what_was_understood_is_told_with_what_forbids_the_rest() {
    let scenario = scenario();
    let agent = Agent::new(table(&scenario, "confirm(agrees)"), scenario.clone()).unwrap();
    let mut call = agent.start();
    let news = scenario.layout.action("inform(news)").unwrap();
    let forbidden: Vec<_> = call.why_not(news).collect();
    assert_eq!(forbidden, ["news for the right person"]);
    assert_eq!(call.why_not(200).count(), 0);
    call.reply();
    call.hear_named(
        &[
            heard("inform(who=ada lovelace)", 0.7),
            heard("inform(agrees=yes)", 0.2),
        ]
        .concat(),
    )
    .unwrap();
    let recorded: Vec<_> = call
        .recorded()
        .map(|r| (r.slot, r.value, r.confidence))
        .collect();
    assert_eq!(
        recorded,
        [("agrees", "yes", 0.2), ("who", "ada lovelace", 0.7)]
    );
    assert_eq!(call.reply().action_name(), "confirm_identity");
    call.hear_named(&heard("affirm", 1.0)).unwrap();
    assert_eq!(call.why_not(news).count(), 0);
    let reply = call.reply();
    assert!(reply.mask().allows(news));
    assert_eq!(
        (reply.text().as_str(), reply.value()),
        ("You said yes?", Some("yes"))
    );
    assert_eq!(call.outcome(EndedBy::Robot), Outcome::Incomplete);
    assert_eq!(call.outcome(EndedBy::Line), Outcome::HungUp);
    let confirmed = |call: &AgentCall| call.recorded().map(|r| r.confirmed).collect::<Vec<_>>();
    assert_eq!(confirmed(&call), [false, false]);
    call.hear_named(&heard("affirm", 0.9)).unwrap();
    assert_eq!(confirmed(&call), [true, false]);
    assert_eq!(
        confirmed(&agent.resume(&call.save()).unwrap()),
        [true, false]
    );
}

/// Goes through a call with any acts, and saves it after every step.
fn states(agent: &Agent, seed: u64) -> Vec<Vec<u8>> {
    let acts = [
        "affirm",
        "inform(who=ada)",
        "inform(who=bo)",
        "inform(agrees=no)",
        "busy",
        "inform(time=late)",
    ];
    let mut rng = SplitMix(seed);
    let mut call = agent.start();
    let mut states = vec![call.save()];
    for _ in 0..8 {
        if call.reply().ends() {
            break;
        }
        states.push(call.save());
        let confidence = rng.below(101) as f64 / 100.0;
        call.hear_named(&heard(acts[rng.below(acts.len())], confidence))
            .unwrap();
        states.push(call.save());
    }
    states
}

#[test]
fn a_call_goes_on_elsewhere_as_if_it_had_never_stopped() {
    let agent = agent();
    for seed in 0..30 {
        let mut call = agent.start();
        for state in states(&agent, seed) {
            assert!(state.len() < 300, "{}", state.len());
            let mut resumed = agent.resume(&state).unwrap();
            assert_eq!(resumed.save(), state);
            call.clone_from(&resumed);
            let told = |call: &AgentCall| {
                call.recorded()
                    .map(|r| (r.value.to_owned(), r.confidence))
                    .collect::<Vec<_>>()
            };
            assert_eq!(told(&call), told(&resumed));
            let (said, mask) = (resumed.reply().text(), resumed.mask());
            assert_eq!((call.reply().text(), call.mask()), (said, mask));
        }
    }
}

#[test]
fn a_state_of_something_else_is_called_so() {
    let agent = agent();
    let state = agent.start().save();
    let refused = |agent: &Agent, state: &[u8]| match agent.resume(state) {
        Err(AgentError::State(message)) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&agent, b""), "it does not begin as one");
    assert!(refused(&agent, &state[..20]).starts_with("the bytes are not those"));
    let text = crate::agent::text().main.text.replace("early", "soon");
    let other = Scenario::parse(&offhook_env::scenario::ScenarioText::new(
        "other.toml",
        text,
    ))
    .unwrap();
    let other = Agent::new(table(&other, "ask(agrees)"), other).unwrap();
    assert!(refused(&other, &state).starts_with("it is of another scenario"));
    let table = table(agent.scenario(), "offer(gift)");
    let newer = Agent::new(table, Arc::new(agent.scenario().clone())).unwrap();
    assert!(
        newer.resume(&state).is_ok(),
        "another table of the same layout goes on"
    );
}

#[test]
fn a_recorded_call_is_a_line_of_the_log() {
    let agent = agent();
    let mut call = RecordedCall::start(&agent);
    assert_eq!(
        call.turn(&heard("affirm", 1.0)).unwrap_err(),
        AgentError::NothingSaid
    );
    assert_eq!(call.turn(&[]).unwrap().text(), "Is it you?");
    assert!(call.turn(&heard("mumble", 1.0)).is_err());
    let (state, history) = (call.call().save(), call.history());
    let mut call = RecordedCall::resume(&agent, &state, &history).unwrap();
    assert!(RecordedCall::resume(&agent, &state, "{}").is_err());
    assert_eq!(
        call.turn(&heard("affirm", 1.0)).unwrap().text(),
        "Do you agree?"
    );
    assert_eq!(call.turn(&[]).unwrap().text(), "Do you agree?");
    let head = CallHead {
        call_id: "a".to_owned(),
        ..CallHead::default()
    };
    let log = call.log(head.clone(), EndedBy::Customer);
    let line = call.log_line(head.clone(), EndedBy::Customer);
    assert_eq!(parse_call(line.as_bytes()).as_ref(), Ok(&log));
    let said: Vec<_> = log
        .turns
        .iter()
        .map(|turn| (turn.action.as_str(), turn.n_best.len()))
        .collect();
    assert_eq!(
        said,
        [
            ("confirm_identity", 1),
            ("ask(agrees)", 0),
            ("ask(agrees)", 0)
        ]
    );
    assert_eq!(log.outcome, Some(Outcome::HungUp));
    assert_eq!(log.ended.map(|ended| ended.by), Some(EndedBy::Customer));

    let agent = Agent::new(table(agent.scenario(), "confirm(agrees)"), scenario()).unwrap();
    let mut call = RecordedCall::start(&agent);
    for act in ["", "inform(agrees=yes)", "affirm", "affirm"] {
        let heard = heard(act, 0.9);
        call.turn(if act.is_empty() { &[] } else { &heard })
            .unwrap();
    }
    let turns = call.log(head, EndedBy::Line).turns;
    let recorded = |turn: usize| {
        turns[turn]
            .recorded
            .iter()
            .map(|r| (r.slot.as_str(), r.confirmed))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (recorded(0), recorded(1), recorded(2)),
        (vec![("agrees", false)], vec![], vec![("agrees", true)])
    );
    assert_eq!(turns[2].values["agrees"], "yes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_state_or_refused(
        seed in 0..20u64, at: prop::sample::Index, edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
    ) {
        let agent = agent();
        let mut states = states(&agent, seed);
        let mut state = states.swap_remove(at.index(states.len()));
        for (place, byte) in edits {
            let place = place.index(state.len());
            state[place] = byte;
        }
        // Past the check, too.
        let end = state.len() - 4;
        let check = <sha2::Sha256 as sha2::Digest>::digest(&state[..end]);
        state[end..].copy_from_slice(&check[..4]);
        if let Ok(mut call) = agent.resume(&state) {
            let again = call.save();
            prop_assert_eq!(agent.resume(&again).map(|call| call.save()), Ok(again));
            let _ = call.reply().text();
            let _ = call.hear_named(&heard("inform(who=ada)", 0.5));
            let _ = call.outcome(EndedBy::Robot);
            let _ = call.save();
        }
    }
}
