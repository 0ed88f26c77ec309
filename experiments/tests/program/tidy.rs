//! The shape of the tree: crates point along the allowed arrows, files say what they are for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_path_buf()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir()
            && name != "target"
            && name != "results"
            && !name.to_string_lossy().starts_with('.')
        {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn crates_point_only_along_the_allowed_arrows() {
    for (folder, allowed) in [
        ("env", &[][..]),
        ("simulator", &["offhook-env"]),
        ("policy/table", &["offhook-env"]),
        (
            "policy",
            &["offhook-env", "offhook-stats", "offhook-table", "burn"],
        ),
        (
            "experiments",
            &[
                "offhook-env",
                "offhook-policy",
                "offhook-simulator",
                "offhook-table",
            ],
        ),
    ] {
        let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        let manifest: toml::Table = text.parse().expect("TOML");
        let depends = manifest["dependencies"].as_table().expect("a table");
        let ours: BTreeSet<&str> = depends
            .keys()
            .map(String::as_str)
            .filter(|name| name.starts_with("offhook") || *name == "burn")
            .collect();
        assert!(
            ours.iter().all(|name| allowed.contains(name)),
            "{folder} depends on {ours:?}, allowed are {allowed:?}"
        );
    }
}

#[test]
fn every_source_file_says_what_it_is_for_and_stays_readable() {
    let mut found = Vec::new();
    sources(&root(), &mut found);
    assert!(found.len() > 50, "the sources are found");
    for path in found {
        let text = fs::read_to_string(&path).expect("UTF-8");
        let name = path
            .strip_prefix(root())
            .expect("below the root")
            .display()
            .to_string();
        assert!(text.starts_with("//! "), "{name} does not open with `//!`");
        let limit = if name.contains("tests") { 600 } else { 450 };
        assert!(
            text.lines().count() <= limit,
            "{name} has more than {limit} lines"
        );
        for banned in ["thread_rng", "StdRng", "SmallRng", "from_os_rng"] {
            assert!(
                name.ends_with("tidy.rs") || !text.contains(banned),
                "{name} uses {banned}"
            );
        }
        let clock = text.contains("SystemTime") || text.contains("Instant::now");
        let may = [
            "main.rs",
            "bench/mod.rs",
            "bench/clock.rs",
            "speed.rs",
            "tidy.rs",
        ]
        .iter()
        .any(|file| name.ends_with(file));
        assert!(
            !clock || may || name.contains("examples"),
            "{name} reads the clock"
        );
    }
}

#[test]
fn the_python_package_bundles_what_the_program_bundles() {
    let bundled = fs::read_to_string(root().join("env/python/src/bundled.rs")).expect("UTF-8");
    for kind in ["scenarios", "scenarios/library", "channels"] {
        let folder = root().join("experiments").join(kind);
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|ending| ending != "toml") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("UTF-8");
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let for_logs_alone = kind == "scenarios" && !text.contains("[population");
            assert!(
                for_logs_alone || bundled.contains(&format!("\"{name}\"")),
                "env/python/src/bundled.rs lacks {name}"
            );
        }
    }
}
