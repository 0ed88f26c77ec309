//! Every learner as the second stage of a small experiment, from simulation and from a log.

use std::fs;
use std::path::Path;

use crate::small_run::{assert_same, kill};
use crate::{bundled, fail, first_edited, succeed, words};

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
}

#[test]
fn a_killed_run_of_another_learner_resumes_to_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    config(folder, "calls = 40", DQN);
    succeed(folder, &words("run small.toml --out whole"));
    kill(folder);
    succeed(folder, &words("run small.toml --out killed --resume"));
    let files = ["metrics.csv", "policy.safetensors", "table.json"];
    assert_same(folder, ["whole", "killed"], &files);
}

/// Calls of random play as `log.jsonl`, and a config that learns from them with `cql` or `bcq`.
fn logged(folder: &Path) {
    let log = "simulate fraud_alert --policy random --calls 100 --seed 1000 --out log.jsonl";
    succeed(folder, &words(log));
}

fn offline(name: &str) -> String {
    format!(
        "[offline]\nlog = \"log.jsonl\"\nevaluate_every = 1\n[offline.{name}]\n\
         [offline.{name}.fit]\nn_gradient_steps = 40\nsteps_per_iteration = 20"
    )
}

#[test]
fn a_log_alone_is_enough_to_learn_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    logged(folder);
    for name in ["cql", "bcq"] {
        config(folder, "", &offline(name));
        succeed(folder, &["run", "small.toml", "--out", name]);
        let policy = format!("{name}/policy.safetensors");
        let play = words("simulate fraud_alert --calls 20 --policy");
        succeed(folder, &[&play[..], &[&policy]].concat());
        let manifest = fs::read_to_string(folder.join(name).join("manifest.json"));
        assert!(
            manifest.expect("written").contains("data/log.jsonl"),
            "{name}"
        );
    }
}

#[test]
fn a_log_without_rewards_is_no_log_to_learn_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    logged(folder);
    let text = fs::read_to_string(folder.join("log.jsonl")).expect("written");
    let without = first_edited(&text, "\"reward\"", "\"rewarb\"");
    fs::write(folder.join("log.jsonl"), without).expect("written");
    config(folder, "", &offline("bcq"));
    let message = fail(folder, &words("run small.toml --out refused"), 1);
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
}

#[test]
fn a_bundled_config_opens_with_its_question() {
    for name in ["dqn", "offline"] {
        let text = bundled(&format!("configs/{name}.toml"));
        assert!(text.starts_with("# "), "{name}");
    }
}
