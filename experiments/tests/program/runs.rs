//! A run is self-contained, and can be given more seeds: of a scenario of one's own under a name of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use offhook_lab::run::hash::sha256;
use serde_json::Value;

use crate::{bundled, fail, succeed};

/// Trains in about a second.
const CONFIG: &str = "\
name = \"mini\"
scenario = \"mine.toml\"
seeds = [1]
[imitation]
calls = 60
[reinforcement]
evaluate_every = 2
[reinforcement.ppo]
total_steps = 8192
n_calls = 64
n_steps = 32
minibatch_size = 512
learning_rate = 1e-3
gamma = 1.0
[distill]
[evaluation]
calls = 100
curve_calls = 50
";

/// `text` with `from` replaced, which must stand there.
fn edited(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in the text");
    text.replacen(from, to, 1)
}

/// Writes the experiment, its scenario and its channel.
pub fn write_experiment(folder: &Path) {
    let text = bundled("../simulator/scenarios/fraud_alert.toml");
    let text = edited(&text, "name = \"fraud_alert\"", "name = \"my_alert\"");
    let text = edited(&text, "channel = \"dstc2\"", "channel = \"line.toml\"");
    let line = bundled("../simulator/channels/dstc2.toml");
    for (name, text) in [
        ("mine.toml", &*text),
        ("line.toml", &line),
        ("mini.toml", CONFIG),
    ] {
        fs::write(folder.join(name), text).expect("written");
    }
}

/// A folder with run `lab/run`, of one seed, whose scenario and channel are nowhere else any more.
pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let make = || {
        let folder = tempfile::tempdir().expect("a folder");
        let lab = folder.path().join("lab");
        fs::create_dir(&lab).expect("a folder");
        write_experiment(&lab);
        succeed(&lab, &["run", "mini.toml", "--out", "run"]);
        for name in ["mine.toml", "line.toml"] {
            fs::remove_file(lab.join(name)).expect("removed");
        }
        folder
    };
    FOLDER.get_or_init(make).path()
}

/// Runs a command in the folder of [`folder`].
fn words(command: &str) -> String {
    succeed(folder(), &command.split(' ').collect::<Vec<_>>())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// A log of the run's calls, under a name of its own.
fn log(name: &str) -> String {
    words(&format!(
        "simulate --policy lab/run --calls 60 --seed 3 --out {name}"
    ));
    name.to_owned()
}

#[test]
fn a_table_of_a_run_is_verified_against_its_own_scenario() {
    for table in [
        "lab/run",
        "lab/run/table.json",
        "lab/run/checkpoints/seed_1/table.json",
    ] {
        let report = json(&words(&format!("table verify {table} --json")));
        let found = [&report["ok"], &report["scenario_unchanged"]];
        assert_eq!(found, [&Value::Bool(true); 2], "{table}");
    }
    // From within the run, too.
    let run = folder().join("lab/run");
    succeed(&run, &["table", "verify", "table.json"]);
    succeed(
        &run.join("checkpoints/seed_1"),
        &["table", "verify", "table.json"],
    );
}

#[test]
fn a_scenario_that_is_named_wins() {
    let command = "table verify lab/run --scenario fraud_alert";
    let message = fail(folder(), &command.split(' ').collect::<Vec<_>>(), 1);
    assert!(
        message.contains("for scenario 'my_alert', expected 'fraud_alert'"),
        "{message}"
    );
}

#[test]
fn a_table_outside_of_any_run_goes_by_the_name_of_its_scenario() {
    words("table export lab/run --out outside.json");
    let message = fail(folder(), &["table", "verify", "outside.json"], 2);
    assert!(message.contains("no scenario 'my_alert'"), "{message}");
    words("table verify outside.json --scenario lab/run/scenario.toml");
}

#[test]
fn a_log_is_read_with_the_run_s_own_scenario() {
    let log = log("read.jsonl");
    let shown = json(&words(&format!("table show lab/run --log {log} --json")));
    assert_eq!(
        shown["rules"][0]["examples"].as_array().map(Vec::len),
        Some(2)
    );
    let drift = json(&words(&format!("table drift lab/run {log} --json")));
    assert!(drift["features"].is_array(), "{drift}");
    let diff = words(&format!("table diff lab/run lab/run --log {log}"));
    assert!(diff.contains("the same action everywhere"), "{diff}");
}

#[test]
fn the_policy_of_a_run_plays_in_its_own_scenario() {
    let played = words("simulate --policy lab/run --calls 50 --json");
    let first = json(played.lines().next().expect("a line"));
    assert_eq!(first["where"]["scenario"], "lab/run/scenario.toml");
    let sampled = words("simulate --policy sampled=lab/run --calls 50 --json");
    assert_ne!(played, sampled);
    let matrix = words("evaluate lab/run script --calls 50 --user-models agenda --json");
    let policies: Vec<Value> = (matrix.lines().map(json))
        .filter(|line| line["metric"] == "completion")
        .map(|line| line["where"]["policy"].clone())
        .collect();
    assert_eq!(policies, ["lab/run", "script"]);
}

#[test]
fn without_scenario_and_run_nothing_is_played() {
    let message = fail(folder(), &["simulate", "--policy", "script"], 2);
    assert!(message.contains("'script' is no run"), "{message}");
    let message = fail(folder(), &["evaluate", "script"], 2);
    assert!(message.contains("no scenario among the names"), "{message}");
}

#[test]
fn a_run_of_before_channels_were_stored_uses_the_one_that_its_scenario_names() {
    let old = folder().join("old");
    fs::create_dir(&old).expect("a folder");
    for name in ["manifest.json", "table.json", "tracker.json"] {
        fs::copy(folder().join("lab/run").join(name), old.join(name)).expect("copied");
    }
    let text = fs::read_to_string(folder().join("lab/run/scenario.toml")).expect("a file");
    let text = edited(&text, "channel = \"line.toml\"", "channel = \"dstc2\"");
    let manifest = fs::read_to_string(old.join("manifest.json")).expect("copied");
    let mut manifest = json(&manifest);
    manifest["inputs"]["scenario"] = Value::from(sha256(text.as_bytes()));
    fs::write(old.join("manifest.json"), manifest.to_string()).expect("written");
    fs::write(old.join("scenario.toml"), text).expect("written");
    let figures = |run: &str| {
        let text = words(&format!("simulate --policy {run} --calls 50 --json"));
        let values = text.lines().map(|line| json(line)["value"].clone());
        values.collect::<Vec<_>>()
    };
    assert_eq!(figures("old"), figures("lab/run"));
}

/// Every file of a run by its path, but for the manifest, which has the times.
pub fn files(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![run.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if entry.file_name() != "manifest.json" {
                let name = path.strip_prefix(run).expect("within").to_owned();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn a_finished_run_gets_more_seeds_to_the_bytes_of_a_fresh_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_experiment(folder);
    let run = |more: &str| {
        let command = format!("run mini.toml {more}");
        succeed(folder, &command.split(' ').collect::<Vec<_>>())
    };
    run("--seeds 2 --out grown");
    let text = run("--seeds 3 --out grown --resume --json");
    assert!(text.contains("\"n_seeds\":3"), "{text}");
    run("--seeds 3 --out fresh");
    let (grown, fresh) = (files(&folder.join("grown")), files(&folder.join("fresh")));
    let names: Vec<_> = grown.keys().collect();
    assert_eq!(names, fresh.keys().collect::<Vec<_>>());
    for (name, bytes) in grown {
        assert!(fresh[&name] == bytes, "{} differs", name.display());
    }
    let again = run("--seeds 3 --out grown --resume");
    assert!(again.contains("nothing is left to do"), "{again}");
    let fewer = "run mini.toml --seeds 2 --out grown --resume";
    let message = fail(folder, &fewer.split(' ').collect::<Vec<_>>(), 1);
    assert!(message.contains("cannot resume 'grown'"), "{message}");
}
