//! The program from outside: what it prints, writes, refuses, and survives. One binary for the crate.

mod answers;
mod comparing;
mod csv;
mod evaluating;
mod figures;
#[cfg(unix)]
mod interrupted;
mod judging;
mod learners;
mod logs;
mod output;
mod real_calls;
mod refusals;
mod releases;
mod running;
mod runs;
mod scenarios;
mod small_run;
mod tables;
mod tidy;
mod verdicts;

use std::path::Path;
use std::process::{Command, Output};

/// The program with `args`, in `folder`.
fn offhook(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().expect("the program starts")
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.current_dir(folder).args(args);
    command
}

/// Runs it and gives back what it printed; it must succeed.
#[track_caller]
fn succeed(folder: &Path, args: &[&str]) -> String {
    let output = offhook(folder, args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "offhook {args:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs it and gives back its message; it must fail with `code` and one message.
#[track_caller]
fn fail(folder: &Path, args: &[&str], code: i32) -> String {
    let output = offhook(folder, args);
    let message = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(
        output.status.code(),
        Some(code),
        "offhook {args:?}: {message}"
    );
    assert!(!message.contains("panicked"), "{message}");
    message
}

/// The text of a bundled file, such as `configs/dqn.toml` or `scenarios/fraud_alert.toml`.
fn bundled(name: &str) -> String {
    let owner = match name.starts_with("configs/") {
        true => "experiments",
        false => "simulator",
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::fs::read_to_string(root.join(owner).join(name)).expect("the file is in the tree")
}

/// `text` with `to` in place of `from`, which must be there once.
#[track_caller]
fn edited(text: &str, from: &str, to: &str) -> String {
    let n = text.matches(from).count();
    assert_eq!(n, 1, "`{from}` is there {n} times in\n{text}");
    text.replace(from, to)
}

/// `text` with `to` in place of the first `from`; one must be there.
#[track_caller]
fn first_edited(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no `{from}` in\n{text}");
    text.replacen(from, to, 1)
}

/// The words of a command, which are separated by spaces.
fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}

#[test]
fn help_shows_an_example_of_every_subcommand() {
    let folder = tempfile::tempdir().expect("a folder");
    for subcommand in [
        "run", "compare", "simulate", "evaluate", "answers", "import", "fit", "ope", "release",
        "bench",
    ] {
        assert!(
            succeed(folder.path(), &[subcommand, "--help"]).contains("Example: offhook"),
            "{subcommand}"
        );
    }
}

#[test]
fn simulated_calls_are_shown_logged_and_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = [
        "simulate",
        "insurance_renewal",
        "--calls",
        "50",
        "--show",
        "1",
        "--out",
        "calls.jsonl",
    ];
    let text = succeed(folder.path(), &args);
    assert!(
        text.contains("robot     Good day") && text.contains("rules_broken"),
        "{text}"
    );
    let text = succeed(
        folder.path(),
        &[
            "import",
            "log",
            "calls.jsonl",
            "--out",
            "again.jsonl",
            "--strict",
        ],
    );
    assert!(text.starts_with("50 calls"), "{text}");
    let read = |name| std::fs::read(folder.path().join(name)).expect("the file was written");
    assert_eq!(read("calls.jsonl"), read("again.jsonl"));
}

#[test]
fn figures_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = |n| {
        [
            "simulate",
            "fraud_alert",
            "--policy",
            "random",
            "--calls",
            "300",
            "--json",
            "--threads",
            n,
        ]
    };
    let one = succeed(folder.path(), &args("1"));
    assert_eq!(one, succeed(folder.path(), &args("4")));
    let first: serde_json::Value =
        serde_json::from_str(one.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["metric"], "completion");
    assert_eq!(first["n"], 300);
    assert!(first["low"].as_f64() <= first["value"].as_f64());
}

#[test]
fn bundled_scenarios_are_fine() {
    let folder = tempfile::tempdir().expect("a folder");
    let listed = succeed(folder.path(), &["scenario", "list"]);
    let names: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!((names.len(), names[0]), (9, "fraud_alert"));
    let text = succeed(
        folder.path(),
        &[&["scenario", "check"], &names[..]].concat(),
    );
    assert_eq!(text.matches(": fine").count(), 9, "{text}");
}
