//! Small experiments end to end: same bytes with any number of threads and after an interruption.

use crate::small_run::{assert_same, copied, kill, printed};
use crate::{fail, succeed, words};

/// What a run finds out, as opposed to when and where it ran.
const FIGURES: [&str; 6] = [
    "metrics.csv",
    "summary.csv",
    "held_out.csv.zst",
    "curve.csv",
    "table.json",
    "policy.safetensors",
];

#[test]
fn a_run_says_how_every_policy_does_and_that_its_table_is_proved() {
    let text = printed();
    for word in [
        "random",
        "script",
        "imitation",
        "reinforcement",
        "table",
        "proved: no overlap",
    ] {
        assert!(text.contains(word), "{word} is not in {text}");
    }
}

#[test]
fn a_run_does_not_depend_on_the_number_of_threads() {
    let folder = copied();
    let folder = folder.path();
    succeed(folder, &words("run small.toml --out two --threads 2"));
    assert_same(folder, ["one", "two"], &FIGURES);
}

#[test]
fn a_finished_run_is_not_overwritten() {
    let folder = copied();
    let message = fail(folder.path(), &words("run small.toml --out one"), 1);
    assert!(message.contains("--force"), "{message}");
}

#[test]
fn a_finished_run_has_nothing_to_resume() {
    let folder = copied();
    let text = succeed(folder.path(), &words("run small.toml --out one --resume"));
    assert!(text.contains("nothing is left to do"), "{text}");
}

#[test]
fn a_killed_run_is_not_begun_anew_by_mistake() {
    let folder = copied();
    kill(folder.path());
    let message = fail(folder.path(), &words("run small.toml --out killed"), 1);
    assert!(message.contains("--resume"), "{message}");
}

#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    let folder = copied();
    let folder = folder.path();
    kill(folder);
    succeed(folder, &words("run small.toml --out killed --resume"));
    assert_same(folder, ["one", "killed"], &FIGURES);
}
