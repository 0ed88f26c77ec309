//! Real telephone calls: imported whole, and imitated.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::{bundled, edited, succeed};

/// A folder with the calls of DSTC2 as a log, and what the import said; `None` where the calls are not.
fn imported() -> Option<(TempDir, String)> {
    let data = std::env::var("OFFHOOK_DATA").unwrap_or_else(|_| "../../shared/data".into());
    let data = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(data)
        .join("dstc2/train.jsonl.zst");
    let data = data.display().to_string();
    if !Path::new(&data).is_file() {
        println!("not run: no DSTC2 calls at {data}; set OFFHOOK_DATA");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("results")).expect("created");
    let out = "results/dstc2-calls.jsonl.zst";
    let args = ["import", "dstc2", &data, "--out", out, "--strict"];
    let text = succeed(folder.path(), &args);
    Some((folder, text))
}

#[test]
fn real_calls_are_imported_whole() {
    let Some((_, text)) = imported() else { return };
    assert!(
        text.starts_with("1612 calls, 11677 turns") && text.contains("0 lines refused"),
        "{text}"
    );
}

#[test]
fn a_network_predicts_real_robots_better_than_counting_does() {
    let Some((folder, _)) = imported() else {
        return;
    };
    let folder = folder.path();
    let config = bundled("configs/dstc2.toml");
    let config = edited(&config, "n_epochs = 60", "n_epochs = 6");
    let config = edited(&config, "[1, 2, 3]", "[1]");
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
        value("imitation") > value("bigram (kinds and slots)")
            && value("bigram (kinds)") > value("majority"),
        "{text}"
    );
}
