//! Off-policy evaluation: what the program answers, and which logs it refuses.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{fail, succeed};

/// Calls of the script that tries other actions now and then.
fn explored(folder: &Path, calls: &str) {
    let args = "simulate fraud_alert --explore 0.1 --out calls.jsonl --json --force --calls";
    let args: Vec<&str> = args.split(' ').chain([calls]).collect();
    succeed(folder, &args);
}

/// Lines of the log, to be altered.
fn lines(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("calls.jsonl")).expect("written");
    let parse = |line| serde_json::from_str(line).expect("JSON");
    text.lines().map(parse).collect()
}

fn write(folder: &Path, lines: &[Value]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.join("bad.jsonl"), text).expect("written");
}

#[test]
fn a_policy_is_judged_by_the_calls_of_another() {
    let folder = tempfile::tempdir().expect("a folder");
    explored(folder.path(), "400");
    let args = ["ope", "calls.jsonl", "--policy", "script", "--json"];
    let text = succeed(folder.path(), &args);
    let records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let names: Vec<&str> = records
        .iter()
        .filter_map(|r| r["metric"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "ope.on_policy",
            "ope.is",
            "ope.pdis",
            "ope.wis",
            "ope.dm",
            "ope.dr",
            "ope.wdr",
            "ope.fqe",
            "ope.gate"
        ]
    );
    // Nine of ten turns are the script's: its return is 9.2, that of the log 6.6.
    let wis = &records[3];
    assert_eq!((&wis["n"], &wis["unit"]), (&400.into(), &"reward".into()));
    let value = |key: &str| wis[key].as_f64().expect("a number");
    assert!(value("low") < 9.2 && 9.2 < value("high"), "{wis}");
    let effective = wis["where"]["effective_n"].as_f64().expect("a number");
    assert!((100.0..400.0).contains(&effective), "{wis}");
    assert_eq!(records[8]["where"]["verdict"], "better");
}

#[test]
fn calls_that_hardly_speak_of_a_policy_give_no_interval() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let args = "simulate fraud_alert --policy random --calls 60 --seed 3 --out random.jsonl";
    succeed(folder, &crate::words(args));
    let args = ["ope", "random.jsonl", "--policy", "script"];
    let text = succeed(folder, &args);
    assert!(text.contains("no intervals: the calls are worth"), "{text}");
    let text = succeed(folder, &[&args[..], &["--json"]].concat());
    let records = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    let estimates: Vec<Value> = records
        .filter(|r: &Value| {
            !["ope.on_policy", "ope.gate"].contains(&r["metric"].as_str().expect("a name"))
        })
        .collect();
    assert!(!estimates.is_empty(), "{text}");
    for record in estimates {
        assert!(
            record["low"].is_null() && record["high"].is_null(),
            "{record}"
        );
    }
}

#[test]
fn logs_that_cannot_be_used_are_refused_by_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    explored(folder, "5");
    let good = lines(folder);
    let refused = |lines: &[Value], args: &[&str], words: &[&str]| {
        write(folder, lines);
        let args = [&["ope", "bad.jsonl", "--policy", "script"], args].concat();
        let message = fail(folder, &args, 1);
        for words in words {
            assert!(message.contains(words), "{words}: {message}");
        }
    };
    refused(&[], &[], &["holds 0 calls, expected at least 2"]);
    refused(&good[..1], &[], &["holds 1 call, expected at least 2"]);
    let altered = |alter: &dyn Fn(&mut Value)| {
        let mut lines = good.clone();
        alter(&mut lines[2]);
        lines
    };
    let closes = altered(&|call| call["turns"][0]["action"] = "address(scam)".into());
    refused(
        &closes,
        &[],
        &["line 3", "turn 0: action `address(scam)` is not allowed"],
    );
    let foreign = altered(&|call| call["scenario"] = "fund_notice".into());
    refused(
        &foreign,
        &[],
        &["line 3", "`fund_notice`, expected `fraud_alert`"],
    );
    let silent = altered(&|call| {
        call["turns"][1]
            .as_object_mut()
            .expect("a turn")
            .remove("action_prob");
    });
    let words = [
        "line 3: turn 1 has no `action_prob`",
        "--behavior estimated",
    ];
    refused(&silent, &["--behavior", "logged"], &words);
    let unjudged = altered(&|call| {
        call["turns"][0]
            .as_object_mut()
            .expect("a turn")
            .remove("reward");
        call.as_object_mut().expect("a call").remove("success");
    });
    refused(
        &unjudged,
        &[],
        &["line 3", "neither `reward` in every turn nor `success`"],
    );
    let words = ["holds no call with dialog_manager=0; callers have no features"];
    refused(&good, &["--where", "dialog_manager=0"], &words);
    let words = ["the behavior policy never takes action", "line "];
    refused(&explored_more(folder), &["--behavior", "script"], &words);
    write(folder, &good);
    let args = ["ope", "bad.jsonl", "--policy", "privileged"];
    assert!(fail(folder, &args, 2).contains("whom a log does not have"));
    let args = [
        "ope",
        "bad.jsonl",
        "--policy",
        "script",
        "--confidence",
        "1",
    ];
    assert!(fail(folder, &args, 2).contains("between 0.5 and 1"));
}

/// Enough calls for the script to have been left somewhere.
fn explored_more(folder: &Path) -> Vec<Value> {
    explored(folder, "20");
    lines(folder)
}
