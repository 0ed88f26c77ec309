//! Small experiments end to end: same bytes with any number of threads and after an interruption.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::{bundled, command, fail, offhook, succeed};

/// The quickstart with two seeds and budgets for seconds.
fn small_config(folder: &Path) {
    let config = bundled("configs/quickstart.toml")
        .replace("seeds = [1, 2, 3]", "seeds = [1, 2]")
        .replace("calls = 500", "calls = 60")
        .replace("batch_size = 64", "batch_size = 64, n_epochs = 2")
        .replace("evaluate_every = 40", "evaluate_every = 1")
        .replace("total_steps = 8_000_000", "total_steps = 6000")
        .replace("n_calls = 256", "n_calls = 32")
        .replace("calls = 10_000", "calls = 200")
        .replace("curve_calls = 1_000", "curve_calls = 50")
        .replace("[distill]", SMALL_DISTILL);
    fs::write(folder.join("small.toml"), config).expect("written");
}

const SMALL_DISTILL: &str = "[distill]\nmax_rules = 60\nrounds = 2\ncalls = 100\n\
    policy_iteration = { rounds = 1, calls = 200 }\nchoose_calls = 50\nn_calls = 32\n";

const SAME: [&str; 5] = [
    "metrics.csv",
    "summary.csv",
    "curve.csv",
    "table.json",
    "policy.safetensors",
];

#[test]
fn a_run_is_a_function_of_config_and_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    small_config(folder);
    let text = succeed(
        folder,
        &["run", "small.toml", "--out", "two", "--threads", "2"],
    );
    for word in [
        "random",
        "script",
        "imitation",
        "reinforcement",
        "table",
        "proved: no overlap",
    ] {
        assert!(text.contains(word), "{word} in {text}");
    }
    succeed(
        folder,
        &["run", "small.toml", "--out", "one", "--threads", "1"],
    );
    let read =
        |run: &str, file: &str| fs::read(folder.join(run).join(file)).expect("the run wrote it");
    for file in SAME {
        assert!(
            read("two", file) == read("one", file),
            "{file} differs with the number of threads"
        );
    }

    // A finished run is not touched without --force, and --resume finds nothing to do.
    assert!(fail(folder, &["run", "small.toml", "--out", "one"], 1).contains("--force"));
    assert!(
        succeed(folder, &["run", "small.toml", "--out", "one", "--resume"])
            .contains("nothing is left to do")
    );

    // Killed in the middle and resumed, it ends with the same bytes.
    let mut child = command(
        folder,
        &["run", "small.toml", "--out", "killed", "--threads", "1"],
    )
    .spawn()
    .expect("it starts");
    let first = folder.join("killed/checkpoints/seed_1/reinforcement.safetensors");
    for _ in 0..12_000 {
        if first.is_file() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    assert!(
        !folder.join("killed/table.json").exists(),
        "it was killed before its end"
    );
    let message = fail(folder, &["run", "small.toml", "--out", "killed"], 1);
    assert!(message.contains("--resume"), "{message}");
    succeed(
        folder,
        &["run", "small.toml", "--out", "killed", "--resume"],
    );
    for file in SAME {
        assert!(
            read("killed", file) == read("one", file),
            "{file} differs after an interruption"
        );
    }

    check_table(folder);
    check_compare(folder);
    crate::tables::check(folder);
    crate::evaluating::check_other_scenarios(folder);
}

/// Everything the program does with the table of run `one`.
fn check_table(folder: &Path) {
    assert!(succeed(folder, &["table", "verify", "one"]).contains("proved"));
    let message = offhook(
        folder,
        &["table", "verify", "one", "--scenario", "insurance_renewal"],
    );
    assert_eq!(
        message.status.code(),
        Some(1),
        "a table of another scenario is refused"
    );
    assert!(succeed(folder, &["table", "show", "one"]).contains("when "));
    let export = |table: &str, format: &str, out: &str| {
        let command = ["table", "export", table, "--format", format, "--out", out];
        succeed(folder, &command);
        fs::read(folder.join(out)).expect("written")
    };
    let exported = export("one", "csv", "table.csv");
    assert!(exported == fs::read(folder.join("one/table.csv")).expect("written"));
    let json = fs::read(folder.join("one/table.json")).expect("written");
    for format in ["dpt", "csv", "dmn"] {
        let file = format!("there.{format}");
        export("one", format, &file);
        assert!(export(&file, "json", &format!("back.{format}")) == json);
    }
    let cases = fs::read_to_string(folder.join("there-test-01.xml")).expect("written beside");
    assert!(cases.contains("<modelName>there.dmn</modelName>"));
    let message = fail(
        folder,
        &[
            "table",
            "export",
            "one",
            "--format",
            "dmn",
            "--out",
            "there.dmn",
        ],
        1,
    );
    assert!(message.contains("already there"), "{message}");
    // Hand-edited tables are refused.
    let json = fs::read_to_string(folder.join("one/table.json")).expect("written");
    let edited = json.replacen("\"action\":\"close\"", "\"action\":\"greet\"", 1);
    assert!(json != edited, "some rule closes");
    fs::write(folder.join("edited.json"), edited).expect("written");
    let message = fail(folder, &["table", "verify", "edited.json"], 1);
    assert!(
        message.contains("checksum") || message.contains("edited") || message.contains("changed"),
        "{message}"
    );
    succeed(
        folder,
        &[
            "simulate",
            "fraud_alert",
            "--policy",
            "one",
            "--calls",
            "20",
        ],
    );
    succeed(
        folder,
        &[
            "simulate",
            "fraud_alert",
            "--policy",
            "one/policy.safetensors",
            "--calls",
            "20",
        ],
    );
    let message = fail(
        folder,
        &[
            "simulate",
            "insurance_renewal",
            "--policy",
            "one",
            "--calls",
            "20",
        ],
        1,
    );
    assert!(
        message.contains("fraud_alert") && message.contains("insurance_renewal"),
        "{message}"
    );
}

fn check_compare(folder: &Path) {
    let text = succeed(folder, &["compare", "one", "two", "--out", "compared"]);
    assert!(
        text.contains("probability of improvement over one"),
        "{text}"
    );
    for file in [
        "compare.csv",
        "curve.svg",
        "curve.png",
        "forest.png",
        "report.html",
    ] {
        assert!(folder.join("compared").join(file).is_file(), "{file}");
    }
    assert!(fail(folder, &["compare", "one", "nowhere", "--out", "x"], 1).contains("'nowhere'"));
}

#[test]
fn real_calls_are_imported_and_imitated() {
    let data = std::env::var("OFFHOOK_DATA").unwrap_or_else(|_| "../../shared/data".into());
    let data = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(data)
        .join("dstc2/train.jsonl.zst");
    if !data.is_file() {
        println!(
            "not run: no DSTC2 calls at {}; set OFFHOOK_DATA",
            data.display()
        );
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::create_dir(folder.join("results")).expect("created");
    let data = data.display().to_string();
    let text = succeed(
        folder,
        &[
            "import",
            "dstc2",
            &data,
            "--out",
            "results/dstc2-calls.jsonl.zst",
            "--strict",
        ],
    );
    assert!(
        text.starts_with("1612 calls, 11677 turns") && text.contains("0 lines refused"),
        "{text}"
    );
    let config = bundled("configs/dstc2.toml")
        .replace("n_epochs = 60", "n_epochs = 6")
        .replace("[1, 2, 3]", "[1]");
    fs::write(folder.join("short.toml"), config).expect("written");
    let text = succeed(folder, &["run", "short.toml", "--json"]);
    let value = |policy: &str| -> f64 {
        let line = text
            .lines()
            .find(|l| l.contains("imitation.top_1") && l.contains(&format!("\"{policy}\"")));
        let line: serde_json::Value =
            serde_json::from_str(line.expect("the policy is there")).expect("JSON");
        line["value"].as_f64().expect("a number")
    };
    assert!(value("imitation") > 0.6, "{text}");
    assert!(
        value("imitation") > value("bigram (kinds, slots)")
            && value("bigram (kinds)") > value("majority"),
        "{text}"
    );
}
