//! Policies against user models: the matrix, the agreement of rankings, and probes that break no rule.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::small_run::copied;
use crate::{fail, first_edited, succeed, words};

/// Bundled scenarios that can be played, by their names.
fn played(folder: &Path) -> Vec<String> {
    let listed = succeed(folder, &["scenario", "list"]);
    let names = listed.lines().filter_map(|l| l.split_whitespace().next());
    names
        .filter(|name| *name != "dstc2")
        .map(str::to_owned)
        .collect()
}

/// Key figures as (metric, value, where).
fn records(text: &str) -> Vec<(String, f64, Value)> {
    let parse = |line: &str| -> Value { serde_json::from_str(line).expect("a JSON line") };
    let record = |v: Value| {
        let metric = v["metric"].as_str().expect("a metric").to_owned();
        (
            metric,
            v["value"].as_f64().expect("a value"),
            v["where"].clone(),
        )
    };
    text.lines().map(parse).map(record).collect()
}

#[test]
fn probing_customers_make_no_masked_policy_break_a_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenarios = played(folder.path());
    let mut args = vec!["evaluate", "random", "script"];
    args.extend(scenarios.iter().map(String::as_str));
    args.extend(["--user-models", "adversarial", "--calls", "1000", "--json"]);
    let found = records(&succeed(folder.path(), &args));
    let broken: Vec<_> = found.iter().filter(|(m, ..)| m == "rules_broken").collect();
    assert_eq!(broken.len(), 2 * scenarios.len());
    for (_, value, place) in broken {
        assert_eq!(*value, 0.0, "{place}");
    }
    // They do probe: what a robot cannot know does harm, but in a textbook, where nothing is private.
    let probed = |place: &Value| place["scenario"] != "voicemail_pomdp";
    let harms = found
        .iter()
        .filter(|(m, _, place)| m == "harms" && probed(place));
    assert!(harms.clone().count() > 0 && harms.clone().all(|(_, value, _)| *value > 100.0));
}

#[test]
fn a_policy_that_supposes_customers_is_named_as_it_was_typed_and_meets_every_user_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let names = ["belief", "belief=script", "fraud_alert"];
    let args = [&["evaluate"][..], &names, &["--calls", "8", "--json"]].concat();
    let found = records(&succeed(folder, &args));
    let of = |policy: &str| -> Vec<(String, f64, Value)> {
        let own = found.iter().filter(|(.., place)| place["policy"] == policy);
        let rest = |place: &Value| place["user_model"].clone();
        own.map(|(metric, value, place)| (metric.clone(), *value, rest(place)))
            .collect()
    };
    assert!(of("belief").len() > 20);
    assert_eq!(of("belief"), of("belief=script"));
    let alone = |threads: &str| {
        let args = [
            "simulate",
            "fraud_alert",
            "--policy",
            "belief",
            "--calls",
            "6",
        ];
        succeed(
            folder,
            &[&args[..], &["--threads", threads, "--json"]].concat(),
        )
    };
    let values = |text: &str| -> Vec<f64> { records(text).iter().map(|r| r.1).collect() };
    assert_eq!(values(&alone("1")), values(&alone("2")));
    let refused = fail(
        folder,
        &["simulate", "fraud_alert", "--policy", "belief=privileged"],
        2,
    );
    assert!(refused.contains("must see what a robot sees"), "{refused}");
}

#[test]
fn a_planner_says_where_it_departs_and_what_that_is_worth() {
    let folder = copied();
    let folder = folder.path();
    let explained = |more: &str| {
        let command = format!("explain one --calls 12 {more}");
        succeed(folder, &command.split_whitespace().collect::<Vec<_>>())
    };
    let text = explained("--json --threads 1");
    assert_eq!(text, explained("--json --threads 2"));
    let found: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(!found.is_empty(), "no departure in 12 calls");
    for departure in &found {
        assert_eq!(departure["metric"], "departure");
        assert!(departure["where"]["kind"].is_string(), "{departure}");
        let n = departure["n"].as_f64().expect("a number");
        let often = departure["per_100_calls"].as_f64().expect("a number");
        assert!((often - 100.0 * n / 12.0).abs() < 1e-9, "{departure}");
        assert_eq!(departure["advantage"], departure["value"]);
    }
    let words = explained("--examples 1");
    assert!(
        words.contains(" instead of ") && words.contains("right person"),
        "{words}"
    );
}

#[test]
fn every_policy_meets_every_user_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let names = ["insurance_renewal", "script", "random"];
    let args = [&["evaluate"][..], &names, &["--calls", "200"]].concat();
    let text = succeed(folder, &args);
    for part in [
        "insurance_renewal: 200 calls per policy and user model, seed 1",
        "bigram: fitted to 4000 calls of script with agenda, seed 1",
        "Kendall's tau-b between user models, of 2 policies ranked by completion",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    for model in ["agenda", "bigram", "replay", "adversarial"] {
        for policy in ["script", "random"] {
            let line = text.lines().find(|line| {
                let words: Vec<_> = line.split_whitespace().take(2).collect();
                words == [policy, model]
            });
            assert!(
                line.is_some_and(|line| line.contains('%')),
                "{policy}, {model}"
            );
        }
    }
    let json = |threads| {
        let more = ["--json", "--metric", "return", "--threads", threads];
        succeed(folder, &[&args[..], &more].concat())
    };
    assert_eq!(json("1"), json("3"));
    let found = records(&json("2"));
    let taus: Vec<_> = found.iter().filter(|(m, ..)| m == "kendall_tau").collect();
    assert_eq!(taus.len(), 6, "pairs of four user models");
    assert_eq!(
        taus[0].2["user_model"],
        serde_json::json!(["agenda", "bigram"])
    );
    assert!(taus.iter().all(|(_, tau, _)| (-1.0..=1.0).contains(tau)));
}

/// Calls of random play as `calls.jsonl`.
fn logged(folder: &Path) {
    let log = "simulate fraud_alert --policy random --calls 300 --out calls.jsonl";
    succeed(folder, &words(log));
}

fn simulate<'a>(scenario: &'a str, model: &'a str) -> [&'a str; 6] {
    ["simulate", scenario, "--calls", "50", "--user-model", model]
}

#[test]
fn user_models_are_fitted_to_a_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    logged(folder);
    for (model, words) in [
        ("bigram=calls.jsonl", "calls of calls.jsonl"),
        ("replay=calls.jsonl", "calls of calls.jsonl"),
        ("replay", "4000 calls of script"),
        ("adversarial", "completion"),
    ] {
        let text = succeed(folder, &simulate("fraud_alert", model));
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_log_of_another_scenario_fits_no_user_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    logged(folder);
    let args = simulate("insurance_renewal", "bigram=calls.jsonl");
    let message = fail(folder, &args, 1);
    let words = "'calls.jsonl' holds no call of scenario `insurance_renewal`";
    assert!(message.contains(words), "{message}");
}

#[test]
fn a_log_with_an_unknown_action_fits_no_user_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    logged(folder);
    let text = fs::read_to_string(folder.join("calls.jsonl")).expect("the log");
    let broken = first_edited(&text, "\"greet\"", "\"great\"");
    fs::write(folder.join("calls.jsonl"), broken).expect("written");
    let args = simulate("fraud_alert", "bigram=calls.jsonl");
    let message = fail(folder, &args, 1);
    let words = "turn 0: unknown action `great`";
    assert!(message.contains(words), "{message}");
}

#[test]
fn user_models_that_are_none_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (model, code) in [
        ("bigram=none.jsonl", 1),
        ("agenda=calls.jsonl", 2),
        ("oracle", 2),
    ] {
        fail(folder.path(), &simulate("fraud_alert", model), code);
    }
}

#[test]
fn names_that_are_neither_policy_nor_scenario_are_usage_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::create_dir(folder.join("fraud_alert")).expect("a folder");
    for (names, words) in [
        (
            &["random", "fraud_alret"][..],
            "'fraud_alret' is neither a policy",
        ),
        (&["random", "script"], "no scenario among the names"),
        (
            &["fraud_alert", "random"],
            "is a bundled scenario and a policy's path",
        ),
        (&["insurance_renewal", "dstc2"], "no policy among the names"),
        (
            &["random", "random", "insurance_renewal"],
            "'random' is named twice",
        ),
        (
            &["random", "insurance_renewal", "--metric", "charm"],
            "possible values",
        ),
        (
            &["random", "insurance_renewal", "--user-models", "x"],
            "expected agenda",
        ),
    ] {
        let message = fail(folder, &[&["evaluate"], names].concat(), 2);
        assert!(message.contains(words), "{names:?}: {message}");
    }
}

#[test]
fn a_policy_of_another_scenario_is_an_error_where_there_is_but_one() {
    let folder = copied();
    for policy in ["one", "one/policy.safetensors"] {
        let command =
            format!("evaluate {policy} insurance_renewal --user-models agenda --calls 50");
        fail(folder.path(), &words(&command), 1);
    }
}

#[test]
fn a_policy_of_another_scenario_is_an_empty_cell_where_there_are_several() {
    let folder = copied();
    for policy in ["one", "one/policy.safetensors"] {
        let command = format!(
            "evaluate {policy} script fraud_alert insurance_renewal --user-models agenda --calls 50"
        );
        let text = succeed(folder.path(), &words(&command));
        let cells: Vec<_> = text.lines().filter(|l| l.starts_with(policy)).collect();
        let measured: Vec<bool> = cells.iter().map(|line| line.contains('%')).collect();
        // Two tables a scenario: figures, and how calls end.
        assert_eq!(measured, [true, true, false, false], "{text}");
    }
}
