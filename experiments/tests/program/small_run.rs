//! One small experiment that many tests look at, and one that is killed on its way.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;

use crate::{command, succeed};

/// Two seeds, every stage, budgets for seconds; 200 held-out calls.
pub const CONFIG: &str = r#"
name = "small"
scenario = "fraud_alert"
seeds = [1, 2]

[network]
hidden = [64, 64]

[imitation]
calls = 60
behavior_cloning = { batch_size = 64, n_epochs = 2, learning_rate = 2e-3 }

[reinforcement]
evaluate_every = 1

[reinforcement.ppo]
total_steps = 6000
n_calls = 32
n_steps = 32
minibatch_size = 1024
learning_rate = 2e-3
ent_coef = 0.02
gamma = 1.0
gae_lambda = 0.95
reward_scale = 0.05

[distill]
max_rules = 60
rounds = 2
calls = 100
policy_iteration = { rounds = 1, calls = 200 }
choose_calls = 50
n_calls = 32

[evaluation]
calls = 200
curve_calls = 50
privileged_calls = 20
belief_calls = 10
"#;

/// Where the shared run is made: cargo's folder for the tests' files, so that none is left elsewhere.
const SHARED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/small_run");

/// What the program printed when it made the shared run with one thread; the first caller waits for it.
pub fn printed() -> &'static str {
    static PRINTED: OnceLock<String> = OnceLock::new();
    PRINTED.get_or_init(|| {
        let folder = Path::new(SHARED);
        if folder.exists() {
            fs::remove_dir_all(folder).expect("left by an earlier test run");
        }
        fs::create_dir_all(folder).expect("a folder");
        fs::write(folder.join("small.toml"), CONFIG).expect("written");
        succeed(
            folder,
            &["run", "small.toml", "--out", "one", "--threads", "1"],
        )
    })
}

/// A folder of the test's own with the config `small.toml` and a copy of the shared run, `one`.
pub fn copied() -> TempDir {
    printed();
    let folder = tempfile::tempdir().expect("a folder");
    copy(Path::new(SHARED), folder.path());
    folder
}

/// Copies what is in a folder into another one.
pub fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            fs::create_dir(&to).expect("a folder");
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("copied");
        }
    }
}

/// The same with a second run `two`, which is the first one under another name.
pub fn copied_twice() -> TempDir {
    let folder = copied();
    let [one, two] = ["one", "two"].map(|run| folder.path().join(run));
    fs::create_dir(&two).expect("a folder");
    copy(&one, &two);
    folder
}

/// Starts `small.toml` as the run `killed` and kills it once seed 1 has a checkpoint of its second stage.
pub fn kill(folder: &Path) {
    let args = ["run", "small.toml", "--out", "killed", "--threads", "1"];
    let mut child = command(folder, &args).spawn().expect("it starts");
    let checkpoint = folder.join("killed/checkpoints/seed_1/reinforcement.safetensors");
    wait_until("the first checkpoint", || {
        let ended = child.try_wait().expect("a state");
        assert!(ended.is_none(), "the run ended before it could be killed");
        checkpoint.is_file()
    });
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let end = folder.join("killed/table.json");
    assert!(!end.exists(), "it was killed before its end");
}

/// Between two looks.
pub const LOOK: Duration = Duration::from_millis(10);

/// Looks again and again, for two minutes at most, until `is_there` says so.
#[track_caller]
pub fn wait_until(what: &str, mut is_there: impl FnMut() -> bool) {
    const LOOKS: u32 = 12_000;
    let seen = (0..LOOKS).any(|_| {
        let seen = is_there();
        if !seen {
            std::thread::sleep(LOOK);
        }
        seen
    });
    assert!(seen, "two minutes without {what}");
}

/// The named files of two runs in `folder` have the same bytes.
#[track_caller]
pub fn assert_same(folder: &Path, runs: [&str; 2], files: &[&str]) {
    for file in files {
        let [a, b] =
            runs.map(|run| fs::read(folder.join(run).join(file)).expect("the run wrote it"));
        assert!(a == b, "{file} of {} and of {} differ", runs[0], runs[1]);
    }
}
