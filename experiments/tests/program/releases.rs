//! A run as one file: made, refused, verified, played.

use std::fs;
use std::path::Path;

use offhook_table::DecisionTable;
use serde_json::Value;

use crate::small_run::copied;
use crate::tables::planted;
use crate::{fail, offhook, succeed, words};

/// Makes `one.offhook` of the one run, signed.
fn released(folder: &Path) {
    succeed(folder, &words("table keygen --out release.key"));
    let args = "release one --out one.offhook --key release.key";
    let said = succeed(folder, &words(args));
    assert!(
        said.contains(", signed\n") && said.contains("proved: no overlap, no gap"),
        "{said}"
    );
}

#[test]
fn a_release_is_verified_alone_by_the_key_that_signed_it() {
    let folder = copied();
    let folder = folder.path();
    released(folder);
    fs::remove_dir_all(folder.join("one")).expect("the run is there");
    let said = succeed(
        folder,
        &words("table verify one.offhook --key release.key.pub"),
    );
    assert!(
        said.starts_with("release ") && said.contains(": signed\n"),
        "{said}"
    );
    assert!(
        said.contains("verdict of its run: ") && said.contains("signature: holds"),
        "{said}"
    );
    succeed(folder, &words("table keygen --out other.key"));
    let other = fail(
        folder,
        &words("table verify one.offhook --key other.key.pub"),
        1,
    );
    assert!(other.contains("the signature does not hold"), "{other}");
    let beside = "table verify one.offhook --key release.key.pub --signature one.sig";
    assert!(fail(folder, &words(beside), 2).contains("a release has its signature inside"));
    let shown = succeed(folder, &words("table show one.offhook"));
    assert!(shown.starts_with("table for fraud_alert"), "{shown}");
}

#[test]
fn a_release_plays_as_its_run_does_with_its_own_scenario_or_another_of_its_layout() {
    let folder = copied();
    let folder = folder.path();
    released(folder);
    let plays = [
        ("run", "simulate fraud_alert --policy one"),
        ("release", "simulate fraud_alert --policy one.offhook"),
        ("own", "simulate --policy one.offhook"),
    ];
    let logs = plays.map(|(name, command)| {
        let command = format!("{command} --calls 200 --out {name}.jsonl");
        succeed(folder, &words(&command));
        fs::read(folder.join(format!("{name}.jsonl"))).expect("the log is there")
    });
    assert!(logs[0] == logs[1] && logs[1] == logs[2]);
    let other = fail(
        folder,
        &words("simulate fund_notice --policy one.offhook --calls 2"),
        1,
    );
    assert!(
        other.contains("for scenario 'fraud_alert', expected 'fund_notice'"),
        "{other}"
    );
    let matrix = succeed(
        folder,
        &words("evaluate one.offhook script --calls 50 --user-models agenda"),
    );
    assert!(matrix.contains("one.offhook is proved"), "{matrix}");
}

#[test]
fn equal_runs_give_equal_releases_and_an_unsigned_one_says_so() {
    let folder = copied();
    let folder = folder.path();
    for name in ["a", "b"] {
        let out = format!("{name}.offhook");
        let output = offhook(folder, &["release", "one", "--out", &out, "--json"]);
        let warning = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && warning.contains("the release is not signed"),
            "{warning}"
        );
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(
            (&json["signed"], &json["scenario"]),
            (&false.into(), &"fraud_alert".into())
        );
    }
    let read = |name: &str| fs::read(folder.join(name)).expect("the release is there");
    assert!(read("a.offhook") == read("b.offhook"));
    let again = fail(folder, &words("release one --out a.offhook"), 1);
    assert!(again.contains("is already there"), "{again}");
    succeed(folder, &words("table keygen --out k"));
    let unsigned = fail(folder, &words("table verify a.offhook --key k.pub"), 1);
    assert!(unsigned.contains("the release is not signed"), "{unsigned}");
}

#[test]
fn what_is_not_proved_is_not_released() {
    let folder = copied();
    let folder = folder.path();
    let run = folder.join("one");
    let table = fs::read(run.join("table.json")).expect("written");
    let table = DecisionTable::from_bytes(&table).expect("a table");
    fs::write(run.join("table.json"), planted(&table, 0)).expect("it can be written");
    let changed = fail(folder, &words("release one --out x.offhook"), 1);
    assert!(changed.contains("is not what the run wrote"), "{changed}");
    edit_manifest(&run, |manifest| {
        let files = manifest["files"].as_object_mut().expect("hashes");
        files.remove("table.json");
    });
    let message = fail(folder, &words("release one --out x.offhook"), 1);
    assert!(
        message.contains("'one' is not released: the table is not proved: "),
        "{message}"
    );
    assert!(message.contains("after an opt-out"), "{message}");
    assert!(!folder.join("x.offhook").exists());
}

fn edit_manifest(run: &Path, edit: impl FnOnce(&mut Value)) {
    let path = run.join("manifest.json");
    let text = fs::read_to_string(&path).expect("the manifest is there");
    let mut manifest: Value = serde_json::from_str(&text).expect("JSON");
    edit(&mut manifest);
    fs::write(&path, manifest.to_string()).expect("it can be written");
}

#[test]
fn a_verdict_of_worse_is_told_and_carried_along() {
    let folder = copied();
    let folder = folder.path();
    edit_manifest(&folder.join("one"), |manifest| {
        manifest["verdict"] = serde_json::json!({"status": "worse", "reasons": ["it loses calls"]});
    });
    let output = offhook(folder, &words("release one --out w.offhook"));
    let warning = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{warning}");
    assert!(
        warning.contains("the verdict of the run is worse: it loses calls"),
        "{warning}"
    );
    let said = succeed(folder, &words("table verify w.offhook"));
    assert!(said.contains("verdict of its run: worse"), "{said}");
}

#[test]
fn what_is_no_release_is_refused_with_one_message() {
    let folder = copied();
    let folder = folder.path();
    released(folder);
    let bytes = fs::read(folder.join("one.offhook")).expect("the release is there");
    let text = String::from_utf8(bytes.clone()).expect("JSON is text");
    let changed = |from: &str, to: &str| text.replacen(from, to, 1).into_bytes();
    for (bytes, expected) in [
        (bytes[..5000].to_vec(), "not a release: EOF"),
        (changed("Good day", "Good dog"), "checksum: found "),
        (
            changed("\"schema\":1", "\"schema\":3"),
            "release schema version is 3, expected 1",
        ),
        (
            changed("\"checksum\":\"", "\"checksum\": \""),
            "was changed after it was made, outside of its content",
        ),
    ] {
        fs::write(folder.join("bad.offhook"), bytes).expect("it can be written");
        for command in [
            "table verify bad.offhook",
            "simulate --policy bad.offhook --calls 2",
        ] {
            let message = fail(folder, &words(command), 1);
            assert!(
                message.contains(expected) && message.contains("'bad.offhook'"),
                "{message}"
            );
            assert!(
                message.lines().count() == 1 && message.len() < 600,
                "{message}"
            );
        }
    }
    for (command, code, expected) in [
        (
            "release one/table.json --out x.offhook",
            2,
            "is no run directory",
        ),
        ("release nowhere --out x.offhook", 2, "is no run directory"),
        (
            "release one --out x.offhook --key release.key.pub",
            1,
            "found no private key",
        ),
    ] {
        let message = fail(folder, &words(command), code);
        assert!(message.contains(expected), "{message}");
    }
    assert!(!folder.join("x.offhook").exists());
}
