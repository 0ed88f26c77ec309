//! What the program says of a run's table: where it comes from, what was proved, what it meets and
//! what would change.

use std::fs;
use std::path::Path;

use offhook_table::{DecisionTable, Provenance, Rule};
use serde_json::Value;

use crate::small_run::copied;
use crate::{fail, first_edited, offhook, succeed, words};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn read(path: &Path) -> Value {
    json(&fs::read_to_string(path).expect("the file is there"))
}

/// The table of run `one` in a format, as written to `out`.
fn export(folder: &Path, table: &str, format: &str, out: &str) -> Vec<u8> {
    let command = format!("table export {table} --format {format} --out {out}");
    succeed(folder, &words(&command));
    fs::read(folder.join(out)).expect("written")
}

#[test]
fn a_table_is_refused_for_another_scenario() {
    let folder = copied();
    fail(
        folder.path(),
        &words("table verify one --scenario insurance_renewal"),
        1,
    );
}

#[test]
fn a_table_is_shown_as_rules() {
    let folder = copied();
    let text = succeed(folder.path(), &words("table show one"));
    assert!(text.contains("when "), "{text}");
}

#[test]
fn a_run_writes_its_table_as_it_is_exported() {
    let folder = copied();
    let folder = folder.path();
    let exported = export(folder, "one", "csv", "table.csv");
    assert!(exported == fs::read(folder.join("one/table.csv")).expect("written"));
}

#[test]
fn a_table_comes_back_from_every_format_that_is_read() {
    let folder = copied();
    let folder = folder.path();
    let json = fs::read(folder.join("one/table.json")).expect("written");
    for format in ["dpt", "csv", "dmn"] {
        let file = format!("there.{format}");
        export(folder, "one", format, &file);
        let back = export(folder, &file, "json", &format!("back.{format}"));
        assert!(back == json, "{format}");
    }
}

#[test]
fn a_decision_model_has_test_cases_beside_it() {
    let folder = copied();
    let folder = folder.path();
    export(folder, "one", "dmn", "there.dmn");
    let cases = fs::read_to_string(folder.join("there-test-01.xml")).expect("written beside");
    assert!(cases.contains("<modelName>there.dmn</modelName>"));
}

#[test]
fn an_exported_table_is_not_overwritten() {
    let folder = copied();
    let folder = folder.path();
    export(folder, "one", "dmn", "there.dmn");
    let again = "table export one --format dmn --out there.dmn";
    let message = fail(folder, &words(again), 1);
    assert!(message.contains("already there"), "{message}");
}

#[test]
fn a_table_edited_by_hand_is_refused() {
    let folder = copied();
    let folder = folder.path();
    let json = fs::read_to_string(folder.join("one/table.json")).expect("written");
    let edited = first_edited(&json, "\"action\":\"close\"", "\"action\":\"greet\"");
    fs::write(folder.join("edited.json"), edited).expect("written");
    let message = fail(folder, &words("table verify edited.json"), 1);
    assert!(message.contains("checksum"), "{message}");
}

#[test]
fn a_run_and_its_checkpoint_play_calls() {
    let folder = copied();
    for policy in ["one", "one/policy.safetensors"] {
        let command = format!("simulate fraud_alert --policy {policy} --calls 20");
        succeed(folder.path(), &words(&command));
    }
}

#[test]
fn a_run_does_not_play_calls_of_another_scenario() {
    let folder = copied();
    let command = "simulate insurance_renewal --policy one --calls 20";
    let message = fail(folder.path(), &words(command), 1);
    for name in ["fraud_alert", "insurance_renewal"] {
        assert!(message.contains(name), "{message}");
    }
}

#[test]
fn every_method_of_distillation_keeps_to_the_rules_that_it_may_have() {
    let folder = copied();
    let command = "table distill one --method regret,viper,cloning --calls 500 --json";
    let text = succeed(folder.path(), &words(command));
    let lines: Vec<Value> = text.lines().map(json).collect();
    for method in ["regret", "viper", "cloning"] {
        let of_method = lines
            .iter()
            .filter(|line| line["where"]["method"] == method);
        let value = |metric| of_method.clone().find(|line| line["metric"] == metric);
        let rules = value("rules").expect("measured")["value"].as_f64();
        assert!(rules <= Some(60.0), "{method}: {rules:?}");
        assert!(value("completion_lost").expect("measured")["high"].is_number());
    }
}

#[test]
fn a_distilled_table_is_proved_and_does_not_depend_on_threads() {
    let folder = copied();
    let folder = folder.path();
    let [one, two] = ["1", "2"].map(|threads| {
        let file = format!("table{threads}.json");
        let more = format!("--calls 100 --out {file} --threads {threads}");
        succeed(folder, &words(&format!("table distill one {more}")));
        fs::read(folder.join(file)).expect("written")
    });
    assert!(one == two, "threads differ");
    succeed(folder, &words("table verify table1.json"));
}

#[test]
fn a_distilled_table_goes_to_one_file_that_is_not_there() {
    let folder = copied();
    let folder = folder.path();
    fs::write(folder.join("mine.json"), "mine").expect("written");
    let message = fail(folder, &words("table distill one --out mine.json"), 1);
    assert!(message.contains("replace it with --force"), "{message}");
    let several = "table distill one --max-rules 50,60 --out table.json";
    let message = fail(folder, &words(several), 2);
    assert!(message.contains("--out takes one table"), "{message}");
}

#[test]
fn a_network_is_not_distilled_for_another_scenario() {
    let folder = copied();
    let elsewhere = "table distill one --scenario insurance_renewal";
    let message = fail(folder.path(), &words(elsewhere), 1);
    assert!(message.contains("made for 'fraud_alert'"), "{message}");
}

#[test]
fn a_table_says_which_run_it_comes_from() {
    let folder = copied();
    let (table, manifest) = (
        read(&folder.path().join("one/table.json")),
        read(&folder.path().join("one/manifest.json")),
    );
    let provenance = &table["provenance"];
    assert_eq!(provenance["config"]["sha256"], manifest["inputs"]["config"]);
    assert_eq!(provenance["channel"], manifest["inputs"]["channel"]);
    assert_eq!(provenance["revision"], manifest["revision"]);
    assert_eq!(provenance["seeds"]["of"], manifest["seeds"]);
}

#[test]
fn a_table_says_how_it_did_with_intervals() {
    let folder = copied();
    let table = read(&folder.path().join("one/table.json"));
    let metrics = &table["provenance"]["metrics"];
    assert_eq!(
        (&metrics["calls"], &metrics["rules_broken"]),
        (&200.into(), &0.into())
    );
    for figure in [
        &metrics["completion"],
        &metrics["return"],
        &metrics["lost"]["completion"],
    ] {
        let [value, low, high] = [0, 1, 2].map(|k| figure[k].as_f64().expect("a number"));
        assert!(low <= value && value <= high, "{metrics}");
    }
}

#[test]
fn a_table_says_what_was_proved() {
    let folder = copied();
    let table = read(&folder.path().join("one/table.json"));
    let proofs = &table["provenance"]["proofs"];
    assert_eq!(
        proofs["cells"],
        serde_json::json!(["no overlap", "no gap", "masks"])
    );
    assert_eq!(proofs["failed"], Value::Null);
    let n_rules = proofs["rules"].as_array().map_or(0, Vec::len);
    assert!(n_rules >= 10, "{proofs}");
    let text = succeed(folder.path(), &words("table show one"));
    assert!(text.contains("cells: no overlap; no gap; masks"), "{text}");
}

#[test]
fn every_format_carries_where_the_table_comes_from() {
    let folder = copied();
    let folder = folder.path();
    let table = read(&folder.join("one/table.json"));
    let provenance = &table["provenance"];
    for format in ["json", "dpt", "csv", "dmn", "jdm", "jsonlogic"] {
        let bytes = export(folder, "one", format, &format!("whence.{format}"));
        let text = String::from_utf8_lossy(&bytes);
        for part in [
            &provenance["config"]["sha256"],
            &provenance["proofs"]["rules"][0],
        ] {
            let part = part.as_str().expect("a text");
            assert!(text.contains(part), "{part} is not in {format}");
        }
    }
}

#[test]
fn a_proof_is_told_rule_by_rule_and_the_verifier_is_tested() {
    let folder = copied();
    let command = "table verify one --self-test 3 --json";
    let report = json(&succeed(folder.path(), &words(command)));
    assert_eq!(
        [
            &report["ok"],
            &report["scenario_unchanged"],
            &report["report"]["proved"]
        ],
        [&Value::Bool(true); 3]
    );
    let rules = report["rules_of_conduct"].as_array().expect("rules");
    let opt_out = rules
        .iter()
        .find(|r| r["constraint"] == "after an opt-out only apologize and close");
    assert_eq!(opt_out.expect("by name")["n_violations"], 0);
    assert_eq!(
        report["self_test"]["faults"].as_array().map(Vec::len),
        Some(4)
    );
}

#[test]
fn a_proved_table_breaks_no_rule_whoever_calls() {
    let folder = copied();
    let folder = folder.path();
    let command = words("evaluate one fraud_alert --user-models adversarial --calls 3000");
    let text = succeed(folder, &command);
    let proved = "table one is proved to break no rule in any cell";
    assert!(text.contains(proved), "{text}");
    let text = succeed(folder, &[&command[..], &["--json"]].concat());
    let broken = text.lines().map(json);
    let broken: Vec<Value> = broken.filter(|r| r["metric"] == "rules_broken").collect();
    assert_eq!((broken.len(), &broken[0]["value"]), (1, &0.0.into()));
}

/// A table whose every rule tells the transaction, to whomever, as `.ci/run` plays it too.
pub fn planted(table: &DecisionTable, default_action: u8) -> Vec<u8> {
    let layout = table.layout().clone();
    let private = action(table, "inform(transaction)");
    let rules = table.rules().iter().map(|rule| Rule {
        action: private,
        ..rule.clone()
    });
    let (scenario, provenance) = (table.scenario(), Provenance::new());
    let planted = DecisionTable::new(
        scenario,
        layout,
        rules.collect(),
        default_action,
        provenance,
    );
    planted.expect("a sound table").to_json().into_bytes()
}

fn action(table: &DecisionTable, name: &str) -> u8 {
    let mut actions = table.layout().actions().iter();
    actions.position(|a| a == name).expect("an action") as u8
}

#[test]
fn a_table_that_breaks_every_rule_is_found_guilty_though_it_is_held_back() {
    let folder = copied();
    let folder = folder.path();
    let table = fs::read(folder.join("one/table.json")).expect("written");
    let table = DecisionTable::from_bytes(&table).expect("a table");
    let bytes = planted(&table, action(&table, "close"));
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted.json");
    fs::write(shared, &bytes).expect("written");
    fs::write(folder.join("planted.json"), &bytes).expect("written");
    for command in [
        "evaluate planted.json fraud_alert --user-models agenda --calls 300",
        "simulate fraud_alert --policy planted.json --calls 300",
    ] {
        let text = succeed(folder, &words(command));
        assert!(text.contains("planted.json is NOT proved"), "{text}");
        let text = succeed(folder, &[&words(command)[..], &["--json"]].concat());
        let records: Vec<Value> = text.lines().map(json).collect();
        let count = |metric: &str| {
            let record = records.iter().find(|r| r["metric"] == metric);
            record.expect(metric)["value"].as_f64()
        };
        assert_eq!(count("rules_broken"), Some(0.0));
        assert!(count("held_back") > Some(300.0), "{text}");
        assert!(
            records.iter().all(|r| r["where"]["proved"] == false),
            "{text}"
        );
    }
    let verify = words("table verify planted.json --scenario fraud_alert");
    let output = crate::offhook(folder, &verify);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_private_default_action_is_refused() {
    let folder = copied();
    let folder = folder.path();
    let table = fs::read(folder.join("one/table.json")).expect("written");
    let table = DecisionTable::from_bytes(&table).expect("a table");
    let (layout, rules) = (table.layout().clone(), table.rules().to_vec());
    let private = action(&table, "inform(transaction)");
    let table = DecisionTable::new(table.scenario(), layout, rules, private, Provenance::new());
    let table = table.expect("a sound table").to_json();
    fs::write(folder.join("private.json"), table).expect("written");
    let command = words("table verify private.json --scenario fraud_alert");
    let output = crate::offhook(folder, &command);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("inform(transaction) reveals account details"),
        "{text}"
    );
}

/// Calls that the table of run `one` has with a user model, as `calls.jsonl`.
fn played(folder: &Path, user_model: &str, n_calls: &str) {
    let command = "simulate fraud_alert --policy one --seed 9 --out calls.jsonl";
    let with = ["--user-model", user_model, "--calls", n_calls];
    succeed(folder, &[&words(command)[..], &with].concat());
}

#[test]
fn calls_as_they_were_show_no_drift() {
    let folder = copied();
    played(folder.path(), "agenda", "300");
    let text = succeed(folder.path(), &words("table drift one calls.jsonl"));
    assert!(
        !text.contains("moved, index") && !text.contains("shifted, index"),
        "{text}"
    );
}

#[test]
fn twenty_calls_are_too_few_to_show_drift() {
    let folder = copied();
    played(folder.path(), "agenda", "20");
    let text = succeed(folder.path(), &words("table drift one calls.jsonl"));
    assert!(text.contains("the calls are too few to tell"), "{text}");
}

#[test]
fn other_customers_show_as_drift_and_fail() {
    let folder = copied();
    played(folder.path(), "adversarial", "300");
    let output = offhook(folder.path(), &words("table drift one calls.jsonl --json"));
    assert_eq!(output.status.code(), Some(1));
    let report = json(&String::from_utf8(output.stdout).expect("UTF-8"));
    let features = report["features"].as_array().expect("features");
    let moved = |f: &Value| f["verdict"] == "moved" || f["verdict"] == "shifted";
    assert!(features.iter().any(moved), "{report}");
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        message.contains("are not those that 'one' was made for"),
        "{message}"
    );
}

#[test]
fn rules_are_shown_by_the_calls_that_they_decided() {
    let folder = copied();
    played(folder.path(), "agenda", "300");
    let command = "table show one --log calls.jsonl --json";
    let shown = json(&succeed(folder.path(), &words(command)));
    let rules = shown["rules"].as_array().expect("rules");
    let supports: Vec<_> = rules.iter().map(|rule| rule["support"].as_u64()).collect();
    assert!(supports.is_sorted_by(|a, b| a >= b), "{supports:?}");
    assert_eq!(rules[0]["examples"].as_array().map(Vec::len), Some(2));
}

#[test]
fn two_tables_differ_for_callers_of_a_kind() {
    let folder = copied();
    let folder = folder.path();
    played(folder, "agenda", "300");
    let text = fs::read_to_string(folder.join("calls.jsonl")).expect("written");
    let with_callers: String = text
        .lines()
        .enumerate()
        .map(|(k, line)| {
            let mut call = json(line);
            call["caller"]["features"]["age"] = ["young", "old"][k % 2].into();
            format!("{call}\n")
        })
        .collect();
    fs::write(folder.join("callers.jsonl"), with_callers).expect("written");
    let bytes = fs::read(folder.join("one/table.json")).expect("written");
    let table = DecisionTable::from_bytes(&bytes).expect("a table");
    let mut rules = table.rules().to_vec();
    rules[1].action = (rules[1].action + 1) % 2;
    let other = table.with_rules(rules).expect("a table");
    fs::write(folder.join("other.json"), other.to_json()).expect("written");
    let command = "table diff one other.json --log callers.jsonl";
    let text = succeed(folder, &words(command));
    assert!(text.contains("recorded turns"), "{text}");
    assert!(
        text.contains("callers with age old: another action in "),
        "{text}"
    );
}

const DECIDE: &str = "table decide one --csv states.csv";

/// States as a spreadsheet has them: a column that the table does not know, then its features.
struct States {
    header: Vec<String>,
    /// The first level of every feature.
    row: Vec<String>,
}

impl States {
    /// Those of the table of run `one`.
    fn of(folder: &Path) -> Self {
        let table = read(&folder.join("one/table.json"));
        let features = table["features"].as_array().expect("features");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let names = features.iter().map(|f| text(&f["name"]));
        let levels = features.iter().map(|f| text(&f["levels"][0]));
        Self {
            header: ["call".to_owned()].into_iter().chain(names).collect(),
            row: ["7".to_owned()].into_iter().chain(levels).collect(),
        }
    }

    /// Writes `states.csv`.
    fn write(header: &[String], rows: &[&[String]], folder: &Path) {
        let lines = [header].into_iter().chain(rows.iter().copied());
        let lines: Vec<String> = lines.map(|line| line.join(",")).collect();
        fs::write(folder.join("states.csv"), lines.join("\n")).expect("written");
    }
}

#[test]
fn a_spreadsheet_of_states_is_decided_row_by_row() {
    let folder = copied();
    let folder = folder.path();
    let States { header, row } = States::of(folder);
    States::write(&header, &[&row, &row], folder);
    let text = succeed(folder, &words(DECIDE));
    assert!(
        text.lines().nth(2).expect("a row").starts_with("7,1,none"),
        "{text}"
    );
    let text = succeed(folder, &words(&format!("{DECIDE} --json")));
    let last = json(text.lines().nth(1).expect("a row"));
    assert_eq!(
        (&last["line"], &last["action"]),
        (&3.into(), &"greet".into())
    );
}

#[test]
fn decisions_on_decided_rows_replace_the_old_ones() {
    let folder = copied();
    let folder = folder.path();
    let States { header, row } = States::of(folder);
    States::write(&header, &[&row], folder);
    let once = succeed(folder, &words(DECIDE));
    fs::write(folder.join("states.csv"), &once).expect("written");
    assert_eq!(succeed(folder, &words(DECIDE)), once);
}

#[test]
fn a_level_that_a_feature_does_not_have_is_placed() {
    let folder = copied();
    let folder = folder.path();
    let States { header, row } = States::of(folder);
    let mut bad = row.clone();
    bad[2] = "yodel".to_owned();
    States::write(&header, &[&row, &bad], folder);
    let message = fail(folder, &words(DECIDE), 1);
    let place = "line 3, column 3: feature 'said' has no level 'yodel'";
    assert!(message.contains(place), "{message}");
}

#[test]
fn missing_and_repeated_features_are_named() {
    let folder = copied();
    let folder = folder.path();
    let States { header, .. } = States::of(folder);
    States::write(&header[..3], &[], folder);
    let message = fail(folder, &words(DECIDE), 1);
    assert!(message.contains("line 1: missing features: "), "{message}");
    let twice = [&header[..], &["said".to_owned()]].concat();
    States::write(&twice, &[], folder);
    let message = fail(folder, &words(DECIDE), 1);
    let words = "line 1: feature 'said' is given twice";
    assert!(message.contains(words), "{message}");
}
