//! Run directories that are new, finished, interrupted, foreign or taken.

use super::*;
use crate::run::manifest::{rfc3339, tests::manifest};

fn create(path: &Path, mode: Mode, config: &str) -> Result<RunDir, RunDirError> {
    create_with(path, mode, config, manifest(config.as_bytes()))
}

fn create_with(
    path: &Path,
    mode: Mode,
    config: &str,
    manifest: Manifest,
) -> Result<RunDir, RunDirError> {
    let as_run = |seeds: &[u64]| format!("{config}# {seeds:?}\n");
    RunDir::create(path, mode, &as_run, manifest)
}

/// The run of [`with_run`], to be resumed with these seeds.
fn resume(path: &Path, config: &str, seeds: &[u64]) -> Result<RunDir, RunDirError> {
    let seeds = seeds.to_vec();
    let manifest = Manifest {
        seeds,
        ..manifest(config.as_bytes())
    };
    create_with(path, Mode::Resume, config, manifest)
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
        run.finish(rfc3339(60), None).expect("finished");
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
    assert_eq!(left, [lock::NAME, "config.toml", MANIFEST, "table.xlsx"]);
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
    let mut other = manifest(b"a = 1\n");
    other.inputs.insert("scenario".into(), sha256(b"changed"));
    other.started = rfc3339(1_000);
    let error = create_with(&path, Mode::Resume, "a = 1\n", other.clone()).expect_err("a refusal");
    assert!(error.to_string().contains("scenario was absent"), "{error}");
    other.inputs.remove("scenario");
    let run = create_with(&path, Mode::Resume, "a = 1\n", other).expect("continued");
    assert_eq!(run.progress(), Progress::Interrupted);
    assert_eq!(fs::read(path.join("metrics.csv")).expect("kept"), b"m");
    assert_eq!(
        run.finish(rfc3339(2_000), None).expect("finished").started,
        rfc3339(0)
    );
}

#[test]
fn a_finished_run_goes_on_with_more_seeds() {
    let (_folder, path) = with_run(true);
    let run = resume(&path, "a = 1\n", &[1, 2, 3]).expect("more seeds");
    assert_eq!(run.progress(), Progress::Interrupted);
    assert_eq!(
        fs::read(path.join("checkpoints/1.json")).expect("kept"),
        b"c"
    );
    let config = fs::read_to_string(path.join("config.toml")).expect("a file");
    assert_eq!(config, "a = 1\n# [1, 2, 3]\n");
    let finished = run.finish(rfc3339(2_000), None).expect("finished");
    assert_eq!(
        (&*finished.started, &finished.seeds[..]),
        (&*rfc3339(0), &[1, 2, 3][..])
    );
}

#[test]
fn a_run_that_was_killed_while_it_got_more_seeds_gets_them_again() {
    let (_folder, path) = with_run(true);
    // The manifest still says two seeds.
    fs::write(path.join("config.toml"), "a = 1\n# [1, 2, 3]\n").expect("written");
    let run = resume(&path, "a = 1\n", &[1, 2, 3]).expect("more seeds");
    assert_eq!(run.progress(), Progress::Interrupted);
}

#[test]
fn fewer_or_other_seeds_and_more_seeds_of_another_config_are_refused() {
    let (_folder, path) = with_run(true);
    for (config, seeds, expected) in [
        ("a = 1\n", &[1][..], "was `# [1, 2]`, now `# [1]`"),
        ("a = 1\n", &[1, 3, 4], "was `# [1, 2]`, now `# [1, 3, 4]`"),
        ("a = 2\n", &[1, 2, 3], "was `a = 1`, now `a = 2`"),
    ] {
        let message = resume(&path, config, seeds)
            .expect_err("a refusal")
            .to_string();
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(fs::read(path.join("metrics.csv")).expect("kept"), b"m");
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
fn seeds_that_make_one_folder_at_once_do_not_meet() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..200 {
        let path = folder.path().join(round.to_string());
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| {
                    start.wait();
                    create_folder(&path).expect("made by one of them");
                });
            }
        });
    }
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
