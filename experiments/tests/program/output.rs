//! Standard output that cannot be written: files are finished all the same, and the exit status is true.

use std::fs::{self, File};
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use crate::{command, small_run};

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
