//! Every learner as the second stage of a small experiment, from simulation and from a log.

use std::fs;
use std::path::Path;

use crate::{bundled, command, fail, succeed};

/// A config with budgets for seconds and the given second stage.
fn config(folder: &Path, imitation: &str, second: &str) {
    let text = format!(
        "name = \"small\"\nscenario = \"fraud_alert\"\nseeds = [1]\n[network]\nhidden = [16]\n\
         [imitation]\n{imitation}\nbehavior_cloning = {{ n_epochs = 2 }}\n{second}\n\
         [distill]\nmax_rules = 40\nrounds = 1\ncalls = 60\nchoose_calls = 30\nn_calls = 32\n\
         [evaluation]\ncalls = 100\ncurve_calls = 30\n"
    );
    fs::write(folder.join("small.toml"), text).expect("written");
}

const DQN: &str = "[reinforcement]\nevaluate_every = 1\n[reinforcement.dqn]\ntotal_steps = 4000\n\
                   n_calls = 16\nlearning_starts = 0\nn_gradient_steps = 8\nn_demonstrations = 20\n\
                   pretrain_steps = 4\nreward_scale = 0.05";

#[test]
fn every_learner_can_be_the_second_stage() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let tabular = "total_steps = 4000\nn_calls = 16";
    let stages = [
        ("dqn", DQN.to_owned()),
        (
            "q_learning",
            format!("[reinforcement]\nevaluate_every = 2\n[reinforcement.q_learning]\n{tabular}"),
        ),
        (
            "sarsa",
            format!(
                "[reinforcement]\nevaluate_every = 2\n[reinforcement.sarsa]\nlambda = 0.5\n\
                 [reinforcement.sarsa.tabular]\n{tabular}"
            ),
        ),
    ];
    for (name, stage) in stages {
        config(folder, "calls = 40", &stage);
        let text = succeed(folder, &["run", "small.toml", "--out", name]);
        assert!(text.contains("reinforcement"), "{name}: {text}");
        let metrics = fs::read_to_string(folder.join(name).join("metrics.csv")).expect("written");
        assert!(metrics.contains("charts/epsilon"), "{name}");
        let policy = folder.join(name).join("policy.safetensors");
        assert_eq!(policy.is_file(), name == "dqn", "{name}");
    }

    // Without its end, the run goes on to the same bytes.
    config(folder, "calls = 40", DQN);
    let mut child = command(folder, &["run", "small.toml", "--out", "killed"])
        .spawn()
        .expect("it starts");
    let first = folder.join("killed/checkpoints/seed_1/reinforcement.safetensors");
    for _ in 0..12_000 {
        if first.is_file() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    succeed(
        folder,
        &["run", "small.toml", "--out", "killed", "--resume"],
    );
    for file in ["metrics.csv", "policy.safetensors", "table.json"] {
        let read = |run: &str| fs::read(folder.join(run).join(file)).expect("written");
        assert!(read("killed") == read("dqn"), "{file} differs");
    }
}

#[test]
fn a_log_alone_is_enough_to_learn_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let log = [
        "simulate",
        "fraud_alert",
        "--policy",
        "random",
        "--calls",
        "100",
    ];
    let to = ["--seed", "1000", "--out", "log.jsonl"];
    succeed(folder, &[&log[..], &to].concat());
    let fit = "n_gradient_steps = 40\nsteps_per_iteration = 20";
    for name in ["cql", "bcq"] {
        let stage = format!(
            "[offline]\nlog = \"log.jsonl\"\nevaluate_every = 1\n[offline.{name}]\n\
             [offline.{name}.fit]\n{fit}"
        );
        config(folder, "", &stage);
        succeed(folder, &["run", "small.toml", "--out", name]);
        let policy = format!("{name}/policy.safetensors");
        let play = ["simulate", "fraud_alert", "--calls", "20", "--policy"];
        succeed(folder, &[&play[..], &[&policy]].concat());
        let manifest = fs::read_to_string(folder.join(name).join("manifest.json"));
        assert!(
            manifest.expect("written").contains("data/log.jsonl"),
            "{name}"
        );
    }

    // A log without rewards is refused by line.
    let text = fs::read_to_string(folder.join("log.jsonl")).expect("written");
    let without = text.replacen("\"reward\"", "\"rewarb\"", 1);
    fs::write(folder.join("log.jsonl"), without).expect("written");
    let message = fail(folder, &["run", "small.toml", "--out", "refused"], 1);
    assert!(message.contains("log.jsonl"), "{message}");
}

#[test]
fn a_config_names_exactly_one_learner() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let refusal = |imitation: &str, stage: &str| {
        config(folder, imitation, stage);
        fail(folder, &["run", "small.toml", "--out", "out"], 1)
    };
    let both = format!("{DQN}\n[reinforcement.sarsa]");
    let message = refusal("calls = 40", &both);
    assert!(message.contains("exactly one of ppo, dqn"), "{message}");
    let message = refusal("calls = 40", "[reinforcement]\nevaluate_every = 1");
    assert!(message.contains("exactly one of ppo, dqn"), "{message}");
    let offline = "[offline]\nlog = \"x\"\nevaluate_every = 1\n[offline.cql]";
    let message = refusal("calls = 40", offline);
    assert!(message.contains("leave out imitation.calls"), "{message}");
    let message = refusal("", &format!("{offline}\n[offline.bcq]"));
    assert!(message.contains("exactly one of cql and bcq"), "{message}");
    let message = refusal("", offline);
    assert!(message.contains("'x'"), "{message}");
    for name in ["dqn", "offline"] {
        assert!(
            bundled(&format!("configs/{name}.toml")).starts_with("# "),
            "{name}"
        );
    }
}
