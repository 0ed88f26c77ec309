//! What stands in a file: what it says of itself, how long it is, and what only some may do.

use super::imports::imports;
use super::tokens::{outside_tests, tokens};
use super::{PACKAGES, none, owner, sources};

/// Files that may read the clock.
const CLOCKS: [&str; 6] = [
    "experiments/src/main.rs",
    "experiments/src/command/bench/",
    "experiments/lab/src/bench/clock.rs",
    "experiments/fuzz/src/main.rs",
    "simulator/examples/belief.rs",
    "simulator/examples/speed.rs",
];

#[test]
fn every_file_says_what_it_is_for() {
    let silent = sources()
        .into_iter()
        .filter(|s| !s.text.starts_with("//! "));
    none(
        &silent
            .map(|s| format!("{} does not open with `//! `", s.name))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let mut faults = Vec::new();
    for source in sources() {
        let limit = match &source.name {
            name if name.starts_with("experiments/src/command/") => 150,
            name if name.contains("tests") => 600,
            _ => 450,
        };
        let n_lines = source.text.lines().count();
        if n_lines > limit {
            faults.push(format!("{}: {n_lines} lines, at most {limit}", source.name));
        }
    }
    none(&faults);
}

#[test]
fn draws_and_the_clock_come_from_outside() {
    let mut faults = Vec::new();
    for source in sources() {
        let tokens = tokens(&source.text);
        let may_tell_time = CLOCKS.iter().any(|file| source.name.starts_with(file));
        for banned in ["thread_rng", "StdRng", "SmallRng", "from_os_rng"] {
            if tokens.contains(&banned) {
                faults.push(format!("{} uses {banned}", source.name));
            }
        }
        let reads_clock = tokens.contains(&"SystemTime")
            || tokens.windows(3).any(|t| t == ["Instant", "::", "now"]);
        if reads_clock && !may_tell_time {
            faults.push(format!("{} reads the clock", source.name));
        }
    }
    none(&faults);
}

#[test]
fn only_programs_print_and_end_the_process() {
    const PRINT: [&str; 7] = [
        "print", "println", "eprint", "eprintln", "dbg", "out", "outln",
    ];
    let mut faults = Vec::new();
    for source in sources() {
        let package = owner(&source.name).expect("a crate");
        let is_code = source.name.starts_with(&format!("{}/src/", package.folder));
        if !is_code || !package.is_library() || in_tests(&source.name) {
            continue;
        }
        let (tokens, _) = outside_tests(&tokens(&source.text));
        let prints = |t: &[&str]| PRINT.contains(&t[0]) && t[1] == "!" && matches!(t[2], "(" | "{");
        if let Some(found) = tokens.windows(3).find(|t| prints(t)) {
            faults.push(format!("{} calls {}!", source.name, found[0]));
        }
        if tokens.windows(3).any(|t| t == ["process", "::", "exit"]) {
            faults.push(format!("{} ends the process", source.name));
        }
    }
    none(&faults);
}

/// A file of tests inside `src`.
fn in_tests(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/") || name.ends_with("/testing.rs")
}

#[test]
fn commands_are_called_by_the_program_alone() {
    let program = PACKAGES
        .iter()
        .find(|p| p.folder == "experiments")
        .expect("it is listed");
    let files = program.sources().into_iter().filter_map(|source| {
        let name = source.name.strip_prefix("experiments/src/")?.to_owned();
        Some((name, source.text))
    });
    let is_command = |file: &str| file.starts_with("command/");
    let mut faults = Vec::new();
    for (file, used) in imports(&files.collect::<Vec<_>>()) {
        if is_command(&file) || file == "main.rs" {
            continue;
        }
        let used = used.into_iter().filter(|used| is_command(used));
        faults.extend(used.map(|used| format!("{file} uses {used}")));
    }
    none(&faults);
}
