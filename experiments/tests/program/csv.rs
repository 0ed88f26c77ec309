//! Every CSV file that the program writes reads with a strict reader: rows as long as the head, and no name twice.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::runs::folder;
use crate::{small_run, succeed};

/// Reads a file; it has at least one row.
#[track_caller]
fn check(name: &str, bytes: &[u8]) {
    let mut reader = ::csv::Reader::from_reader(bytes);
    let head = reader.headers().expect("a head").clone();
    let names: BTreeSet<&str> = head.iter().collect();
    assert_eq!(names.len(), head.len(), "{name} names a column twice");
    let rows: Result<Vec<_>, _> = reader.records().collect();
    let rows = rows.unwrap_or_else(|e| panic!("{name}: {e}"));
    assert!(!rows.is_empty(), "{name} has no row");
}

/// Reads every CSV file below a folder, and says which there are.
fn check_all(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(check_all(&path));
        } else if path.extension().is_some_and(|ending| ending == "csv") {
            let bytes = fs::read(&path).expect("a file");
            check(&path.display().to_string(), &bytes);
            found.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    found
}

fn words(command: &str) -> String {
    succeed(folder(), &command.split(' ').collect::<Vec<_>>())
}

#[test]
fn what_a_run_writes() {
    let found = check_all(&folder().join("lab/run"));
    let expected = [
        "curve.csv",
        "distill.csv",
        "imitation.csv",
        "metrics.csv",
        "reinforcement.csv",
        "summary.csv",
        "table.csv",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}

#[test]
fn what_a_run_on_a_log_writes() {
    words("simulate --policy lab/run --calls 60 --seed 3 --explore 0.2 --out clone.jsonl");
    let config = "name = \"clone\"\nscenario = \"lab/run/scenario.toml\"\nseeds = [1]\n\
         [imitation]\nlog = \"clone.jsonl\"\ntest_share = 0.3\n\
         behavior_cloning = { n_epochs = 2 }\n";
    fs::write(folder().join("clone.toml"), config).expect("written");
    words("run clone.toml --out clone");
    let found = check_all(&folder().join("clone"));
    let expected = ["confusions.csv", "metrics.csv", "summary.csv"];
    assert_eq!(found, expected.map(str::to_owned).into());
}

#[test]
fn what_compare_writes() {
    // A name that has to be quoted.
    let copy = folder().join("one, two");
    fs::create_dir(&copy).expect("a folder");
    small_run::copy(&folder().join("lab/run"), &copy);
    let command = ["compare", "lab/run", "one, two", "--out", "compared"];
    succeed(folder(), &command);
    let found = check_all(&folder().join("compared"));
    assert_eq!(
        found,
        ["compare.csv", "curve.csv", "differences.csv"]
            .map(str::to_owned)
            .into()
    );
}

#[test]
fn what_table_export_writes() {
    words("table export lab/run --format csv --out exported.csv");
    let bytes = fs::read(folder().join("exported.csv")).expect("written");
    check("exported.csv", &bytes);
}

#[test]
fn what_table_decide_prints() {
    let text = fs::read_to_string(folder().join("lab/run/table.json")).expect("a file");
    let table: Value = serde_json::from_str(&text).expect("JSON");
    let features = table["features"].as_array().expect("features");
    let mut writer = ::csv::Writer::from_path(folder().join("states.csv")).expect("a file");
    let name = |feature: &Value| feature["name"].as_str().expect("a name").to_owned();
    let head = features
        .iter()
        .map(name)
        .chain(["call, and more".to_owned(), "=1+1".to_owned()]);
    writer.write_record(head).expect("written");
    for row in 0..20 {
        let level = |feature: &Value| {
            let levels = feature["levels"].as_array().expect("levels");
            let level = &levels[row % levels.len()];
            level.as_str().expect("a name").to_owned()
        };
        let more = [format!("{row}, \"x\""), "@\u{1b}[2J".to_owned()];
        let cells = features.iter().map(level).chain(more);
        writer.write_record(cells).expect("written");
    }
    writer.flush().expect("written");
    let text = words("table decide lab/run --csv states.csv");
    check("table decide", text.as_bytes());
    assert!(
        text.contains(",'=1+1,action") && text.contains(",'@\\u001b[2J,"),
        "{text}"
    );
}
