//! Faults put into the fixture scenario, one at a time: each is reported at its line.

use offhook_env::diagnostic::Text;
use offhook_env::scenario::{Scenario, ScenarioText};

const FIXTURE: &str = include_str!("fixture.toml");

/// Replaces `from` by `to` in the fixture; the report must hold `words` at the line of `from`, or
/// of the line `at` where the fault shows elsewhere.
#[track_caller]
fn check(from: &str, to: &str, words: &str) {
    assert_eq!(
        FIXTURE.matches(from).count(),
        1,
        "`{from}` stands once in the fixture"
    );
    let text = FIXTURE.replace(from, to);
    let line = FIXTURE[..FIXTURE.find(from).expect("it is there")]
        .lines()
        .count()
        .max(1);
    let start_of_line = FIXTURE[..FIXTURE.find(from).expect("it is there")].ends_with('\n')
        || FIXTURE.starts_with(from);
    let line = if start_of_line && !FIXTURE.starts_with(from) {
        line + 1
    } else {
        line
    };
    let report = Scenario::parse(&ScenarioText::new("f.toml", &text))
        .map(drop)
        .expect_err("the fault is found");
    let hit = report
        .list
        .iter()
        .any(|d| d.line == line && d.message.contains(words));
    assert!(hit, "expected line {line} with `{words}`, found:\n{report}");
}

#[test]
fn faults_are_reported_at_their_line() {
    check(
        "schema = 1",
        "schema = 2",
        "schema is 2, this program reads schema 1",
    );
    check(
        "max_turns = 6",
        "max_turns = 0",
        "max_turns must lie between 1 and 1000",
    );
    check(
        "max_turns = 6",
        "max_turns = \"six\"",
        "invalid type: string \"six\", expected u16",
    );
    check(
        "topics = [\"news\"]",
        "topics = [\"News\"]",
        "`News` is no name",
    );
    check(
        "questions = [\"why\"]",
        "questions = [\"why\", \"why\"]",
        "question `why` is named twice",
    );
    check(
        "distrust = \"trick\"",
        "distrust = \"trik\"",
        "unknown concern `trik`: did you mean `trick`?",
    );
    check(
        "callback = \"time\"",
        "callback = \"tyme\"",
        "unknown slot `tyme`: did you mean `time`?",
    );
    check(
        "private = [\"inform(news)\"]",
        "private = [\"inform(old)\"]",
        "unknown action `inform(old)`",
    );
    check(
        "branch = true",
        "branches = true",
        "unknown field `branches`",
    );
    check(
        "\"greet\" = \"Hello there.\"",
        "\"greeet\" = \"Hello.\"",
        "unknown robot act `greeet`: did you mean `greet`?",
    );
    check(
        "\"greet\" = \"Hello there.\"",
        "\"greet(x)\" = \"Hello.\"",
        "`greet` is about nothing, found `x`",
    );
    check(
        "\"answer(why)\" = \"Because.\"",
        "\"answer(how)\" = \"So.\"",
        "unknown question `how` in `answer(how)`",
    );
    check(
        "\"ask(agrees)\" = \"Do you agree?\"",
        "\"ask\" = \"Do you?\"",
        "`ask` needs a slot in brackets",
    );
    check(
        "\"close\" = \"Bye.\"",
        "\"close\" = \"\"",
        "`close` has no words",
    );
    check(
        "\"busy\" = [\"busy\"]",
        "\"buzzy\" = [\"busy\"]",
        "unknown customer act `buzzy`",
    );
    check(
        "\"busy\" = [\"busy\"]",
        "\"busy\" = []",
        "`busy` has no words",
    );
    check(
        "\"busy\" = [\"busy\"]",
        "\"busy\" = \"busy\"",
        "invalid type: string",
    );
    check(
        "\"inform(agrees=yes)\"",
        "\"inform(agrees=jes)\"",
        "unknown value `jes`",
    );
    check(
        "\"question.X\" = [\"!none\"]",
        "\"question.X\" = [\"none\", \"!open\"]",
        "all plain or all with `!`",
    );
    check(
        "\"slot.X\" = [\"!unknown\"]",
        "\"slot.X\" = [\"!unknwon\"]",
        "unknown level `unknwon` of `slot.agrees`",
    );
    check(
        "\"confirm(X)\"",
        "\"comfirm(X)\"",
        "`comfirm(X)` is no action and no `kind(X)`",
    );
    check(
        "opt_out = [\"asked\"]",
        "opt_aut = [\"asked\"]",
        "unknown feature `opt_aut`: did you mean `opt_out`?",
    );
    check(
        "only = [\"apologize\", \"close\"]",
        "only = [\"say\"]",
        "unknown action `say`",
    );
    check(
        "only = [\"apologize\", \"close\"]",
        "allow = [\"close\"]",
        "unknown field `allow`",
    );
    check(
        "need = [\"identified\", \"told(news)\", \"known(agrees)\"]",
        "need = [\"toled(news)\"]",
        "unknown need `toled`: did you mean `told`?",
    );
    check(
        "completion = 10",
        "completion = \"ten\"",
        "invalid type: string \"ten\", expected f32",
    );
    check("hang_up = -5", "hangup = -5", "unknown field `hangup`");
    check(
        "say = \"inform(news)\"",
        "say = \"infrom(news)\"",
        "`infrom(news)` is no action and no `kind(X)`: did you mean `inform(news)`?",
    );
    check(
        "\"topic.news\" = [\"unsaid\"]",
        "\"topic.news\" = [\"unsaid\", \"said\"]",
        "names every level, so it says nothing",
    );
    check(
        "name = \"after an opt-out\"",
        "name = \"news for the right person\"",
        "two rules are named",
    );
}

#[test]
fn rules_that_leave_no_action_are_named() {
    let text = FIXTURE.replace("only = [\"apologize\", \"close\"]", "forbid = [\"apologize\", \"close\", \"greet\", \"confirm_identity\", \"verify_identity\", \"inform(*)\", \"ask(*)\", \"confirm(*)\", \"answer(*)\", \"address(*)\", \"offer(*)\", \"propose_callback\", \"repeat\", \"transfer\"]");
    let report = Scenario::parse(&ScenarioText::new("f.toml", &text))
        .map(drop)
        .expect_err("nothing is left")
        .to_string();
    assert!(
        report.contains("leave no action where they meet: `after an opt-out`"),
        "{report}"
    );
}

#[test]
fn broken_files_end_in_a_message() {
    for text in [
        "",
        "[",
        "schema = ",
        "\u{0}",
        "schema = 1\nschema = 1\n",
        "a.b.c = 1",
        "[[robot]]",
        "[robot]\n\"\" = 1",
    ] {
        let report = Scenario::parse(&ScenarioText::new("f.toml", text))
            .map(drop)
            .expect_err("not a scenario");
        assert!(!report.list.is_empty(), "{text:?}");
    }
    // Cutting the fixture anywhere must never panic.
    for end in (0..FIXTURE.len()).step_by(37) {
        let _ = Scenario::parse(&ScenarioText::new("f.toml", &FIXTURE[..end]));
    }
}

#[test]
fn a_fault_in_a_sub_process_is_reported_in_its_own_file() {
    let main = Text {
        file: "f.toml".to_owned(),
        text: FIXTURE.replacen(
            "schema = 1",
            "schema = 1\ninclude = [\"help\", \"hepl\"]",
            1,
        ),
    };
    let help = Text {
        file: "library/help.toml".to_owned(),
        text: "schema = 1\npurpose = \"help\"\n\n[robot]\n\"hlep\" = \"Help.\"\n".to_owned(),
    };
    let find = |name: &str| Ok::<_, ()>((name == "help").then(|| help.clone()));
    let text = ScenarioText::gather(main, find).expect("nothing is read");
    let report = Scenario::parse(&text).expect_err("two faults").to_string();
    assert!(
        report.contains("library/help.toml:5:1: unknown robot act `hlep`"),
        "{report}"
    );
    assert!(
        report.contains("f.toml:3:20: no sub-process `hepl`"),
        "{report}"
    );
}
