//! Run directories that are new, finished, interrupted, foreign or taken.

use super::*;
use crate::run::manifest::{rfc3339, tests::manifest};

fn create(path: &Path, mode: Mode, config: &str) -> Result<RunDir, RunDirError> {
    let as_run = |seeds: &[u64]| format!("{config}# {seeds:?}\n");
    RunDir::create(path, mode, &as_run, manifest(config.as_bytes()))
}

fn refusal(path: &Path, mode: Mode, config: &str) -> String {
    create(path, mode, config)
        .expect_err("a refusal")
        .to_string()
}

/// A folder with a run of config `a = 1`, finished or interrupted, and a file of the user's.
fn with_run(finished: bool) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/run");
    let run = create(&path, Mode::Fresh, "a = 1\n").expect("a new run");
    run.write(RunFile::Metrics, b"m").expect("written");
    run.write_in(RunFile::Checkpoints, "1.json", b"c")
        .expect("written");
    fs::write(path.join("table.xlsx"), "mine").expect("written");
    if finished {
        run.finish(rfc3339(60)).expect("finished");
    }
    (folder, path)
}

#[test]
fn a_finished_run_is_kept_and_the_message_names_the_flag() {
    let (_folder, path) = with_run(true);
    assert!(
        refusal(&path, Mode::Fresh, "a = 1\n").contains("finished run; replace it with --force")
    );
    let again = create(&path, Mode::Resume, "a = 1\n").expect("the same run");
    assert_eq!(again.progress(), Progress::Finished);
    assert_eq!(fs::read(path.join("metrics.csv")).expect("kept"), b"m");
}

#[test]
fn a_finished_run_lists_its_files_and_no_others() {
    let (_folder, path) = with_run(true);
    let stored =
        Manifest::parse(&fs::read(path.join(MANIFEST)).expect("a file")).expect("a manifest");
    let names: Vec<&str> = stored.files.keys().map(String::as_str).collect();
    assert_eq!(names, ["checkpoints/1.json", "config.toml", "metrics.csv"]);
    assert_eq!(stored.files["metrics.csv"], sha256(b"m"));
}

#[test]
fn force_replaces_a_run_and_spares_what_the_user_put_there() {
    let (_folder, path) = with_run(true);
    let run = create(&path, Mode::Force, "a = 2\n").expect("a new run");
    assert_eq!(run.progress(), Progress::New);
    let left = entries(&path).expect("a folder");
    assert_eq!(left, [LOCK, "config.toml", MANIFEST, "table.xlsx"]);
}

#[test]
fn an_interrupted_run_goes_on_only_as_it_began() {
    let (_folder, path) = with_run(false);
    assert!(refusal(&path, Mode::Fresh, "a = 1\n").contains("continue it with --resume"));
    let message = refusal(&path, Mode::Resume, "a = 2\n");
    assert!(
        message.contains("line 1 of the config was `a = 1`, now `a = 2`"),
        "{message}"
    );
    let as_run = |seeds: &[u64]| format!("a = 1\n# {seeds:?}\n");
    let mut other = manifest(b"a = 1\n");
    other.inputs.insert("scenario".into(), sha256(b"changed"));
    other.started = rfc3339(1_000);
    let error = RunDir::create(&path, Mode::Resume, &as_run, other.clone()).expect_err("a refusal");
    assert!(error.to_string().contains("scenario was absent"), "{error}");
    other.inputs.remove("scenario");
    let run = RunDir::create(&path, Mode::Resume, &as_run, other).expect("continued");
    assert_eq!(run.progress(), Progress::Interrupted);
    assert_eq!(fs::read(path.join("metrics.csv")).expect("kept"), b"m");
    assert_eq!(
        run.finish(rfc3339(2_000)).expect("finished").started,
        rfc3339(0)
    );
}

#[test]
fn a_folder_that_is_not_ours_is_never_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("config.toml", "[package]"),
        ("manifest.json", "{\"name\": \"web\"}"),
    ] {
        let path = folder.path().join(name.replace('.', "_"));
        fs::create_dir(&path).expect("a folder");
        fs::write(path.join(name), text).expect("a file");
        for mode in [Mode::Fresh, Mode::Force, Mode::Resume] {
            let message = refusal(&path, mode, "a = 1\n");
            assert!(message.contains("is not a run directory"), "{message}");
        }
        assert_eq!(entries(&path).expect("a folder"), [name]);
    }
}

#[test]
fn two_processes_do_not_share_a_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = create(folder.path(), Mode::Fresh, "").expect("an empty folder");
    for mode in [Mode::Fresh, Mode::Force, Mode::Resume] {
        assert!(refusal(folder.path(), mode, "").contains("another run is writing"));
    }
    drop(first);
    assert!(create(folder.path(), Mode::Resume, "").is_ok());
}

#[test]
fn a_file_in_the_way_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    fs::write(&path, "x").expect("a file");
    let message = refusal(&path, Mode::Fresh, "");
    assert!(
        message.contains("/file'") && message.ends_with("; a part of the path is a file"),
        "{message}"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_at_once() {
    // No test can count on a read-only disk, for root may write anywhere; this folder takes no files at all.
    let path = Path::new("/proc/offhook-test");
    if Path::new("/proc").is_dir() {
        assert!(refusal(path, Mode::Fresh, "").starts_with("cannot create '/proc/offhook-test'"));
    }
}
