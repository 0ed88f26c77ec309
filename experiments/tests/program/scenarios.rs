//! The tools around scenarios: faults at their lines, drawn flows, and from a form to a verified table.

use std::fs;

use crate::{bundled, edited, fail, offhook, succeed};

/// A short form whose scenario the tests alter.
const FORM: [&str; 16] = [
    "scenario",
    "new",
    "renewal",
    "--purpose",
    "Your insurance has expired.",
    "--identity",
    "confirm",
    "--topic",
    "expiry=It expired last week.",
    "--question",
    "price=How much is it?=Nineteen a month.",
    "--concern",
    "dear=That is too expensive.=You can pay monthly.",
    "--offer",
    "renewal=Shall we renew it?",
    "--slot=knows=Did you know?=yes|no",
];

#[test]
fn faults_in_who_is_called_and_what_pays_are_reported_at_their_line() {
    let folder = tempfile::tempdir().expect("a folder");
    succeed(folder.path(), &FORM);
    let text = fs::read_to_string(folder.path().join("renewal.toml")).expect("written");
    for (severity, from, to, at, words) in [
        (
            "error",
            "right_person = 0.92",
            "right_person = 1.92",
            "right_person",
            "expected a share in [0, 1]",
        ),
        (
            "error",
            "right_person = 0.92",
            "right_person = 0.0",
            "right_person",
            "no call can be complete",
        ),
        (
            "error",
            "busy = 0.12",
            "busi = 0.12",
            "busi",
            "unknown field `busi`",
        ),
        (
            "error",
            "busy = 0.12",
            "busy = 0.98",
            "busy = ",
            "nobody is both",
        ),
        (
            "error",
            "mean = 8.0",
            "mean = 800.0",
            "patience = ",
            "expected a mean in [1, 50]",
        ),
        (
            "error",
            "alpha = 4.0",
            "alpha = -4.0",
            "trust = {",
            "expected two numbers above 0",
        ),
        (
            "error",
            "[0.5, 0.35, 0.15]",
            "[0.5, 0.35, 0.25]",
            "0.35, 0.25",
            "sum to 1.1, expected 1",
        ),
        (
            "error",
            "\"yes\" = 0.50",
            "\"yes\" = 0.70",
            "knows = { \"yes\"",
            "sum to 1.2, expected 1",
        ),
        (
            "error",
            "\nprice = 0.3",
            "\nprize = 0.3",
            "prize",
            "unknown question `prize`: did you mean `price`?",
        ),
        (
            "error",
            "channel = \"dstc2\"",
            "channel = \"dstc9\"",
            "channel = ",
            "no channel 'dstc9'",
        ),
        (
            "warning",
            "\nprice = 0.3",
            "\nprice = 0.0",
            "price = 0.0",
            "nobody asks question `price`",
        ),
        (
            "warning",
            "\ndear = 0.2",
            "",
            "concerns = [",
            "nobody has concern `dear`: it has no share",
        ),
        (
            "error",
            "handoff = -3",
            "handoff = 25",
            "handoff",
            "handing off at once earns",
        ),
        (
            "error",
            "completion = 30",
            "completion = 1",
            "per_turn",
            "closing once it gets difficult earns",
        ),
        (
            "error",
            "completion = 30",
            "completion = 1",
            "per_turn",
            "closing after identity earns",
        ),
        (
            "error",
            "satisfaction = 1.5",
            "satisfaction = nan",
            "satisfaction",
            "must be a number from -1000000",
        ),
    ] {
        let faulty = edited(&text, from, to);
        let line = 1 + faulty
            .lines()
            .position(|l| l.contains(at))
            .expect("`at` is there");
        fs::write(folder.path().join("bad.toml"), &faulty).expect("written");
        let args = ["scenario", "check", "bad.toml", "--json", "--calls", "300"];
        let output = offhook(folder.path(), &args);
        assert_eq!(output.status.success(), severity == "warning", "{to}");
        let found = String::from_utf8(output.stdout).expect("UTF-8");
        let hit = found.lines().any(|json| {
            let finding: serde_json::Value = serde_json::from_str(json).expect("JSON");
            finding["line"] == line
                && finding["severity"] == severity
                && finding["message"]
                    .as_str()
                    .is_some_and(|m| m.contains(words))
        });
        assert!(
            hit,
            "`{to}`: expected line {line} with `{words}`, found\n{found}"
        );
    }
}

#[test]
fn warnings_fail_only_a_strict_check() {
    let folder = tempfile::tempdir().expect("a folder");
    succeed(folder.path(), &FORM);
    let path = folder.path().join("renewal.toml");
    let text = fs::read_to_string(&path).expect("written");
    let text = edited(&text, "\nprice = 0.3", "\nprice = 0.0");
    fs::write(&path, text).expect("written");
    let text = succeed(folder.path(), &["scenario", "check", "renewal.toml"]);
    assert!(
        text.contains("warning: nobody asks") && text.contains(": 1 warning, "),
        "{text}"
    );
    let message = fail(
        folder.path(),
        &["scenario", "check", "renewal.toml", "--strict"],
        1,
    );
    assert!(message.contains("1 fault\nrenewal.toml:"), "{message}");
}

#[test]
fn from_a_form_to_a_verified_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let text = succeed(folder, &FORM);
    assert!(
        text.contains("train:   offhook run renewal.config.toml"),
        "{text}"
    );
    succeed(folder, &["scenario", "check", "renewal.toml", "--strict"]);
    // Budgets for seconds.
    let path = folder.join("renewal.config.toml");
    let mut config = fs::read_to_string(&path).expect("written");
    for (from, to) in [
        (
            "[distill]",
            "[distill]\nmax_rules = 60\nrounds = 2\ncalls = 100\nchoose_calls = 50\nn_calls = 32\n",
        ),
        ("total_steps = 8_000_000", "total_steps = 6000"),
        ("n_calls = 256", "n_calls = 32"),
    ] {
        config = edited(&config, from, to);
    }
    fs::write(&path, config).expect("written");
    succeed(
        folder,
        &["run", "renewal.config.toml", "--quick", "--out", "run"],
    );
    succeed(
        folder,
        &["table", "verify", "run", "--scenario", "renewal.toml"],
    );
    assert!(fail(folder, &FORM, 1).contains("replace it with --force"));
}

/// Seven questions, as many as there is room for beside the time of another call.
const SURVEY: [&str; 10] = [
    "scenario",
    "new",
    "survey",
    "--slot=consent=Do you agree to take part?=yes|no",
    "--slot=region=Where do you live?=north|center|south",
    "--slot=fever=Did you have a fever?=yes|no",
    "--slot=cough=Do you cough?=never|seldom|often",
    "--slot=vaccinated=Are you vaccinated?=yes|no",
    "--slot=household=How many live with you?=nobody|1|2_to_4|5_or_more",
    "--slot=doctor=Did you see a doctor?=yes|no",
];

#[test]
fn a_long_list_of_questions_is_worth_asking_and_reads_as_people_talk() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    succeed(folder, &SURVEY);
    // No way to give up earns more than asking on.
    succeed(folder, &["scenario", "check", "survey.toml", "--strict"]);
    let text = fs::read_to_string(folder.join("survey.toml")).expect("written");
    for words in [
        r#""confirm(household)" = "How many live with you? I noted: {value}. Is that right?""#,
        r#""inform(household=5_or_more)" = ["5 or more.", "I would say 5 or more."]"#,
        r#""inform(region=north)" = ["North.", "I would say north."]"#,
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    assert!(!text.contains(r#"["yes"]"#), "{text}");
}

#[test]
fn a_form_that_makes_no_scenario_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = fail(folder.path(), &["scenario", "new", "empty"], 2);
    assert!(message.contains("the call has nothing to do"), "{message}");
    let args = ["scenario", "new", "x", "--topic", "My Topic=words"];
    assert!(fail(folder.path(), &args, 2).contains("expected as in 'expiry="));
    for (values, expected) in [
        ("yes|yes|no", "slot 'own': 'yes' is named twice"),
        ("any of food|F", "value 'F' of slot 'own'"),
        ("number 1..x", "'x' of slot 'own' is no number"),
    ] {
        let slot = format!("own=Yours?={values}");
        let args = ["scenario", "new", "x", "--slot", &slot];
        let message = fail(folder.path(), &args, 2);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_flow_is_drawn_from_played_and_from_logged_calls_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    succeed(
        folder,
        &[
            "simulate",
            "fraud_alert",
            "--calls",
            "200",
            "--out",
            "calls.jsonl",
        ],
    );
    let body = |text: String| -> Vec<String> {
        let drawn = text.lines().filter(|line| !line.contains("calls"));
        drawn.map(str::to_owned).collect()
    };
    for format in ["mermaid", "dot"] {
        let args = ["scenario", "graph", "fraud_alert", "--format", format];
        let played = succeed(folder, &[&args[..], &["--calls", "200"]].concat());
        let logged = succeed(folder, &[&args[..], &["--log", "calls.jsonl"]].concat());
        assert!(
            played.contains("greet") && played.contains("completed"),
            "{played}"
        );
        assert_eq!(body(played), body(logged));
    }
}

#[test]
fn the_schema_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = succeed(folder.path(), &["scenario", "schema"]);
    assert_eq!(text, bundled("scenarios/scenario.schema.json"));
}

#[test]
fn the_reference_of_the_language_has_the_table_of_features_and_its_example_is_fine() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../simulator/scenarios/README.md"
    );
    let readme = fs::read_to_string(path).expect("the reference");
    let table = succeed(folder.path(), &["scenario", "features"]);
    assert!(
        readme.contains(&table),
        "simulator/scenarios/README.md lacks what `offhook scenario features` prints:\n{table}"
    );
    let (_, example) = readme.split_once("```toml\n").expect("an example");
    let (example, _) = example.split_once("```").expect("its end");
    fs::write(folder.path().join("notice.toml"), example).expect("a file");
    succeed(
        folder.path(),
        &["scenario", "check", "notice.toml", "--strict"],
    );
    let features = succeed(
        folder.path(),
        &["scenario", "features", "notice.toml", "--json"],
    );
    let topic = features
        .lines()
        .find(|line| line.contains("\"feature\":\"topic.water\""));
    let topic: serde_json::Value = serde_json::from_str(topic.expect("a topic")).expect("JSON");
    assert_eq!(topic["levels"], serde_json::json!(["unsaid", "said"]));
    succeed(folder.path(), &["scenario", "config", "notice.toml"]);
    let config = fs::read_to_string(folder.path().join("notice.config.toml")).expect("a config");
    assert!(
        config.contains("scenario = \"notice.toml\"") && config.contains("reward_scale = 0.1000"),
        "{config}"
    );
}
