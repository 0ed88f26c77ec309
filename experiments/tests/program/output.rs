//! Standard output that cannot be written: files are finished all the same, and the exit status is true. What is
//! written controls neither a terminal nor a spreadsheet.

use std::fs::{self, File};
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use crate::{bundled, command, fail, first_edited, offhook, small_run, succeed, words};

/// Runs the program with a standard output that nobody reads.
fn unread(folder: &Path, args: &[&str]) -> ExitStatus {
    let mut child = command(folder, args)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    drop(child.stdout.take());
    child.wait().expect("it ends")
}

#[test]
fn a_log_is_whole_though_nobody_reads_the_dialogs() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = "simulate fraud_alert --calls 80 --show 60 --out calls.jsonl";
    let args: Vec<&str> = args.split(' ').collect();
    let status = unread(folder.path(), &args);
    assert!(status.success(), "{status}");
    let log = fs::read_to_string(folder.path().join("calls.jsonl")).expect("it was written");
    assert_eq!(log.lines().count(), 80);
    let left = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "no temporary file is left");
}

#[test]
fn a_comparison_is_whole_though_nobody_reads_it() {
    let folder = small_run::copied_twice();
    let status = unread(folder.path(), &["compare", "one", "two", "--out", "both"]);
    assert!(status.success(), "{status}");
    assert!(folder.path().join("both/report.html").is_file());
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_on_standard_output_is_an_error() {
    let folder = small_run::copied();
    for args in [
        "scenario list",
        "scenario schema",
        "simulate fraud_alert --calls 20 --json",
        "table show one",
    ] {
        let full = File::options().write(true).open("/dev/full");
        let args: Vec<&str> = args.split(' ').collect();
        let output = command(folder.path(), &args)
            .stdout(full.expect("it is there"))
            .output()
            .expect("it starts");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {message}");
        let said = message.contains("cannot write standard output");
        assert!(said, "{args:?}: {message}");
    }
}

/// Control characters in what the program printed, but for the ends of lines.
fn controls(printed: &[u8]) -> usize {
    let text = String::from_utf8_lossy(printed);
    let controls = text.chars().filter(|c| c.is_control() && *c != '\n');
    controls.count()
}

#[test]
fn nothing_from_a_file_controls_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let text = bundled("scenarios/fraud_alert.toml");
    let phrase = "\"greet\" = \"";
    let text = first_edited(
        &text,
        phrase,
        &format!("{phrase}\\u001b[2J\\u009b1m\\rforged\\nforged "),
    );
    fs::write(folder.join("evil.toml"), text).expect("written");
    let checked = offhook(folder, &words("scenario check evil.toml --strict"));
    let message = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(
        message.contains("has the control character U+001B"),
        "{message}"
    );
    let shown = offhook(
        folder,
        &words("simulate evil.toml --calls 3 --show 3 --out l.jsonl"),
    );
    let dialogs = String::from_utf8_lossy(&shown.stdout);
    assert!(
        dialogs.contains("\\u001b[2J\\u009b1m\\u000dforged\\u000aforged"),
        "{dialogs}"
    );
    let log = fs::read_to_string(folder.join("l.jsonl")).expect("a log");
    let scenario = "\"scenario\":\"";
    let log = log.replace(scenario, &format!("{scenario}\\u001b]0;x\\u0007"));
    fs::write(folder.join("l.jsonl"), log).expect("written");
    fs::write(folder.join("bad.toml"), "\"\\u001b[2Ja\" = 1\n").expect("written");
    let mut printed = vec![checked, shown];
    for args in [
        "scenario check bad.toml",
        "run bad.toml",
        "ope l.jsonl --policy script",
        "import log bad.toml --out x.jsonl",
        "import log l.jsonl --out x.jsonl --json",
        "simulate \u{1b}[2J",
    ] {
        printed.push(offhook(folder, &words(args)));
    }
    for output in printed {
        assert_eq!(
            controls(&output.stdout) + controls(&output.stderr),
            0,
            "{output:?}"
        );
    }
}

#[test]
fn no_cell_is_a_formula_and_pictures_are_sound_whatever_a_run_is_called() {
    let folder = small_run::copied_twice();
    let folder = folder.path();
    let name = "=HYPERLINK(\"x\"),\u{1b}<&>'";
    fs::rename(folder.join("two"), folder.join(name)).expect("a name");
    let output = offhook(folder, &["compare", "one", name, "--out", "both"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(controls(&output.stdout), 0, "{output:?}");
    for csv in ["compare.csv", "curve.csv"] {
        let mut reader = ::csv::Reader::from_path(folder.join("both").join(csv)).expect("a file");
        for row in reader.records() {
            let row = row.expect("as long as the head");
            assert!(
                !row.iter().any(|cell| cell.starts_with('=')),
                "{csv}: {row:?}"
            );
        }
    }
    for file in ["curve.svg", "forest.svg", "report.html"] {
        let text = fs::read_to_string(folder.join("both").join(file)).expect("a file");
        assert_eq!(controls(text.as_bytes()), 0, "{file}");
        assert!(!text.contains("<&>"), "{file}");
    }
}

#[test]
fn a_dash_is_no_file() {
    let folder = small_run::copied();
    let folder = folder.path();
    fs::write(folder.join("l.jsonl"), "").expect("written");
    for args in [
        "simulate fraud_alert --calls 9 --out -",
        "import log l.jsonl --out -",
        "fit l.jsonl --out -",
        "table export one --out -",
        "table show one --html -",
        "scenario schema --out -",
        "run small.toml --out -",
        "compare one one --out -",
    ] {
        let message = fail(folder, &words(args), 1);
        let why = "cannot write '-': standard output is for what is told; give a name";
        assert!(message.contains(why), "{args}: {message}");
    }
    let message = fail(folder, &words("import log - --out x.jsonl"), 1);
    let why = "cannot read '-': standard input has the name /dev/stdin";
    assert!(message.contains(why), "{message}");
    assert!(!folder.join("-").exists());
    let log = succeed(
        folder,
        &words("simulate fraud_alert --calls 9 --out l.jsonl --force"),
    );
    assert!(log.contains("log: l.jsonl"), "{log}");
}
