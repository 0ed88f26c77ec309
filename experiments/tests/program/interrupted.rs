//! Work that a signal ends, files that somebody changed meanwhile, and what comes of both: the same bytes, or a
//! refusal.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::runs::{self, files, write_experiment};
use crate::small_run::{LOOK, copy, wait_until};
use crate::{command, fail, offhook, succeed, words};

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(sent.expect("there is such a command").success(), "{name}");
}

fn start(folder: &Path, args: &str) -> Child {
    let mut command = command(folder, &words(args));
    let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("it starts")
}

/// Names in a folder and below it that no finished work leaves there.
fn remains(folder: &Path) -> Vec<PathBuf> {
    let all = files(folder).into_keys();
    let is_partial = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.ends_with(".partial") || name.contains(".tmp")
    };
    all.filter(is_partial).collect()
}

#[track_caller]
fn assert_same(folder: &Path, runs: [&str; 2]) {
    let [a, b] = runs.map(|run| files(&folder.join(run)));
    assert_eq!(
        a.keys().collect::<Vec<_>>(),
        b.keys().collect::<Vec<_>>(),
        "{runs:?}"
    );
    for (name, bytes) in &a {
        assert!(*bytes == b[name], "{} of {runs:?} differ", name.display());
    }
}

/// Whether this process, and so those it starts, keeps SIGHUP from itself; where the kernel does not say, it does not.
fn hang_ups_are_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

#[test]
fn a_log_has_one_writer_and_leaves_nothing_when_it_is_interrupted() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let args = "simulate fraud_alert --calls 9000000 --out calls.jsonl.zst";
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        if name == "HUP" && hang_ups_are_ignored() {
            eprintln!(
                "hang-ups are ignored here, as under nohup; that they end a command is not tested"
            );
            continue;
        }
        let child = start(folder, args);
        wait_until("the log's beginning", || {
            folder.join("calls.jsonl.zst.partial").is_file()
        });
        let second = "simulate fraud_alert --calls 10 --out calls.jsonl.zst";
        let message = fail(folder, &words(second), 1);
        assert!(message.contains("another process is writing"), "{message}");
        signal(&child, name);
        let Output { status, stderr, .. } = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(said.contains("interrupted; what was begun"), "{said}");
        let left = fs::read_dir(folder).expect("a folder").count();
        assert_eq!(left, 0, "after {name}");
    }
}

#[test]
fn a_second_signal_ends_at_once_and_what_is_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("calls.jsonl.partial"), "of a killed process").expect("written");
    succeed(
        folder,
        &words("simulate fraud_alert --calls 20 --out calls.jsonl"),
    );
    let left = fs::read_dir(folder).expect("a folder").count();
    assert_eq!(left, 1);
    // One whose input never comes cannot look whether it is to end.
    let mut import = command(folder, &words("import log /dev/stdin --out copy.jsonl"));
    let mut import = import
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let stdin = import.stdin.take();
    sleep(Duration::from_millis(300));
    signal(&import, "INT");
    sleep(Duration::from_millis(300));
    signal(&import, "INT");
    let status = import.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    drop(stdin);
}

/// Starts the run, or goes on with it, and sends a signal once `file` is there; whether it came in time.
fn end_early(folder: &Path, run: &str, name: &str, file: &str) -> bool {
    let args = format!("run mini.toml --out {run} --resume --threads 1");
    let mut child = start(folder, &args);
    let path = folder.join(run).join(file);
    let mut ended = false;
    wait_until(file, || {
        ended = child.try_wait().expect("a state").is_some();
        ended || path.is_file()
    });
    if !ended {
        signal(&child, name);
    }
    let Output { status, stderr, .. } = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&stderr);
    if status.success() {
        return false;
    }
    if name == "KILL" {
        assert_eq!(status.signal(), Some(9), "{said}");
        return true;
    }
    // One that comes before the program listens ends it like any other, before it has done anything.
    if status.signal().is_some() {
        return true;
    }
    let code = if name == "INT" { 130 } else { 143 };
    assert_eq!(status.code(), Some(code), "{said}");
    let how = format!("interrupted; go on with `offhook {args}`\n");
    assert!(said.ends_with(&how), "{said}");
    assert_eq!(remains(&folder.join(run)), Vec::<PathBuf>::new());
    true
}

#[test]
fn a_run_that_is_ended_again_and_again_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_experiment(folder);
    succeed(folder, &words("run mini.toml --out whole"));
    let seed = "checkpoints/seed_1";
    for (name, file) in [
        ("KILL", "manifest.json".to_owned()),
        ("INT", "scenario.toml".to_owned()),
        ("KILL", format!("{seed}/imitation.csv")),
        ("TERM", format!("{seed}/reinforcement.csv")),
        ("KILL", format!("{seed}/distill.csv")),
        ("KILL", "metrics.csv".to_owned()),
    ] {
        end_early(folder, "cut", name, &file);
    }
    succeed(folder, &words("run mini.toml --out cut --resume"));
    assert_same(folder, ["whole", "cut"]);
}

/// So many runs are killed at random moments, and a fifth as many interrupted, where `OFFHOOK_KILLS` says how many.
#[test]
fn runs_that_are_killed_at_random_go_on_to_the_same_bytes() {
    let Some(n_kills) = std::env::var_os("OFFHOOK_KILLS") else {
        return;
    };
    let n_kills: u32 = n_kills.to_string_lossy().parse().expect("a number");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_experiment(folder);
    let mut child = start(folder, "run mini.toml --out whole --threads 1");
    let mut n_looks = 0;
    wait_until("the end of the run", || {
        n_looks += 1;
        child.try_wait().expect("a state").is_some()
    });
    let mut in_time = [0, 0];
    for k in 0..n_kills + n_kills / 5 {
        let is_kill = k < n_kills;
        let mut child = start(folder, "run mini.toml --out cut --threads 1");
        // The golden section spreads moments evenly in any order.
        let share = f64::from(k) * 0.618_033_988_75 % 1.0;
        sleep(LOOK.mul_f64(share * f64::from(n_looks)));
        if child.try_wait().expect("a state").is_none() {
            signal(&child, if is_kill { "KILL" } else { "INT" });
        }
        let Output { status, stderr, .. } = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&stderr);
        assert!(!said.contains("panicked"), "{said}");
        in_time[usize::from(!is_kill)] += u32::from(!status.success());
        let resumed = offhook(folder, &words("run mini.toml --out cut --resume"));
        let said = String::from_utf8_lossy(&resumed.stderr);
        assert!(resumed.status.success(), "{k}: {said}");
        assert!(!said.contains("is done again"), "{k}: {said}");
        assert_same(folder, ["whole", "cut"]);
        fs::remove_dir_all(folder.join("cut")).expect("removed");
    }
    let [killed, interrupted] = in_time;
    println!("killed {killed} of {n_kills}, interrupted {interrupted}: all to the same bytes");
}

/// Makes a finished run one that was interrupted before its end.
fn unfinish(run: &Path) {
    let path = run.join("manifest.json");
    let text = fs::read_to_string(&path).expect("a manifest");
    let mut manifest: Value = serde_json::from_str(&text).expect("JSON");
    let fields = manifest.as_object_mut().expect("an object");
    fields.remove("finished");
    fields["files"] = serde_json::json!({});
    fs::write(path, manifest.to_string()).expect("written");
}

#[test]
fn a_stage_whose_files_are_not_its_own_is_done_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_experiment(folder);
    succeed(folder, &words("run mini.toml --seeds 2 --out whole"));
    let other = fs::read_to_string(folder.join("mini.toml")).expect("written before");
    let other = other.replace("total_steps = 8192", "total_steps = 4096");
    fs::write(folder.join("other.toml"), other).expect("written");
    succeed(folder, &words("run other.toml --seeds 2 --out other"));
    let tampered = |what: &str, tamper: &dyn Fn(&Path)| {
        let cut = folder.join("cut");
        fs::create_dir(&cut).expect("a folder");
        copy(&folder.join("whole"), &cut);
        unfinish(&cut);
        tamper(&cut.join("checkpoints"));
        let args = "run mini.toml --seeds 2 --out cut --resume";
        let output = offhook(folder, &words(args));
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{what}: {said}");
        assert_same(folder, ["whole", "cut"]);
        fs::remove_dir_all(cut).expect("removed");
        said.lines()
            .filter(|line| line.ends_with("is done again"))
            .count()
    };
    let n = tampered(
        "edited and emptied rows, a table of another run",
        &|seeds| {
            let rows = seeds.join("seed_1/reinforcement.csv");
            let text = fs::read_to_string(&rows).expect("rows");
            fs::write(&rows, text.replacen("0.", "0.9", 1)).expect("written");
            File::create(seeds.join("seed_2/imitation.csv")).expect("emptied");
            let table = "checkpoints/seed_2/table.json";
            fs::copy(
                folder.join("other").join(table),
                seeds.join("seed_2/table.json"),
            )
            .expect("copied");
        },
    );
    assert_eq!(n, 3);
    let n = tampered("the files of another seed, and of another run", &|seeds| {
        for name in ["seed_1", "seed_2"] {
            fs::remove_dir_all(seeds.join(name)).expect("removed");
            fs::create_dir(seeds.join(name)).expect("a folder");
        }
        copy(
            &folder.join("whole/checkpoints/seed_2"),
            &seeds.join("seed_1"),
        );
        copy(
            &folder.join("other/checkpoints/seed_2"),
            &seeds.join("seed_2"),
        );
    });
    assert_eq!(n, 6, "every stage of both seeds");
}

#[test]
fn a_finished_run_that_was_changed_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (file, commands) in [
        (
            "table.json",
            ["table verify run", "simulate --policy run --calls 9"],
        ),
        (
            "policy.safetensors",
            ["simulate --policy sampled=run --calls 9", ""],
        ),
        (
            "scenario.toml",
            ["simulate --policy run --calls 9", "table verify run"],
        ),
        ("library/identity.toml", ["evaluate run --calls 9", ""]),
        ("channel.toml", ["simulate --policy run --calls 9", ""]),
        (
            "checkpoints/seed_1/imitation.safetensors",
            [
                "simulate --policy run/checkpoints/seed_1/imitation.safetensors --calls 9",
                "",
            ],
        ),
    ] {
        let run = folder.join("run");
        fs::create_dir(&run).expect("a folder");
        copy(&runs::folder().join("lab/run"), &run);
        let mut bytes = fs::read(run.join(file)).expect("a file of the run");
        bytes.extend(b"\n");
        fs::write(run.join(file), bytes).expect("written");
        for args in commands.into_iter().filter(|args| !args.is_empty()) {
            let message = fail(folder, &words(args), 1);
            let expected = format!("'run/{file}' is not what the run wrote");
            assert!(message.contains(&expected), "{args}: {message}");
        }
        fs::remove_dir_all(run).expect("removed");
    }
    let run = folder.join("run");
    write_experiment(folder);
    succeed(folder, &words("run mini.toml --out run"));
    fs::write(run.join("summary.csv"), "policy\n").expect("written");
    let message = fail(folder, &words("run mini.toml --out run --resume"), 1);
    let expected = "'summary.csv' is not what the run wrote";
    assert!(message.contains(expected), "{message}");
}
