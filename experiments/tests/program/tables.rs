//! What the program says of a run's table: where it comes from, what was proved, what it meets and
//! what would change.

use std::fs;
use std::path::Path;

use offhook_table::DecisionTable;
use serde_json::Value;

use crate::{fail, succeed};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn read(path: &Path) -> Value {
    json(&fs::read_to_string(path).expect("the file is there"))
}

/// Everything about the table of run `one`, which took two seeds and 200 held-out calls.
pub fn check(folder: &Path) {
    check_provenance(folder);
    check_proof(folder);
    check_calls(folder);
    check_decisions(folder);
    check_distillation(folder);
}

fn check_distillation(folder: &Path) {
    let distill = |more: &str| {
        let command = format!("table distill one {more}");
        succeed(folder, &command.split(' ').collect::<Vec<_>>())
    };
    let text = distill("--method regret,viper,cloning --calls 500 --json");
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

    // The table that is written says where it comes from and does not depend on threads.
    for threads in ["1", "2"] {
        distill(&format!(
            "--calls 100 --out table{threads}.json --threads {threads}"
        ));
    }
    let read = |file| fs::read(folder.join(file)).expect("written");
    assert!(read("table1.json") == read("table2.json"), "threads differ");
    succeed(folder, &["table", "verify", "table1.json"]);
    let again = "table distill one --out table1.json";
    let message = fail(folder, &again.split(' ').collect::<Vec<_>>(), 1);
    assert!(message.contains("replace it with --force"), "{message}");
    let several = "table distill one --max-rules 50,60 --out table3.json";
    let message = fail(folder, &several.split(' ').collect::<Vec<_>>(), 2);
    assert!(message.contains("--out takes one table"), "{message}");
    let elsewhere = "table distill one --scenario insurance_renewal";
    let message = fail(folder, &elsewhere.split(' ').collect::<Vec<_>>(), 1);
    assert!(message.contains("made for 'fraud_alert'"), "{message}");
}

fn check_provenance(folder: &Path) {
    let (table, manifest) = (
        read(&folder.join("one/table.json")),
        read(&folder.join("one/manifest.json")),
    );
    let provenance = &table["provenance"];
    assert_eq!(provenance["config"]["sha256"], manifest["inputs"]["config"]);
    assert_eq!(provenance["channel"], manifest["inputs"]["channel"]);
    assert_eq!(provenance["revision"], manifest["revision"]);
    assert_eq!(provenance["seeds"]["of"], manifest["seeds"]);
    let metrics = &provenance["metrics"];
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
    let proofs = &provenance["proofs"];
    assert_eq!(
        proofs["cells"],
        serde_json::json!(["no overlap", "no gap", "masks"])
    );
    assert_eq!(proofs["failed"], Value::Null);
    let n_rules = proofs["rules"].as_array().map_or(0, Vec::len);
    assert!(n_rules >= 10, "{proofs}");
    // Every format carries it.
    for format in ["json", "dpt", "csv", "dmn", "jdm", "jsonlogic"] {
        let out = format!("whence.{format}");
        let command = ["table", "export", "one", "--format", format, "--out", &out];
        succeed(folder, &command);
        let bytes = fs::read(folder.join(&out)).expect("written");
        let text = String::from_utf8_lossy(&bytes);
        for part in [&manifest["inputs"]["config"], &proofs["rules"][0]] {
            let part = part.as_str().expect("a text");
            assert!(text.contains(part), "{part} is not in {format}");
        }
    }
    let text = succeed(folder, &["table", "show", "one"]);
    assert!(text.contains("cells: no overlap; no gap; masks"), "{text}");
}

fn check_proof(folder: &Path) {
    let command = ["table", "verify", "one", "--self-test", "3", "--json"];
    let report = json(&succeed(folder, &command));
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

    let command = "evaluate one fraud_alert --user-models adversarial --calls 3000";
    let command: Vec<&str> = command.split(' ').collect();
    let text = succeed(folder, &command);
    assert!(
        text.contains("table one is proved to break no rule in any cell"),
        "{text}"
    );
    let text = succeed(folder, &[&command[..], &["--json"]].concat());
    let broken = text.lines().map(json);
    let broken: Vec<Value> = broken.filter(|r| r["metric"] == "rules_broken").collect();
    assert_eq!((broken.len(), &broken[0]["value"]), (1, &0.0.into()));
}

fn check_calls(folder: &Path) {
    let simulate = |more: &str| {
        let command = format!("simulate fraud_alert --policy one --calls 300 --seed 9 {more}");
        succeed(folder, &command.split(' ').collect::<Vec<_>>());
    };
    simulate("--out same.jsonl");
    simulate("--out probing.jsonl --user-model adversarial");
    let drift = |log| json(&succeed(folder, &["table", "drift", "one", log, "--json"]));
    let moved = |report: &Value| {
        let features = report["features"].as_array().expect("features");
        let moved = |f: &&Value| f["verdict"] == "moved" || f["verdict"] == "shifted";
        features.iter().filter(moved).count()
    };
    assert_eq!(moved(&drift("same.jsonl")), 0);
    assert!(moved(&drift("probing.jsonl")) > 0);

    let command = ["table", "show", "one", "--log", "same.jsonl", "--json"];
    let shown = json(&succeed(folder, &command));
    let rules = shown["rules"].as_array().expect("rules");
    let supports: Vec<_> = rules.iter().map(|rule| rule["support"].as_u64()).collect();
    assert!(supports.is_sorted_by(|a, b| a >= b), "{supports:?}");
    assert_eq!(rules[0]["examples"].as_array().map(Vec::len), Some(2));

    let text = fs::read_to_string(folder.join("same.jsonl")).expect("written");
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
    let command = [
        "table",
        "diff",
        "one",
        "other.json",
        "--log",
        "callers.jsonl",
    ];
    let text = succeed(folder, &command);
    assert!(text.contains("recorded turns"), "{text}");
    assert!(
        text.contains("callers with age old: another action in "),
        "{text}"
    );
}

fn check_decisions(folder: &Path) {
    let table = read(&folder.join("one/table.json"));
    let features = table["features"].as_array().expect("features");
    let names = features.iter().map(|f| f["name"].as_str().expect("a name"));
    let header: Vec<&str> = ["call"].into_iter().chain(names).collect();
    let levels = features
        .iter()
        .map(|f| f["levels"][0].as_str().expect("a level"));
    let row: Vec<&str> = ["7"].into_iter().chain(levels).collect();
    let write = |header: &[&str], rows: &[&[&str]]| {
        let rows = rows.iter().map(|row| row.join(","));
        let lines: Vec<String> = [header.join(",")].into_iter().chain(rows).collect();
        fs::write(folder.join("states.csv"), lines.join("\n")).expect("written");
    };
    let decide = ["table", "decide", "one", "--csv", "states.csv"];
    write(&header, &[&row, &row]);
    let text = succeed(folder, &decide);
    assert!(
        text.lines().nth(2).expect("a row").starts_with("7,1,none"),
        "{text}"
    );
    let text = succeed(folder, &[&decide[..], &["--json"]].concat());
    let last = json(text.lines().nth(1).expect("a row"));
    assert_eq!(
        (&last["line"], &last["action"]),
        (&3.into(), &"greet".into())
    );

    let mut bad = row.clone();
    bad[2] = "yodel";
    write(&header, &[&row, &bad]);
    let message = fail(folder, &decide, 1);
    assert!(
        message.contains("line 3, column 3: feature 'said' has no level 'yodel'"),
        "{message}"
    );
    write(&header[..3], &[]);
    let message = fail(folder, &decide, 1);
    assert!(message.contains("line 1: missing features: "), "{message}");
    let twice = [&header[..], &["said"]].concat();
    write(&twice, &[]);
    let message = fail(folder, &decide, 1);
    assert!(
        message.contains("line 1: feature 'said' is given twice"),
        "{message}"
    );
}
