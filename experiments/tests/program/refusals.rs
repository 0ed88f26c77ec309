//! Bad input: one message with place and remedy, the right exit code, nothing overwritten.

use std::fs;
use std::path::Path;

use crate::{bundled, edited, fail, first_edited, small_run, succeed, words};

#[test]
fn unknown_names_are_usage_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = fail(folder.path(), &["simulate", "fraud_alret"], 2);
    assert!(
        message.starts_with("error: no scenario 'fraud_alret'")
            && message.contains("insurance_renewal"),
        "{message}"
    );
    let message = fail(
        folder.path(),
        &["simulate", "fraud_alert", "--policy", "scrpt"],
        2,
    );
    assert!(
        message.contains("no policy 'scrpt': expected random, script"),
        "{message}"
    );
    fail(
        folder.path(),
        &["simulate", "fraud_alert", "--calls", "0"],
        2,
    );
    fail(folder.path(), &["run", "nothing"], 2);
    fail(folder.path(), &["fly"], 2);
}

#[test]
fn every_mistake_in_a_scenario_is_placed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = bundled("scenarios/fraud_alert.toml");
    for (from, to) in [
        ("completion = 20", "completion = \"much\""),
        ("\"close\" = \"Thank you", "\"clsoe\" = \"Thank you"),
        ("right_person = 0.9", "right_person = 1.9"),
    ] {
        text = edited(&text, from, to);
    }
    let line = |words: &str| {
        text.lines()
            .position(|l| l.contains(words))
            .expect("the fault is there")
            + 1
    };
    let lines = [line("\"much\""), line("\"clsoe\"")];
    fs::write(folder.path().join("bad.toml"), &text).expect("written");
    let message = fail(folder.path(), &["scenario", "check", "bad.toml"], 1);
    for line in lines {
        assert!(
            message.contains(&format!("bad.toml:{line}:")),
            "line {line} in {message}"
        );
    }
}

#[test]
fn calls_of_a_scenario_with_a_mistake_are_not_simulated() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = bundled("scenarios/fraud_alert.toml");
    let text = edited(&text, "right_person = 0.9", "right_person = 1.9");
    fs::write(folder.path().join("bad.toml"), text).expect("written");
    let message = fail(folder.path(), &["simulate", "bad.toml"], 1);
    assert!(
        message.contains("bad.toml:") && message.contains("1.9"),
        "{message}"
    );
}

#[test]
fn configs_say_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = bundled("configs/quickstart.toml");
    for (from, to, words) in [
        ("seeds = [1, 2, 3]", "seeds = []", "seeds is empty"),
        ("seeds = [1, 2, 3]", "seeds = [1, 1]", "holds a seed twice"),
        ("seeds = [1, 2, 3]", "seed = [1]", "unknown field `seed`"),
        ("total_steps", "steps", "unknown field `steps`"),
        (
            "scenario = \"fraud_alert\"",
            "scenario = \"fraud\"",
            "no scenario 'fraud'",
        ),
        (
            "\ncalls = 500",
            "\ncalls = -5",
            "invalid value: integer `-5`",
        ),
    ] {
        let config = edited(&config, from, to);
        fs::write(folder.path().join("bad.toml"), config).expect("written");
        let output = crate::offhook(folder.path(), &["run", "bad.toml", "--out", "out"]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && message.contains(words),
            "{to}: {message}"
        );
        assert!(
            !folder.path().join("out").exists(),
            "{to}: nothing is begun"
        );
    }
}

#[test]
fn a_config_that_is_no_text_says_from_where_on() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("bad.toml"), b"name = \"\xff\"").expect("written");
    assert!(fail(folder.path(), &["run", "bad.toml"], 1).contains("not UTF-8 from byte 9"));
}

#[test]
fn files_that_are_there_stay_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("calls.jsonl");
    fs::write(&log, "mine").expect("written");
    let args = [
        "simulate",
        "fraud_alert",
        "--calls",
        "5",
        "--out",
        "calls.jsonl",
    ];
    assert!(fail(folder.path(), &args, 1).contains("replace it with --force"));
    assert_eq!(fs::read(&log).expect("still there"), b"mine");
    succeed(folder.path(), &[&args[..], &["--force"]].concat());
    assert_ne!(fs::read(&log).expect("replaced"), b"mine");
}

#[test]
fn broken_logs_are_refused_by_number_or_stop_the_import() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = r#"{"schema":2,"call_id":"a","scenario":"dstc2","turns":[{"action":"greet"}]}"#;
    let other = good.replace("\"a\"", "\"b\"");
    let lines = format!("{good}\n{{\"schema\":2\n{other}\n");
    fs::write(folder.path().join("in.jsonl"), lines).expect("written");
    let text = succeed(
        folder.path(),
        &["import", "log", "in.jsonl", "--out", "out.jsonl"],
    );
    assert!(
        text.starts_with("2 calls") && text.contains("line 2: no call log: EOF"),
        "{text}"
    );
    let args = [
        "import",
        "log",
        "in.jsonl",
        "--out",
        "strict.jsonl",
        "--strict",
    ];
    let message = fail(folder.path(), &args, 1);
    assert!(
        message.contains("line 2") && message.contains("nothing was written"),
        "{message}"
    );
    assert!(!folder.path().join("strict.jsonl").exists());
}

#[test]
fn tables_that_are_none_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in [
        ("t.json", &b"{}"[..]),
        ("t.json", b"\xff\xfe"),
        ("t.json", b""),
    ] {
        fs::write(folder.path().join(name), bytes).expect("written");
        assert!(fail(folder.path(), &["table", "show", name], 1).contains("'t.json'"));
        fail(
            folder.path(),
            &["simulate", "fraud_alert", "--policy", name],
            1,
        );
    }
}

#[test]
fn checkpoints_that_are_none_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for bytes in [&b""[..], b"\x08\0\0\0\0\0\0\0{}      ", &[0xff; 64]] {
        fs::write(folder.path().join("p.safetensors"), bytes).expect("written");
        let message = fail(
            folder.path(),
            &["simulate", "fraud_alert", "--policy", "p.safetensors"],
            1,
        );
        assert!(message.contains("'p.safetensors'"), "{message}");
    }
    assert!(
        fail(folder.path(), &["table", "show", "nowhere"], 1).contains("cannot read 'nowhere'")
    );
}

#[test]
fn a_channel_with_mistakes_is_refused_with_their_places() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = bundled("scenarios/fraud_alert.toml");
    let scenario = edited(&scenario, "channel = \"dstc2\"", "channel = \"line.toml\"");
    fs::write(folder.path().join("s.toml"), scenario).expect("written");
    assert!(fail(folder.path(), &["simulate", "s.toml"], 2).contains("no channel 'line.toml'"));
    let channel = first_edited(
        &bundled("channels/dstc2.toml"),
        "affirm = 0.",
        "affirm = 7.",
    );
    fs::write(folder.path().join("line.toml"), channel).expect("written");
    let message = fail(folder.path(), &["simulate", "s.toml"], 1);
    assert!(message.contains("line.toml:"), "{message}");
}

/// The table of the committed reference run, as `t.json`.
fn reference_table(folder: &Path) {
    let committed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../results/reference/quickstart/table.json"
    );
    fs::copy(committed, folder.join("t.json")).expect("copied");
}

#[test]
fn only_tables_are_signed_and_no_signature_replaces_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    reference_table(folder);
    let before = fs::read(folder.join("t.json")).expect("a table");
    succeed(folder, &["table", "keygen", "--out", "k"]);
    for out in ["t.json", "./k"] {
        let args = [
            "table", "sign", "t.json", "--key", "k", "--out", out, "--force",
        ];
        assert!(fail(folder, &args, 2).contains("that is the table or the key"));
    }
    assert_eq!(fs::read(folder.join("t.json")).expect("a table"), before);
    for (name, text) in [
        ("none", ""),
        ("other", "[]"),
        ("forged", "{\"offhook\":{}}"),
    ] {
        fs::write(folder.join(name), text).expect("written");
        let message = fail(folder, &["table", "sign", name, "--key", "k"], 1);
        assert!(message.contains(&format!("'{name}'")), "{message}");
        assert!(!folder.join(format!("{name}.sig")).exists());
    }
    for format in ["json", "dpt", "csv", "dmn", "jdm", "jsonlogic"] {
        let args = [
            "table", "export", "t.json", "--format", format, "--out", format,
        ];
        succeed(folder, &args);
        succeed(folder, &["table", "sign", format, "--key", "k"]);
    }
}

/// A name so long that the second file, which has more behind it, cannot be written.
#[test]
fn of_two_files_that_belong_together_none_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    reference_table(folder);
    let (key, model) = ("k".repeat(253), format!("{}.dmn", "d".repeat(245)));
    fail(folder, &["table", "keygen", "--out", &key], 1);
    let args = [
        "table", "export", "t.json", "--format", "dmn", "--out", &model,
    ];
    fail(folder, &args, 1);
    assert_eq!(fs::read_dir(folder).expect("a folder").count(), 1);
}

#[test]
fn a_log_without_turns_and_a_folder_without_a_table_say_nothing_of_a_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    reference_table(folder);
    fs::write(folder.join("empty.jsonl"), "").expect("written");
    for args in [
        &["table", "diff", "t.json", "t.json", "--log", "empty.jsonl"][..],
        &["table", "show", "t.json", "--log", "empty.jsonl"],
        &["table", "drift", "t.json", "empty.jsonl"],
    ] {
        let message = fail(folder, args, 1);
        assert!(message.contains("'empty.jsonl' has no turn"), "{message}");
    }
    let message = fail(folder, &["table", "show", "."], 1);
    assert!(message.contains("'.' has no table.json"), "{message}");
}

#[test]
fn a_comparison_does_not_overwrite_a_run() {
    let folder = small_run::copied_twice();
    let command = words("compare one two --out one --force");
    let message = fail(folder.path(), &command, 1);
    assert!(message.contains("is the directory of a run"), "{message}");
}

#[test]
#[cfg(unix)]
fn nothing_is_written_through_a_link_or_onto_a_device() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("mine"), "mine").expect("written");
    std::os::unix::fs::symlink("mine", folder.join("link.jsonl")).expect("a link");
    let args = |out: &str| format!("simulate fraud_alert --calls 5 --force --out {out}");
    let message = fail(folder, &words(&args("link.jsonl")), 1);
    assert!(message.contains("it is a link"), "{message}");
    assert_eq!(fs::read(folder.join("mine")).expect("a file"), b"mine");
    let message = fail(folder, &words(&args("/dev/null")), 1);
    assert!(message.contains("it is a device"), "{message}");
    let schema = words("scenario schema --out link.jsonl");
    assert!(fail(folder, &schema, 1).contains("it is a link"));
    std::os::unix::fs::symlink("mine", folder.join("schema.json.partial")).expect("a link");
    succeed(folder, &words("scenario schema --out schema.json"));
    assert_eq!(fs::read(folder.join("mine")).expect("a file"), b"mine");
}

#[test]
#[cfg(unix)]
fn a_device_is_no_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = words("import log /dev/zero --out calls.jsonl");
    let message = fail(folder.path(), &command, 1);
    assert!(message.contains("it is a device"), "{message}");
}

#[test]
#[cfg(unix)]
fn a_log_may_be_read_by_whom_other_files_may() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    succeed(
        folder,
        &words("simulate fraud_alert --calls 5 --out calls.jsonl"),
    );
    succeed(folder, &words("scenario schema --out schema.json"));
    let mode = |file: &str| {
        let found = fs::metadata(folder.join(file)).expect("written");
        found.permissions().mode()
    };
    assert_eq!(mode("calls.jsonl"), mode("schema.json"));
}

#[test]
fn every_number_of_a_config_is_checked_before_any_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let refused = |edits: &[(&str, &str)], expected: &[&str]| {
        let mut config = small_run::CONFIG.to_owned();
        for (from, to) in edits {
            config = edited(&config, from, to);
        }
        fs::write(folder.join("c.toml"), config).expect("written");
        let message = fail(folder, &words("run c.toml --out r"), 1);
        for part in expected {
            assert!(message.contains(part), "{part} is not in {message}");
        }
        assert!(!folder.join("r").exists(), "no work was done");
    };
    refused(
        &[("hidden = [64, 64]", "hidden = [0]")],
        &["c.toml:7:1: network.hidden has a layer of 0"],
    );
    refused(
        &[("hidden = [64, 64]", "hidden = [1000000]")],
        &["network.hidden has a layer of 1000000"],
    );
    refused(
        &[(
            "total_steps = 6000\nn_calls = 32",
            "total_steps = 6000\nn_calls = 0",
        )],
        &["reinforcement.ppo.n_calls is 0"],
    );
    let huge = "total_steps = 6000\nn_calls = 18446744073709551615";
    refused(
        &[("total_steps = 6000\nn_calls = 32", huge)],
        &["18446744073709551615"],
    );
    refused(
        &[("n_steps = 32", "n_steps = 1000000000")],
        &["reinforcement.ppo.n_steps is 1000000000, expected 1 to"],
    );
    refused(
        &[
            ("minibatch_size = 1024", "minibatch_size = 0"),
            (
                "learning_rate = 2e-3\nent_coef",
                "learning_rate = -1\nent_coef",
            ),
            ("gamma = 1.0", "gamma = 1.5"),
            ("max_rules = 60", "max_rules = 5000"),
            (
                "choose_calls = 50\nn_calls = 32",
                "choose_calls = 0\nn_calls = 0",
            ),
        ],
        &[
            "reinforcement.ppo.minibatch_size is 0, expected at least 1",
            "reinforcement.ppo.learning_rate is -1, expected a number above 0",
            "reinforcement.ppo.gamma is 1.5, expected in [0, 1]",
            "distill.max_rules is 5000, expected 1 to 4096",
            "distill.choose_calls is 0, expected at least 1",
            "distill.n_calls is 0, expected 1 to",
        ],
    );
}

#[test]
fn a_seed_that_is_none_is_no_empty_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = edited(small_run::CONFIG, "seeds = [1, 2]", "seeds = [-1]");
    fs::write(folder.path().join("c.toml"), config).expect("written");
    let message = fail(folder.path(), &words("run c.toml"), 1);
    assert!(message.contains("c.toml:4:"), "{message}");
    assert!(!message.contains("seeds is empty"), "{message}");
}

#[test]
fn a_scenario_is_no_experiment() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../simulator/scenarios/fraud_alert.toml"
    );
    let message = fail(folder.path(), &["run", path], 2);
    assert!(
        message.contains("is a scenario and no experiment"),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
}
