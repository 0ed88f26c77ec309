//! Where crates, their data, and the files inside them point.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::imports::{circles, imports};
use super::tokens::{literal, tokens};
use super::{HEAVY, PACKAGES, Package, none, owner, root, sources};

/// Crates of ours, and heavy ones, in one section of a manifest.
fn depends(package: &Package, section: &str) -> BTreeSet<String> {
    let manifest = package.manifest();
    let section = manifest.get(section).and_then(toml::Value::as_table);
    let names = section.into_iter().flat_map(|table| table.keys());
    names
        .filter(|name| name.starts_with("offhook") || HEAVY.contains(&name.as_str()))
        .cloned()
        .collect()
}

#[test]
fn every_crate_of_the_workspace_has_its_arrows_listed() {
    let manifest: toml::Table = super::read(&root().join("Cargo.toml"))
        .parse()
        .expect("TOML");
    let listed = |key: &str| {
        let folders = manifest["workspace"][key].as_array().expect("folders");
        folders
            .iter()
            .map(|folder| folder.as_str().expect("a text").to_owned())
    };
    let in_tree: BTreeSet<String> = listed("members").chain(listed("exclude")).collect();
    let here: BTreeSet<String> = PACKAGES.iter().map(|p| p.folder.to_owned()).collect();
    assert_eq!(in_tree, here);
}

#[test]
fn crates_point_only_along_the_allowed_arrows() {
    let mut faults = Vec::new();
    for package in PACKAGES {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let depends = depends(package, section).into_iter();
            let wrong = depends.filter(|name| !package.may_use.contains(&name.as_str()));
            let folder = package.folder;
            faults.extend(wrong.map(|name| format!("{folder} has {name} in its {section}")));
        }
    }
    none(&faults);
}

#[test]
fn no_arrow_is_there_for_nothing() {
    let mut faults = Vec::new();
    for package in PACKAGES {
        let sources = package.sources();
        let in_library = |name: &str| {
            let src = format!("{}/src/", package.folder);
            let mut found = sources
                .iter()
                .filter(|source| source.name.starts_with(&src));
            found.any(|source| tokens(&source.text).contains(&name.replace('-', "_").as_str()))
        };
        let unused = depends(package, "dependencies").into_iter();
        let unused = unused.filter(|name| !in_library(name));
        faults.extend(unused.map(|name| format!("{} does not use {name}", package.folder)));
    }
    none(&faults);
}

/// Files outside all crates, or above the crate that reads them, that may be read, and why.
const READ_BY_TESTS: [(&str, &str, &str); 5] = [
    (
        "experiments/tests/",
        "",
        "this test looks at the whole tree",
    ),
    (
        "experiments/tests/",
        "results/reference",
        "the committed runs are checked against the program",
    ),
    (
        "experiments/lab/src/play/known_optimum.rs",
        "results/reference/voicemail_pomdp",
        "a committed table is held to the optimum",
    ),
    (
        "experiments/tests/",
        "../shared/data",
        "real calls that are not ours to commit",
    ),
    (
        "experiments/build.rs",
        "",
        "the revision of the tree goes into every run",
    ),
];

#[test]
fn data_is_read_only_along_the_allowed_arrows() {
    let names: Vec<(String, &Package)> = PACKAGES.iter().map(|p| (p.name(), p)).collect();
    let mut faults = Vec::new();
    for source in sources() {
        let package = owner(&source.name).expect("a crate");
        for path in paths_of(package, &source.name, &source.text) {
            let shown = path.display().to_string();
            let is_excepted = READ_BY_TESTS.iter().any(|(reader, read, _)| {
                source.name.starts_with(reader)
                    && path.starts_with(read)
                    && (!read.is_empty() || path == Path::new(read))
            });
            let target = owner(&shown);
            let is_allowed = target.is_some_and(|target| {
                let name = names.iter().find(|(_, p)| p.folder == target.folder);
                let name = &name.expect("it is listed").0;
                target.folder == package.folder || package.may_use.contains(&name.as_str())
            });
            if !is_excepted && !is_allowed {
                faults.push(format!("{} reads {shown}", source.name));
            }
        }
    }
    none(&faults);
}

/// Paths, below the root, that literals of a file name: those with `..`, those of a list of bundled files,
/// and in a file that asks for its crate's folder, whatever is there.
fn paths_of(package: &Package, name: &str, text: &str) -> Vec<PathBuf> {
    let tokens = tokens(text);
    let from_crate = tokens.contains(&"\"CARGO_MANIFEST_DIR\"");
    let file_folder = Path::new(name).parent().expect("a folder");
    let bases = [file_folder, Path::new(package.folder)];
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(path) = literal(token).map(|text| text.trim_start_matches('/')) else {
            continue;
        };
        let is_included = at >= 3 && tokens[at - 3].starts_with("include_");
        let is_path = is_included || path.starts_with("..") || from_crate;
        if !is_path || path.is_empty() {
            continue;
        }
        let resolved = bases.iter().map(|base| below_root(&base.join(path)));
        let mut there = resolved.filter(|path| root().join(path).exists());
        found.extend(there.next());
    }
    found
}

/// A path without its `..`, as far as that goes.
fn below_root(path: &Path) -> PathBuf {
    let mut found = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if found.file_name().is_some() => {
                found.pop();
            }
            part => found.push(part),
        }
    }
    found
}

#[test]
fn no_circle_joins_more_than_two_files() {
    let mut faults = Vec::new();
    for package in PACKAGES {
        let src = format!("{}/src/", package.folder);
        let sources = package.sources().into_iter();
        let files = sources.filter_map(|source| {
            let name = source.name.strip_prefix(&src)?.to_owned();
            Some((name, source.text))
        });
        let graph = imports(&files.collect::<Vec<_>>());
        for circle in circles(&graph) {
            faults.push(format!("a circle of {} files in {src}", circle.len()));
            for file in &circle {
                let inside = graph[file].iter().filter(|used| circle.contains(used));
                let inside: Vec<_> = inside.map(String::as_str).collect();
                faults.push(format!("  {file} uses {}", inside.join(", ")));
            }
        }
    }
    none(&faults);
}

#[test]
fn a_circle_is_seen_through_what_a_parent_shows() {
    let tree = |last: &str| {
        let files = [
            ("lib.rs", "mod a;\nmod b;\nmod c;\npub use c::C;"),
            ("a.rs", "use crate::b::B;\npub struct A(B);"),
            ("b.rs", "use super::C;\npub struct B(C); // crate::a::A"),
            ("c.rs", last),
        ];
        let graph = imports(&files.map(|(name, text)| (name.to_owned(), text.to_owned())));
        circles(&graph).concat().join(" ")
    };
    assert_eq!(
        tree("pub struct C;\nfn of(a: &crate::a::A) {}"),
        "a.rs b.rs c.rs"
    );
    assert_eq!(
        tree("use crate::a;\npub struct C(Option<Box<a::A>>);"),
        "a.rs b.rs c.rs"
    );
    assert_eq!(
        tree("pub struct C;\n#[cfg(test)]\nmod tests { use crate::a::A; }"),
        ""
    );
    assert_eq!(tree("pub struct C;\nconst X: &str = \"crate::a::A\";"), "");
    assert_eq!(tree("pub struct C;\npub use crate::a::A;"), "");
}
