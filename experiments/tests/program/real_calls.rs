//! Real telephone calls: imported whole, and imitated.

use std::fs;
use std::path::Path;

use crate::{bundled, edited, succeed};

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
    let config = edited(
        &bundled("configs/dstc2.toml"),
        "n_epochs = 60",
        "n_epochs = 6",
    );
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
        value("imitation") > value("bigram (kinds, slots)")
            && value("bigram (kinds)") > value("majority"),
        "{text}"
    );
}
