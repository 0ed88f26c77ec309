//! Runs side by side: what is compared is what each of them reported.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::small_run::{CONFIG, copied, copied_twice};
use crate::{edited, fail, succeed, words};

/// The rows of a CSV file, whose cells have no commas: value, low and high by everything before them.
fn numbers(path: &Path, n_names: usize) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path).expect("the file is there");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let numbers = &cells[n_names..n_names + 3];
        (cells[..n_names].join(","), numbers.join(","))
    };
    text.lines().skip(1).map(row).collect()
}

#[test]
fn every_figure_is_that_of_the_runs_summary_to_the_last_digit() {
    let folder = copied();
    let folder = folder.path();
    let config = edited(CONFIG, "name = \"small\"", "name = \"other\"");
    let config = edited(
        &config,
        "1024\nlearning_rate = 2e-3",
        "1024\nlearning_rate = 1e-6",
    );
    fs::write(folder.join("other.toml"), config).expect("written");
    succeed(folder, &words("run other.toml --out other"));
    succeed(folder, &words("run small.toml --seeds 3 --out three"));
    let text = succeed(folder, &words("compare one other three --out compared"));

    let compared = folder.join("compared");
    let found = numbers(&compared.join("compare.csv"), 3);
    for run in ["one", "other", "three"] {
        let summary = numbers(&folder.join(run).join("summary.csv"), 2);
        let own = summary.iter().filter(|(name, _)| {
            ["reinforcement,", "table,", "script,"]
                .iter()
                .any(|policy| name.starts_with(policy))
        });
        assert_eq!(own.clone().count(), 81, "{summary:?}");
        for (name, numbers) in own {
            assert_eq!(
                found.get(&format!("{run},{name}")),
                Some(numbers),
                "{run}: {name}"
            );
        }
    }

    // The same calls are paired, other seeds are not.
    let records = succeed(folder, &words("compare one other three --out again --json"));
    let records: Vec<Value> = records
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let difference = |against: &str, run: &str, policy: &str, metric: &str| {
        let is_it = |r: &&Value| {
            let place = &r["where"];
            r["metric"] == metric
                && [&place["against"], &place["run"], &place["policy"]] == [against, run, policy]
        };
        records.iter().find(is_it).expect("a difference")
    };
    let paired = difference("one", "other", "reinforcement", "return");
    assert_eq!(paired["where"]["paired"], true);
    assert!(paired["low"].is_number(), "{paired}");
    let unpaired = difference("one", "three", "reinforcement", "return");
    assert_eq!(unpaired["where"]["paired"], false);
    assert!(unpaired["low"].is_number(), "{unpaired}");
    let script = difference("one", "other", "script", "return");
    assert!(
        script["value"] == 0.0 && script["low"].is_null(),
        "{script}"
    );
    // Two seeds against three are never certain.
    let sure = difference("one", "three", "table", "probability_of_improvement");
    let ends = ["low", "high"].map(|end| sure[end].as_f64());
    assert!(ends[0] < Some(0.5) && ends[1] > Some(0.5), "{sure}");

    for words in [
        "reinforcement.ppo.learning_rate",
        "three and one did not play the same calls",
        "table: other - one",
        "callback agreed",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for file in [
        "differences.csv",
        "curve.svg",
        "curve.png",
        "forest.png",
        "report.html",
    ] {
        assert!(compared.join(file).is_file(), "{file}");
    }
}

#[test]
fn what_a_run_has_no_more_or_has_altered_is_named() {
    let folder = copied_twice();
    let folder = folder.path();
    let command = words("compare one two --out compared");
    let summary = folder.join("two/metrics.csv");
    let text = fs::read_to_string(&summary).expect("the file is there");
    fs::write(&summary, format!("{text}1,imitation,1,1,x,-5\n")).expect("written");
    let message = fail(folder, &command, 1);
    assert!(
        message.contains("'two/metrics.csv' is not what the run wrote"),
        "{message}"
    );
    fs::remove_file(folder.join("two/held_out.csv.zst")).expect("it was there");
    let message = fail(folder, &command, 1);
    assert!(
        message.contains("'two/held_out.csv.zst' is missing"),
        "{message}"
    );
    assert!(message.contains("make the run anew"), "{message}");
    let message = fail(folder, &words("compare one nowhere --out compared"), 1);
    assert!(message.contains("'nowhere'"), "{message}");
    assert!(!folder.join("compared").exists());
}

#[test]
fn runs_of_different_scenarios_are_not_compared() {
    let folder = copied();
    let folder = folder.path();
    let config = edited(
        CONFIG,
        "scenario = \"fraud_alert\"",
        "scenario = \"fund_notice\"",
    );
    fs::write(
        folder.join("fund.toml"),
        edited(&config, "seeds = [1, 2]", "seeds = [1]"),
    )
    .expect("written");
    succeed(folder, &words("run fund.toml --out fund"));
    let text = succeed(folder, &words("compare one fund --out compared"));
    assert!(
        text.contains("THESE RUNS ARE OF DIFFERENT SCENARIOS"),
        "{text}"
    );
    let differences = folder.join("compared/differences.csv");
    let text = fs::read_to_string(differences).expect("written");
    assert_eq!(text.lines().count(), 1, "{text}");
}
