//! The shape of the tree: where crates and their data point, how files stand on each other, who prints, and
//! that every file says what it is for.

mod arrows;
mod files;
mod imports;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

/// A crate and what it may stand on.
struct Package {
    /// Below the workspace's root.
    folder: &'static str,
    /// Crates of ours, and heavy ones that few may have.
    may_use: &'static [&'static str],
}

/// Everything of ours, and who may use what (DESIGN: crates and arrows); inner crates stand before outer ones.
const PACKAGES: &[Package] = &[
    package("env/stats", &[]),
    package("env", &["offhook-stats"]),
    package("simulator", &["offhook-env", "offhook-stats"]),
    package("policy/table/c", &["offhook-table"]),
    package("policy/table", &["offhook-env"]),
    package(
        "policy",
        &["burn", "offhook-env", "offhook-stats", "offhook-table"],
    ),
    package(
        "experiments/lab",
        &[
            "offhook-env",
            "offhook-policy",
            "offhook-simulator",
            "offhook-stats",
            "offhook-table",
        ],
    ),
    package(
        "experiments/report",
        &[
            "dejavu",
            "offhook-env",
            "offhook-lab",
            "offhook-stats",
            "offhook-table",
            "plotters",
            "png",
        ],
    ),
    package(
        "experiments/python",
        &[
            "numpy",
            "offhook-env",
            "offhook-simulator",
            "offhook-table",
            "pyo3",
        ],
    ),
    package(
        "experiments/fuzz",
        &[
            "offhook-env",
            "offhook-lab",
            "offhook-policy",
            "offhook-simulator",
            "offhook-table",
        ],
    ),
    package(
        "experiments",
        &[
            "clap",
            "indicatif",
            "offhook-lab",
            "offhook-policy",
            "offhook-report",
            "offhook-simulator",
            "offhook-table",
        ],
    ),
];

/// Crates that only those may use that name them above.
const HEAVY: [&str; 8] = [
    "burn",
    "clap",
    "dejavu",
    "indicatif",
    "numpy",
    "plotters",
    "png",
    "pyo3",
];

const fn package(folder: &'static str, may_use: &'static [&'static str]) -> Package {
    Package { folder, may_use }
}

impl Package {
    /// What manifests call it.
    fn name(&self) -> String {
        let manifest = self.manifest();
        let name = manifest["package"]["name"].as_str().expect("a name");
        name.to_owned()
    }

    fn manifest(&self) -> toml::Table {
        let text = read(&root().join(self.folder).join("Cargo.toml"));
        text.parse().expect("TOML")
    }

    /// Whether it is one that others call; the rest are programs.
    fn is_library(&self) -> bool {
        root().join(self.folder).join("src/lib.rs").is_file()
    }

    /// Its Rust files, without those of crates inside its folder.
    fn sources(&self) -> Vec<Source> {
        let all = sources().into_iter();
        all.filter(|source| owner(&source.name).is_some_and(|p| p.folder == self.folder))
            .collect()
    }
}

/// The crate whose folder a file stands in; the configs of experiments are the laboratory's.
fn owner(name: &str) -> Option<&'static Package> {
    let is_config = Path::new(name).starts_with("experiments/configs");
    let place = Path::new(if is_config { "experiments/lab" } else { name });
    PACKAGES.iter().find(|p| place.starts_with(p.folder))
}

/// A Rust file of the tree.
struct Source {
    /// Its path below the workspace's root.
    name: String,
    text: String,
}

fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().expect("the workspace").to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every Rust file of ours, sorted.
fn sources() -> Vec<Source> {
    let (mut found, mut folders) = (Vec::new(), vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "results" {
                folders.push(path);
            } else if name.ends_with(".rs") {
                let below = path.strip_prefix(root()).expect("below the root");
                let (name, text) = (below.display().to_string(), read(&path));
                found.push(Source { name, text });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() > 50, "the sources are found");
    found
}

/// Fails with all of `faults`, one a line.
#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
