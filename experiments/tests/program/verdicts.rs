//! What a run says of the table that it ships: outcomes that leave nothing out, and one verdict.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::small_run::{CONFIG, copied};
use crate::{bundled, edited, fail, first_edited, offhook, succeed, words};

fn records(text: &str) -> Vec<Value> {
    let record = |line: &str| serde_json::from_str(line).expect("JSON");
    text.lines().map(record).collect()
}

/// The command of a run of seconds that learns next to nothing: one seed, `edits` in its config.
fn failing(folder: &Path, edits: &[(&str, &str)]) -> &'static str {
    let mut config = edited(CONFIG, "seeds = [1, 2]", "seeds = [1]");
    for (from, to) in edits {
        config = edited(&config, from, to);
    }
    fs::write(folder.join("failing.toml"), config).expect("written");
    "run failing.toml --out failed"
}

fn verdict(folder: &Path) -> Value {
    let manifest = fs::read(folder.join("failed/manifest.json")).expect("written");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    manifest["verdict"].clone()
}

#[test]
fn outcomes_sum_to_1_for_every_policy_wherever_calls_are_played() {
    let folder = copied();
    let folder = folder.path();
    for command in [
        "simulate fraud_alert --policy one --calls 200 --json",
        "evaluate one random script fraud_alert --user-models agenda,bigram --calls 200 --json",
    ] {
        let mut sums: BTreeMap<String, f64> = BTreeMap::new();
        let mut n_outcomes = 0;
        for record in records(&succeed(folder, &words(command))) {
            if record["metric"] == "outcome" {
                let place = &record["where"];
                let key = format!("{} {}", place["policy"], place["user_model"]);
                *sums.entry(key).or_default() += record["value"].as_f64().expect("a number");
                n_outcomes += 1;
            }
        }
        assert_eq!(n_outcomes, 11 * sums.len(), "{command}");
        assert!(
            sums.values().all(|sum| (sum - 1.0).abs() < 1e-9),
            "{sums:?}"
        );
    }
    let summary = fs::read_to_string(folder.join("one/summary.csv")).expect("written");
    let shares = summary.lines().filter(|l| l.starts_with("table,outcome/"));
    let value = |line: &str| line.split(',').nth(2).and_then(|v| v.parse::<f64>().ok());
    let sum: f64 = shares.filter_map(value).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    let attainable: Vec<f64> = (summary.lines())
        .filter(|line| line.split(',').nth(1) == Some("attainable"))
        .filter_map(value)
        .collect();
    assert!(attainable.len() >= 5, "{summary}");
    let same = |share: &f64| (share - attainable[0]).abs() < 1e-12;
    assert!(
        attainable.iter().all(same),
        "the same for all: {attainable:?}"
    );
}

#[test]
fn a_table_that_is_worse_than_the_script_is_said_to_be_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // A table of two rules cannot hold the flow, and its network learned for a moment only.
    let command = failing(folder, &[("max_rules = 60", "max_rules = 2")]);
    let text = succeed(folder, &words(command));
    let last = text.lines().last().expect("a line");
    assert!(last.starts_with("verdict: worse: "), "{last}");
    assert!(
        last.contains("points of completion") && last.contains("against the script"),
        "{last}"
    );
    let found = verdict(folder);
    assert_eq!(found["status"], "worse");
    let reasons = found["reasons"].as_array().expect("a list");
    assert!(
        reasons.iter().all(Value::is_string) && reasons.len() > 1,
        "{found}"
    );
    let report = fs::read_to_string(folder.join("failed/report.html")).expect("written");
    assert!(report.contains("Verdict: worse"), "in the report too");

    // The run is finished; what is left is its verdict.
    let strict = [&words(command)[..], &["--resume", "--strict"]].concat();
    let message = fail(folder, &strict, 3);
    assert!(message.contains("verdict: worse"), "{message}");
}

#[test]
fn a_verdict_is_a_record_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let command = failing(folder, &[]);
    let found = records(&succeed(
        folder,
        &[&words(command)[..], &["--json"]].concat(),
    ));
    let last = found.last().expect("records");
    assert_eq!(last["metric"], "verdict");
    assert_eq!(last["where"]["reasons"], verdict(folder)["reasons"]);
}

#[test]
fn a_run_refuses_a_scenario_with_faults_and_names_its_exploits() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let scenario = bundled("scenarios/fraud_alert.toml");
    let write = |text: &str| fs::write(folder.join("mine.toml"), text).expect("written");
    let command = words(failing(folder, &[("\"fraud_alert\"", "\"mine.toml\"")]));

    write(&first_edited(
        &scenario,
        "right_person = ",
        "right_person = 0.0 # ",
    ));
    let message = fail(folder, &command, 1);
    assert!(
        message.contains("mine.toml:") && message.contains("no call can be complete"),
        "{message}"
    );
    assert!(!folder.join("failed").exists(), "refused before any work");

    write(&first_edited(&scenario, "handoff = ", "handoff = 90 # "));
    let output = offhook(folder, &command);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert!(errors.contains("handing off at once earns"), "{errors}");
    let reasons = verdict(folder)["reasons"].to_string();
    assert!(reasons.contains("the reward can be exploited"), "{reasons}");
}
