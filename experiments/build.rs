//! Puts the code's revision into the program, for the manifests of its runs.

use std::path::Path;
use std::process::Command;

fn main() {
    let head = Path::new("../.git/HEAD");
    println!("cargo:rerun-if-changed=build.rs");
    if !head.exists() {
        return;
    }
    println!("cargo:rerun-if-changed=../.git/logs/HEAD");
    let revision = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output();
    if let Ok(output) = revision
        && output.status.success()
    {
        println!(
            "cargo:rustc-env=OFFHOOK_REVISION={}",
            String::from_utf8_lossy(&output.stdout).trim()
        );
    }
}
