//! Call logs that are none, or not whole: every command that reads one says so, and the same.

use std::fs;
use std::path::Path;

use crate::{edited, fail, first_edited, succeed, words};

/// Every command that reads a log, with LOG in its place.
const READERS: [&str; 11] = [
    "answers LOG",
    "import log LOG --strict --out out.jsonl",
    "ope LOG --policy script",
    "fit LOG --out channel.toml",
    "evaluate script fraud_alert --calls 10 --user-models bigram=LOG",
    "simulate fraud_alert --calls 10 --user-model replay=LOG",
    "scenario graph fraud_alert --log LOG",
    "table show t.json --log LOG",
    "table diff t.json t.json --log LOG",
    "table drift t.json LOG",
    "run clone.toml --out run",
];

const CLONE: &str =
    "name = \"clone\"\nscenario = \"fraud_alert\"\nseeds = [1]\n[imitation]\nlog = \"LOG\"\n";

/// A folder with `calls.jsonl` and the same as `calls.jsonl.zst`, and a table.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let table = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../results/reference/quickstart/table.json"
    );
    fs::copy(table, folder.path().join("t.json")).expect("copied");
    for file in ["calls.jsonl", "calls.jsonl.zst"] {
        let command = format!("simulate fraud_alert --calls 200 --seed 3 --out {file}");
        succeed(folder.path(), &words(&command));
    }
    folder
}

/// Every reader must refuse `log` in words that hold `expected`, and leave nothing behind.
#[track_caller]
fn all_refuse(folder: &Path, log: &str, expected: &str) {
    fs::write(folder.join("clone.toml"), CLONE.replace("LOG", log)).expect("written");
    for reader in READERS {
        let command = reader.replace("LOG", log);
        let message = fail(folder, &words(&command), 1);
        assert!(message.contains(expected), "{command}: {message}");
        for out in ["out.jsonl", "channel.toml", "run"] {
            assert!(!folder.join(out).exists(), "{command} left {out}");
        }
    }
}

#[test]
fn a_log_that_was_cut_short_is_an_error_for_all_who_read_it() {
    let folder = folder();
    let folder = folder.path();
    let plain = fs::read(folder.join("calls.jsonl")).expect("written");
    let half = plain.len() / 2;
    let within = plain[half..].iter().position(|&byte| byte == b',');
    let cut = half + within.expect("a line has commas");
    fs::write(folder.join("cut.jsonl"), &plain[..cut]).expect("written");
    all_refuse(folder, "cut.jsonl", "is it cut short?");
    let packed = fs::read(folder.join("calls.jsonl.zst")).expect("written");
    fs::write(folder.join("cut.jsonl.zst"), &packed[..packed.len() / 2]).expect("written");
    all_refuse(folder, "cut.jsonl.zst", "is the file cut short?");
    // Without --strict as well.
    for log in ["cut.jsonl", "cut.jsonl.zst"] {
        let command = format!("import log {log} --out out.jsonl");
        fail(folder, &words(&command), 1);
        assert!(!folder.join("out.jsonl").exists());
    }
}

#[test]
fn what_is_no_call_for_one_reader_is_none_for_all() {
    let folder = folder();
    let folder = folder.path();
    let text = fs::read_to_string(folder.join("calls.jsonl")).expect("written");
    let (first, rest) = text.split_once('\n').expect("lines");
    let (_, turns) = first.split_once("\"turns\":").expect("turns");
    let turns = &turns[..=turns.rfind(']').expect("a list")];
    let again = format!("{first}\n");
    for (name, line, expected) in [
        (
            "empty.jsonl",
            first.replace(turns, "[]"),
            "line 1: no turn, expected at least one",
        ),
        (
            "times.jsonl",
            first_edited(
                first,
                "\"system_start_seconds\":0.0",
                "\"system_start_seconds\":-5.0",
            ),
            "line 1: turn 0: system_start_seconds -5, expected at least 0",
        ),
        (
            "noon.jsonl",
            first_edited(
                first,
                "\"turns\":",
                "\"start_time\":\"around noon\",\"turns\":",
            ),
            "line 1: start_time 'around noon', expected RFC 3339",
        ),
        (
            "act.jsonl",
            first_edited(first, "\"user_acts\":[\"", "\"user_acts\":[\"No Act!\",\""),
            "act 'No Act!', expected a kind",
        ),
        (
            "order.jsonl",
            first_edited(
                first,
                "\"system_start_seconds\":0.0",
                "\"system_start_seconds\":1e3",
            ),
            "line 1: turn 0: system_end_seconds",
        ),
        (
            "recorded.jsonl",
            first_edited(
                first,
                "\"mood\":",
                "\"recorded\":[{\"slot\":\"A\",\"confidence\":1,\"confirmed\":true}],\"mood\":",
            ),
            "line 1: turn 0: name 'A', expected",
        ),
        ("twice.jsonl", again.clone() + first, "line 2: call_id '"),
    ] {
        fs::write(folder.join(name), format!("{line}\n{rest}")).expect("written");
        // All readers have their calls from one place, as the test above shows.
        for reader in [READERS[0], READERS[1], READERS[7]] {
            let command = reader.replace("LOG", name);
            let message = fail(folder, &words(&command), 1);
            assert!(message.contains(expected), "{command}: {message}");
        }
        let command = format!("import log {name} --out some.jsonl --force");
        let text = succeed(folder, &words(&command));
        assert!(text.contains("1 lines refused"), "{text}");
    }
}

#[test]
fn a_log_of_version_1_is_converted() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let old = r#"{"schema":1,"call_id":"one","scenario":"s","caller":{"id":"c","features":{}},"turns":[{"action":"greet","n_best":[{"acts":["affirm"],"confidence":0.8}],"start_seconds":0.0,"end_seconds":4.5}],"outcome":"hung_up","satisfaction":2}"#;
    let new = r#"{"schema":2,"call_id":"one","scenario":"s","caller":{"id":"c","features":{}},"turns":[{"action":"greet","n_best":[{"acts":["affirm"],"confidence":0.8}],"system_start_seconds":0.0,"user_end_seconds":4.5}],"ended":{"by":"customer"},"outcome":"hung_up","satisfaction":2}"#;
    let back = edited(old, "\"start_seconds\":0.0", "\"start_seconds\":5.0");
    let back = edited(&back, "\"one\"", "\"two\"");
    fs::write(folder.join("old.jsonl"), format!("{old}\n{back}\n")).expect("written");
    let text = succeed(folder, &words("import log old.jsonl --out new.jsonl"));
    // Times of version 1 may have been in any order, those of version 2 may not.
    assert!(
        text.starts_with("1 calls, 1 turns")
            && text.contains("line 2: turn 0: user_end_seconds 4.5, expected at least 5"),
        "{text}"
    );
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("written");
    assert_eq!(read("new.jsonl"), format!("{new}\n"));
    let again = words("import log new.jsonl --strict --out again.jsonl");
    succeed(folder, &again);
    assert_eq!(read("again.jsonl"), read("new.jsonl"));
}

#[test]
fn a_call_that_reached_nobody_is_a_call() {
    let folder = folder();
    let folder = folder.path();
    let played = fs::read_to_string(folder.join("calls.jsonl")).expect("written");
    let nobody = r#"{"schema":2,"call_id":"x","scenario":"fraud_alert","turns":[],"ended":{"by":"never_connected","reason":"busy"}}"#;
    fs::write(folder.join("more.jsonl"), format!("{nobody}\n{played}")).expect("written");
    let text = succeed(folder, &words("import log more.jsonl --out out.jsonl"));
    assert!(text.starts_with("201 calls"), "{text}");
    // Nothing was decided in it, so that nothing changes for whoever learns from decisions.
    for reader in [
        "ope LOG --policy script",
        "table show t.json --log LOG",
        "table drift t.json LOG --expected calls.jsonl",
    ] {
        let of = |log: &str| succeed(folder, &words(&reader.replace("LOG", log)));
        assert_eq!(
            of("more.jsonl").replace("more.jsonl", "calls.jsonl"),
            of("calls.jsonl"),
            "{reader}"
        );
    }
}

#[test]
fn more_calls_than_anybody_reads_are_not_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = words("simulate fraud_alert --calls 20000 --show 20000");
    let message = fail(folder.path(), &command, 2);
    assert!(
        message.contains("expected at most 10000; write a log"),
        "{message}"
    );
}
