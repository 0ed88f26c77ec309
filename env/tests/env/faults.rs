//! Faults put into the fixture scenario, one at a time: each is reported at its line.

use offhook_env::diagnostic::Text;
use offhook_env::diagnostic::finding::Severity;
use offhook_env::scenario::{Scenario, ScenarioText, lint};

pub const FIXTURE: &str = include_str!("fixture.toml");

/// Replaces `from` by `to` in the fixture; the report must hold `words` at the line of `from`, or
/// of the line `at` where the fault shows elsewhere.
#[track_caller]
pub fn check(from: &str, to: &str, words: &str) {
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

/// Replaces `from` by `to` in the fixture, which can still be read; the checks must report `words` at
/// the line where `at` then stands.
#[track_caller]
fn check_flow(severity: Severity, from: &str, to: &str, at: &str, words: &str) {
    assert_eq!(
        FIXTURE.matches(from).count(),
        1,
        "`{from}` stands once in the fixture"
    );
    let text = FIXTURE.replace(from, to);
    let line = 1 + text
        .lines()
        .position(|line| line.contains(at))
        .expect("`at` is in the text");
    let (_, found) = lint::check(&ScenarioText::new("f.toml", &text));
    let hit = found
        .iter()
        .any(|f| f.severity == severity && f.line == line && f.message.contains(words));
    let report: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(
        hit,
        "`{to}`: expected line {line} with `{words}`, found:\n{}",
        report.join("\n")
    );
}

#[test]
fn the_fixture_has_no_fault() {
    assert_eq!(lint::check(&ScenarioText::new("f.toml", FIXTURE)).1, []);
}

/// The fixture's first rule, and what puts another one before it.
const FIRST_RULE: &str = "[[rules]]\nname = \"news for the right person\"";

fn with_rule(text: &str) -> String {
    format!("[[rules]]\nname = \"new\"\n{text}\n\n{FIRST_RULE}")
}

#[test]
fn what_can_never_happen_is_an_error() {
    let mask = r#""answer(X)" = { "question.X" = ["!none"] }"#;
    for (from, to, at, words) in [
        (
            mask,
            r#""answer(X)" = { "question.X" = ["answered"] }"#,
            r#""answer(why)" = "#,
            "`answer(why)` is never allowed: nothing that can come up satisfies `mask of answer(why)`",
        ),
        (
            "\"ask(why)\" = [\"why\"]\n",
            "",
            r#""answer(why)" = "#,
            "`answer(why)` is never allowed",
        ),
        (
            FIRST_RULE,
            &with_rule("when = { opt_out = [\"!asked\"] }\nforbid = [\"offer(*)\"]"),
            r#""offer(gift)" = "#,
            "`offer(gift)` is never allowed: nothing that can come up satisfies `new`, `after an opt-out`",
        ),
        (
            FIRST_RULE,
            &with_rule("when = { said = [\"state_purpose\"] }\nforbid = [\"repeat\"]"),
            "name = \"new\"",
            "rule `new` can never speak: `said` is never `state_purpose` here",
        ),
        (
            FIRST_RULE,
            &with_rule(
                "when = { callback = [\"wanted\"] }\nonly = [\"propose_callback\", \"close\"]",
            ),
            "name = \"new\"",
            "rule `new` can never speak: `callback` is never `wanted` here",
        ),
        (
            FIRST_RULE,
            &with_rule(
                "when = { \"topic.news\" = [\"said\"] }\nforbid = [\"close\", \"transfer\"]",
            ),
            "name = \"new\"",
            "once `topic.news` is `said` nothing may end the call",
        ),
        (
            FIRST_RULE,
            &with_rule("when = { availability = [\"driving\"] }\nonly = [\"apologize\"]"),
            "name = \"new\"",
            "once `availability` is `driving` nothing may end the call: `new`",
        ),
        (
            "need = [\"identified\", \"told(news)\", \"known(agrees)\"]",
            "need = [\"identified\", \"known(size)\"]",
            "known(size)",
            "unknown slot `size`",
        ),
        (
            "[[completion]]\nneed = [\"identified\", \"told(news)\", \"known(agrees)\"]\n",
            "",
            "name = \"tiny\"",
            "there is no [[completion]]",
        ),
        (
            "completion = 10",
            "completion = 0",
            "completion = 0",
            "worth nothing",
        ),
        (
            "completion = 10",
            "completion = nan",
            "completion = nan",
            "completion must be a number from -1000000 to 1000000",
        ),
        (
            "hang_up = -5",
            "hang_up = 5",
            "hang_up = 5",
            "a cost is at most 0; did you mean -5?",
        ),
        (
            "per_turn = -1",
            "per_turn = 0.5",
            "per_turn = 0.5",
            "did you mean -0.5?",
        ),
    ] {
        check_flow(Severity::Error, from, to, at, words);
    }
}

#[test]
fn a_completion_that_can_never_hold_is_an_error() {
    let need = r#"need = ["identified", "told(news)", "known(agrees)"]"#;
    let named = |need: &str| format!("need = [\"{need}\"]");
    // The act is there, but no observation allows it, or no customer says what it takes.
    for (from, to, wanted) in [
        (
            "forbid = [\"private\"]",
            "forbid = [\"private\", \"offer(*)\"]\n[[rules]]\nname = \"no gifts\"\nwhen = { identity = [\"confirmed\", \"verified\"] }\nforbid = [\"offer(*)\"]",
            "accepted(gift)",
        ),
        (
            "forbid = [\"private\"]",
            "forbid = [\"private\"]\n[[rules]]\nname = \"no news\"\nwhen = { identity = [\"confirmed\", \"verified\"] }\nforbid = [\"inform(*)\"]",
            "told(news)",
        ),
        (
            "\"inform(time)\" = [\"early\", \"late\"]\n",
            "",
            "known(time)",
        ),
    ] {
        let text = FIXTURE.replace(need, &named(wanted));
        let line = 1 + text
            .replace(from, to)
            .lines()
            .position(|l| l.contains("need = "))
            .expect("it is there");
        let (_, found) = lint::check(&ScenarioText::new("f.toml", text.replace(from, to)));
        let hit = found.iter().any(|f| {
            f.line == line
                && f.severity == Severity::Error
                && f.message.contains(&format!("`{wanted}` can never hold"))
        });
        assert!(hit, "{wanted}: {found:#?}");
    }
}

#[test]
fn what_is_named_and_not_used_is_a_warning() {
    for (from, to, at, words) in [
        (
            "topics = [\"news\"]",
            "topics = [\"news\", \"sport\"]",
            "topics =",
            "topic `sport` is never told; add `\"inform(sport)\"",
        ),
        (
            "questions = [\"why\"]",
            "questions = [\"why\", \"how\"]",
            "questions =",
            "question `how` has no answer",
        ),
        (
            "questions = [\"why\"]",
            "questions = [\"why\", \"how\"]",
            "questions =",
            "question `how` is never raised; add `\"ask(how)\"",
        ),
        (
            "concerns = [\"trick\"]",
            "concerns = [\"trick\", \"price\"]",
            "concerns =",
            "concern `price` is never met",
        ),
        (
            "\"distrust\" = [\"a trick?\"]\n",
            "",
            "concerns =",
            "concern `trick` is never raised",
        ),
        (
            "distrust = \"trick\"\n",
            "",
            "\"distrust\" =",
            "`distrust` raises no concern",
        ),
        (
            "offers = [\"gift\"]",
            "offers = [\"gift\", \"loan\"]",
            "offers =",
            "offer `loan` is never made",
        ),
        (
            "offers = [\"gift\"]",
            "offers = [\"gift\"]\nmessages = [\"note\"]",
            "messages =",
            "message `note` is never sent",
        ),
        (
            "[slots]",
            "[slots]\nsize = { values = [\"s\", \"l\"] }",
            "size = ",
            "nothing asks for slot `size`",
        ),
        (
            "\"inform(time)\" = [\"early\", \"late\"]\n",
            "",
            "time = { values",
            "no customer tells slot `time`",
        ),
        (
            "\"repeat\" = \"Again.\"",
            "\"repeat\" = \"Again, {name}.\"",
            "\"repeat\" =",
            "nothing fills in `{name}`",
        ),
        (
            "\"apologize\" = \"Sorry.\"",
            "\"confirm(time)\" = \"At that time?\"\n\"apologize\" = \"Sorry.\"",
            "\"confirm(time)\" =",
            "does not say what it confirms",
        ),
    ] {
        check_flow(Severity::Warning, from, to, at, words);
    }
}

#[test]
fn rules_masks_and_lines_without_effect_are_warnings() {
    let line = |text: &str| format!("[[script]]\n{text}\n[[script]]\nsay = \"close\"");
    let last = "[[script]]\nsay = \"close\"";
    for (from, to, at, words) in [
        (
            "\"confirm(X)\" =",
            "\"repeat\" = { said = [\"!state_purpose\"] }\n\"confirm(X)\" =",
            "\"repeat\" = {",
            "the mask of `repeat` takes nothing away: `said` is never `state_purpose` here",
        ),
        (
            FIRST_RULE,
            &with_rule(
                "when = { opt_out = [\"asked\"], human = [\"asked\"] }\nforbid = [\"repeat\"]",
            ),
            "name = \"new\"",
            "rule `new` takes nothing away: wherever it speaks, others forbid as much",
        ),
        (
            FIRST_RULE,
            &with_rule("when = { \"question.why\" = [\"none\"] }\nforbid = [\"answer(why)\"]"),
            "\"answer(X)\" =",
            "the mask of `answer(X)` takes nothing away: wherever it speaks, others forbid as much",
        ),
        (
            "\"confirm(X)\" =",
            "\"answer(why)\" = { \"question.why\" = [\"!none\"] }\n\"confirm(X)\" =",
            "\"answer(why)\" = {",
            "the mask of `answer(why)` takes nothing away",
        ),
        (
            last,
            &line("when = { callback = [\"wanted\"] }\nsay = \"propose_callback\""),
            "say = \"propose_callback\"",
            "this line never applies: `callback` is never `wanted` here",
        ),
        (
            last,
            &line("when = { opt_out = [\"asked\"] }\nsay = \"repeat\""),
            "say = \"repeat\"",
            "`repeat` is forbidden wherever this line applies, by `after an opt-out`",
        ),
        (
            last,
            &line(
                "when = { \"topic.news\" = [\"unsaid\"], identity = [\"confirmed\"], opt_out = [\"none\"] }\nsay = \"offer(gift)\"",
            ),
            "say = \"offer(gift)\"",
            "`offer(gift)` is never reached: `say = \"inform(news)\"` above decides wherever this line applies",
        ),
        (
            last,
            &format!("{last}\n[[script]]\nsay = \"apologize\""),
            "say = \"apologize\"",
            "`apologize` is never reached: `say = \"close\"` above decides",
        ),
        (
            last,
            "",
            "say = \"ask(agrees)\"",
            "a call may come past the last line of the script, as where ",
        ),
    ] {
        check_flow(Severity::Warning, from, to, at, words);
    }
}
