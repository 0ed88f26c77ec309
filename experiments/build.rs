//! Puts the code's revision into the program, for the manifests of its runs and for its tables.

use std::path::Path;
use std::process::Command;

/// What the program is built from, from the top of the workspace.
const SOURCES: [&str; 13] = [
    "Cargo.lock",
    "Cargo.toml",
    "env/src",
    "env/stats/src",
    "experiments/configs",
    "experiments/lab/src",
    "experiments/report/src",
    "experiments/src",
    "policy/src",
    "policy/table/src",
    "simulator/channels",
    "simulator/scenarios",
    "simulator/src",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let top = git(&["rev-parse", "--show-toplevel"]);
    let top = top.and_then(|path| Path::new(&path).canonicalize().ok());
    // Without git, or unpacked into somebody else's repository, there is no revision.
    if top.is_none() || top != Path::new("..").canonicalize().ok() {
        return;
    }
    if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={log}");
    }
    for source in SOURCES {
        println!("cargo:rerun-if-changed=../{source}");
    }
    let Some(revision) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return;
    };
    let at_top = SOURCES.map(|source| format!(":/{source}"));
    let status = ["--no-optional-locks", "status", "--porcelain", "--"].into_iter();
    let arguments: Vec<&str> = status.chain(at_top.iter().map(String::as_str)).collect();
    let changed = match git(&arguments) {
        Some(changes) if changes.is_empty() => "",
        _ => "+changes",
    };
    println!("cargo:rustc-env=OFFHOOK_REVISION={revision}{changed}");
}

/// What git prints; `None` where it fails or is not there.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
