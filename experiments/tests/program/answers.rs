//! What a survey yields: a log counted by hand, intervals against the hidden truth, a log that grows, and policies
//! by kind of caller.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::small_run::{CONFIG, copy};
use crate::{edited, fail, succeed, words};

fn records(text: &str) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).expect("a JSON line");
    text.lines().map(parse).collect()
}

/// The record of that metric whose place has all of these.
#[track_caller]
fn find<'r>(records: &'r [Value], metric: &str, place: &[(&str, &str)]) -> &'r Value {
    let fits = |r: &&Value| {
        let has = |(key, value): &(&str, &str)| r["where"][key] == **value;
        r["metric"] == metric && place.iter().all(has)
    };
    let found = records.iter().find(fits);
    found.unwrap_or_else(|| panic!("no {metric} of {place:?}"))
}

/// A call of a survey that no scenario describes: who was called, and by turn the action and what it changed in the
/// record.
fn call(id: usize, region: &str, turns: &[(&str, Value)]) -> Value {
    let turn = |(action, recorded): &(&str, Value)| json!({"action": action, "recorded": recorded});
    json!({
        "schema": 2,
        "call_id": id.to_string(),
        "scenario": "by_hand",
        "caller": {"features": {"region": region}},
        "turns": turns.iter().map(turn).collect::<Vec<_>>(),
    })
}

fn recorded(value: Option<&str>, confidence: f64, confirmed: bool) -> Value {
    let mut entry = json!({"slot": "fever", "confidence": confidence, "confirmed": confirmed});
    if let Some(value) = value {
        entry["value"] = json!(value);
    }
    json!([entry])
}

fn lines(calls: &[Value]) -> String {
    calls.iter().map(|call| format!("{call}\n")).collect()
}

#[test]
fn a_log_of_a_handful_of_calls_is_counted_as_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let yes = |confidence| recorded(Some("yes"), confidence, false);
    let no = |confidence| recorded(Some("no"), confidence, false);
    let nothing = json!([]);
    let mut wrong_person = call(8, "north", &[("greet", nothing.clone())]);
    wrong_person["outcome"] = json!("wrong_person");
    let calls = [
        call(1, "north", &[("ask(fever)", yes(0.9))]),
        // The last state counts: taken back, and told anew.
        call(
            2,
            "north",
            &[("ask(fever)", yes(0.6)), ("confirm(fever)", no(0.8))],
        ),
        call(
            3,
            "north",
            &[
                ("ask(fever)", no(0.7)),
                ("confirm(fever)", recorded(Some("no"), 1.0, true)),
            ],
        ),
        call(
            4,
            "north",
            &[
                ("ask(fever)", yes(0.5)),
                ("close", recorded(None, 0.4, false)),
            ],
        ),
        call(5, "north", &[("greet+ask(fever)", nothing.clone())]),
        // Told without being asked.
        call(6, "south", &[("greet", yes(0.75))]),
        call(7, "south", &[("greet", nothing.clone())]),
        wrong_person,
    ];
    fs::write(folder.join("log.jsonl"), lines(&calls)).expect("written");
    let args = words("answers log.jsonl --by region --json --csv answers.csv --plot answers.svg");
    let found = records(&succeed(folder, &args));
    for (metric, place, value, n) in [
        (
            "answer_share",
            &[("value", "yes"), ("region", "north")][..],
            1.0 / 3.0,
            3,
        ),
        (
            "answer_share",
            &[("value", "no"), ("region", "north")],
            2.0 / 3.0,
            3,
        ),
        (
            "answer_share",
            &[("value", "yes"), ("region", "south")],
            1.0,
            1,
        ),
        ("coverage_asked", &[("region", "north")], 1.0, 5),
        ("coverage_answered", &[("region", "north")], 0.6, 5),
        ("coverage_confirmed", &[("region", "north")], 0.2, 5),
        ("coverage_refused", &[("region", "north")], 0.4, 5),
        ("coverage_asked", &[("region", "south")], 0.0, 2),
        ("coverage_answered", &[("region", "south")], 0.5, 2),
        (
            "answer_wrong",
            &[("region", "north"), ("basis", "confidence")],
            0.1,
            3,
        ),
    ] {
        let place = [place, &[("slot", "fever"), ("scenario", "by_hand")]].concat();
        let record = find(&found, metric, &place);
        let is = record["value"].as_f64().expect("a number");
        assert!((is - value).abs() < 1e-6 && record["n"] == n, "{record}");
    }
    // Wilson: 1 of 3.
    let share = find(
        &found,
        "answer_share",
        &[("value", "yes"), ("region", "north")],
    );
    for (end, expected) in [("low", 0.061_492), ("high", 0.792_340)] {
        let is = share[end].as_f64().expect("a number");
        assert!((is - expected).abs() < 1e-5, "{share}");
    }
    assert!(
        found
            .iter()
            .all(|r| r["metric"] != "answer_corrected" && r["metric"] != "answer_true")
    );
    let csv = fs::read_to_string(folder.join("answers.csv")).expect("written");
    assert!(csv.starts_with("metric,slot,answer,region,detail,value,low,high,unit,n\n"));
    assert_eq!(csv.lines().count(), found.len() + 1);
    let svg = fs::read_to_string(folder.join("answers.svg")).expect("written");
    assert!(svg.contains("fever: yes") && svg.contains("north"));

    let message = fail(folder, &words("answers log.jsonl --by regoin"), 2);
    assert!(message.contains("caller feature 'regoin'"), "{message}");
    let message = fail(folder, &words("answers log.jsonl --slots fevr"), 2);
    assert!(
        message.contains("no slot 'fevr': expected fever"),
        "{message}"
    );
    let message = fail(
        folder,
        &words("answers log.jsonl --calibration log.jsonl"),
        1,
    );
    assert!(message.contains("a log with goals"), "{message}");
}

/// How many of the intervals of `metric` hold the true share among `among`, and how many there are.
fn held(records: &[Value], metric: &str, among: &str) -> (usize, usize) {
    let intervals = records.iter().filter(|r| r["metric"] == metric);
    let holds = intervals.map(|r| {
        let text = |key: &str| r["where"][key].as_str().expect("a name");
        let place = ["slot", "value", "region"].map(|key| (key, text(key)));
        let place = [&place[..], &[("among", among)]].concat();
        let truth = find(records, "answer_true", &place)["value"].as_f64();
        r["low"].as_f64() <= truth && truth <= r["high"].as_f64()
    });
    let holds: Vec<bool> = holds.collect();
    (holds.iter().filter(|holds| **holds).count(), holds.len())
}

#[test]
fn corrected_intervals_hold_what_the_recorded_ones_miss() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (seed, log) in [("1", "log.jsonl.zst"), ("2", "known.jsonl.zst")] {
        let command = format!(
            "simulate epidemic_survey --tracker focus --calls 6000 --seed {seed} --out {log}"
        );
        succeed(folder, &words(&command));
    }
    for calibration in ["", "--calibration known.jsonl.zst"] {
        let command =
            format!("answers log.jsonl.zst --by region --slots fever,needs --json {calibration}");
        let found = records(&succeed(folder, &words(&command)));
        let (n_held, n) = held(&found, "answer_corrected", "answered");
        // Six regions, fever and its absence, three needs.
        assert_eq!(n, 30);
        assert!(n_held >= 27, "{n_held} of {n} {calibration}");
        let (n_held, _) = held(&found, "answer_share", "answered");
        assert!(n_held < 27, "{n_held} of {n} recorded ones");
        let on_one = [&words(&command)[..], &["--threads", "1"]].concat();
        assert_eq!(records(&succeed(folder, &on_one)), found);
    }
    let text = succeed(folder, &words("answers log.jsonl.zst"));
    for part in ["fever: ", "1-3 days ago", "true, all", "Rogan and Gladen"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let exact = succeed(
        folder,
        &words("answers log.jsonl.zst --exact --slots since"),
    );
    assert!(exact.contains("2 days ago"), "{exact}");
}

#[test]
fn the_callers_of_all_kinds_are_all_callers() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = "evaluate random script epidemic_survey --user-models agenda,adversarial --calls 600 --by age_group";
    let text = succeed(folder.path(), &words(command));
    assert!(
        text.contains("by age_group") && text.contains("Bonferroni"),
        "{text}"
    );
    let args = [&words(command)[..], &["--json"]].concat();
    let found = records(&succeed(folder.path(), &args));
    for user_model in ["agenda", "adversarial"] {
        for policy in ["random", "script"] {
            for metric in ["completion", "return", "harms"] {
                let own = found.iter().filter(|r| {
                    let place = &r["where"];
                    r["metric"] == metric
                        && place["policy"] == policy
                        && place["user_model"] == user_model
                        && place["against"].is_null()
                });
                let (split, whole): (Vec<&Value>, Vec<&Value>) =
                    own.partition(|r| r["where"]["age_group"].is_string());
                let n = |r: &Value| r["n"].as_f64().expect("a number");
                let sum = |r: &Value| r["value"].as_f64().expect("a number") * n(r);
                assert_eq!((split.len(), whole.len()), (3, 1));
                assert_eq!(split.iter().map(|r| n(r)).sum::<f64>(), n(whole[0]));
                let parts: f64 = split.iter().map(|r| sum(r)).sum();
                assert!((parts - sum(whole[0])).abs() < 1e-3, "{policy} {metric}");
            }
        }
    }
    // The interval that holds together with those of the others is the wider one around the same difference.
    let place = [
        ("policy", "script"),
        ("against", "random"),
        ("age_group", "65+"),
    ];
    let both = found.iter().filter(|r| {
        let has = |(key, value): &(&str, &str)| r["where"][key] == **value;
        r["metric"] == "return" && r["where"]["user_model"] == "agenda" && place.iter().all(has)
    });
    let by_number: BTreeMap<u64, &Value> = both
        .map(|r| (r["where"]["adjusted_for"].as_u64().expect("a number"), r))
        .collect();
    let [plain, together] = [1, 3].map(|n| by_number[&n]);
    assert_eq!(plain["value"], together["value"]);
    assert!(together["low"].as_f64() < plain["low"].as_f64());
    let message = fail(
        folder.path(),
        &words("evaluate script fraud_alert --by region --calls 10"),
        2,
    );
    assert!(message.contains("no caller feature 'region'"), "{message}");
}

/// A run of a survey whose figures do not matter.
fn survey(folder: &Path) {
    let config = edited(CONFIG, "\"fraud_alert\"", "\"epidemic_survey\"");
    let config = edited(&config, "total_steps = 6000", "total_steps = 1024");
    fs::write(folder.join("survey.toml"), config).expect("written");
    succeed(folder, &words("run survey.toml --out one"));
}

#[test]
fn a_run_answers_and_is_compared_by_kind_of_caller() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    survey(folder);
    let answers = "answers one --by region --calls 300 --json";
    let found = records(&succeed(folder, &words(answers)));
    let asked = find(
        &found,
        "coverage_asked",
        &[("slot", "in_region"), ("region", "north")],
    );
    assert!(
        asked["n"].as_u64().is_some_and(|n| (1..300).contains(&n)),
        "{asked}"
    );

    fs::create_dir(folder.join("two")).expect("a folder");
    copy(&folder.join("one"), &folder.join("two"));
    let compare = words("compare one two --out both --by region --json");
    let found = records(&succeed(folder, &compare));
    let of_script = |r: &&Value| {
        let place = &r["where"];
        r["metric"] == "turns" && place["policy"] == "script" && place["run"] == "one"
    };
    let (split, whole): (Vec<&Value>, Vec<&Value>) = (found.iter().filter(of_script))
        .filter(|r| r["where"]["against"].is_null())
        .partition(|r| r["where"]["region"].is_string());
    let n = |r: &Value| r["n"].as_f64().expect("a number");
    let sum = |r: &Value| r["value"].as_f64().expect("a number") * n(r);
    assert_eq!(split.iter().map(|r| n(r)).sum::<f64>(), n(whole[0]));
    let parts: f64 = split.iter().map(|r| sum(r)).sum();
    assert!((parts - sum(whole[0])).abs() < 1e-3);
    let place = [("against", "one"), ("region", "north"), ("policy", "table")];
    let same = find(&found, "return", &place);
    assert!(
        same["value"] == 0.0 && same["where"]["adjusted_for"] == 6,
        "{same}"
    );
    for file in ["segments.csv", "segment_differences.csv"] {
        let text = fs::read_to_string(folder.join("both").join(file)).expect("written");
        assert!(text.contains(",north,completion,"), "{text}");
    }
}

/// A log that grows under the program's eyes.
#[cfg(unix)]
mod follow {
    use std::fs::{File, OpenOptions};
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Child, ChildStdout, Command, Stdio};

    use super::*;
    use crate::command;

    fn start(folder: &Path) -> (Child, BufReader<ChildStdout>) {
        let args = words("answers log.jsonl --follow --json");
        let mut command = command(folder, &args);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        (child, out)
    }

    /// Reads on to the share of those with fever, and how many they are of.
    fn next_share(out: &mut impl BufRead) -> (f64, u64) {
        loop {
            let mut line = String::new();
            assert!(
                out.read_line(&mut line).expect("text") > 0,
                "the program ended"
            );
            let record: Value = serde_json::from_str(&line).expect("JSON");
            if record["metric"] == "answer_share" && record["where"]["value"] == "yes" {
                let value = record["value"].as_f64().expect("a number");
                return (value, record["n"].as_u64().expect("a number"));
            }
        }
    }

    #[test]
    fn a_log_that_grows_is_counted_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let path = folder.join("log.jsonl");
        let of = |id: usize, value: &str| {
            let recorded = recorded(Some(value), 0.9, false);
            lines(&[call(id, "north", &[("ask(fever)", recorded)])])
        };
        fs::write(&path, of(1, "yes")).expect("written");
        let (mut child, mut out) = start(folder);
        assert_eq!(next_share(&mut out), (1.0, 1));
        let append = |text: &str| {
            let mut file = OpenOptions::new().append(true).open(&path).expect("a file");
            file.write_all(text.as_bytes()).expect("written");
        };
        append(&of(2, "no"));
        assert_eq!(next_share(&mut out), (0.5, 2));
        // Half a line waits for its rest; a line that is no call is told and left out.
        let (third, fourth) = (of(3, "no"), of(4, "yes"));
        let (start, rest) = third.split_at(40);
        append(start);
        std::thread::sleep(std::time::Duration::from_millis(500));
        append(&format!("{rest}no call\n{fourth}"));
        let mut found = next_share(&mut out);
        while found.1 < 4 {
            found = next_share(&mut out);
        }
        assert_eq!(found, (0.5, 4));
        // Cut short, and written anew.
        File::create(&path).expect("a file");
        std::thread::sleep(std::time::Duration::from_millis(500));
        append(&of(5, "yes"));
        assert_eq!(next_share(&mut out), (1.0, 1));
        let pid = child.id().to_string();
        let sent = Command::new("kill").args(["-s", "INT", &pid]).status();
        assert!(sent.expect("there is such a command").success());
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0));
        let mut told = String::new();
        let errors = child.stderr.take().expect("a pipe");
        std::io::Read::read_to_string(&mut BufReader::new(errors), &mut told).expect("text");
        for part in [
            "line 4: no call log",
            "was cut short; counting from its beginning",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }

    #[test]
    fn what_cannot_grow_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        succeed(
            folder,
            &words("simulate fraud_alert --calls 5 --out log.jsonl.zst"),
        );
        let message = fail(folder, &words("answers log.jsonl.zst --follow"), 2);
        assert!(message.contains("is compressed"), "{message}");
        let message = fail(folder, &words("answers . --follow"), 2);
        assert!(message.contains("is a folder"), "{message}");
    }
}
