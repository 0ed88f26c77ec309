//! Q-learning and SARSA(λ): the optimum, and the same run twice.

use offhook_env::policy::Observation;
use offhook_policy::learner::q_learning::QLearning;
use offhook_policy::learner::sarsa::{Sarsa, SarsaConfig, Traces};
use offhook_policy::learner::tabular::TabularConfig;
use offhook_policy::learner::{LearnError, Learner, Update};

use super::progress;
use crate::tiny_mdp::Mdp;

fn small() -> TabularConfig {
    TabularConfig {
        total_steps: 400_000,
        n_calls: 16,
        n_steps: 250,
        gamma: 1.0,
        learning_rate: 0.3,
        learning_rate_end: 0.002,
        ..TabularConfig::default()
    }
}

fn q_learning(mdp: &Mdp, seed: u64) -> QLearning {
    QLearning::new(Box::new(mdp.env(16)), small(), seed).unwrap()
}

fn sarsa(mdp: &Mdp, traces: Traces, seed: u64) -> Sarsa {
    let config = SarsaConfig {
        lambda: 0.5,
        traces,
        tabular: TabularConfig {
            learning_rate: 0.1,
            // What it learns is the value of the policy it follows, random actions included.
            epsilon_end: 0.02,
            exploration_fraction: 1.0,
            ..small()
        },
    };
    Sarsa::new(Box::new(mdp.env(16)), config, seed).unwrap()
}

fn finds_the_optimum(name: &str, start: impl Fn(&Mdp, u64) -> Box<dyn Learner>) {
    for seed in 0..3 {
        let mdp = Mdp::random(seed);
        let mut learner = start(&mdp, seed);
        while !learner.is_done() {
            learner.update().unwrap();
        }
        let reached = progress(&mdp, &*learner.policy());
        assert!(
            reached > 0.97,
            "{name} {seed} reached {reached:.3} of the way"
        );
    }
}

#[test]
fn q_learning_finds_the_known_optimum() {
    finds_the_optimum("q_learning", |mdp, seed| Box::new(q_learning(mdp, seed)));
}

#[test]
fn sarsa_finds_the_known_optimum_with_either_traces() {
    for traces in [Traces::Replacing, Traces::Accumulating] {
        let name = format!("{traces:?}");
        finds_the_optimum(&name, |mdp, seed| Box::new(sarsa(mdp, traces, seed)));
    }
}

#[test]
fn a_tabular_run_is_a_function_of_its_seed_and_saves_nothing() {
    let mdp = Mdp::random(1);
    let run = |mut learner: Box<dyn Learner>| -> Vec<Update> {
        assert!(learner.checkpoint().unwrap().is_none());
        (0..3).map(|_| learner.update().unwrap()).collect()
    };
    let q = |seed| run(Box::new(q_learning(&mdp, seed)));
    assert_eq!(q(1), q(1));
    assert_ne!(q(1), q(2));
    let s = |seed| run(Box::new(sarsa(&mdp, Traces::Replacing, seed)));
    assert_eq!(s(1), s(1));
}

#[test]
fn an_observation_never_seen_gets_its_first_allowed_action() {
    let mdp = Mdp::random(1);
    let policy = q_learning(&mdp, 1).policy();
    let mask = [2, 4].into_iter().collect();
    let seen = Observation {
        codes: &[0, 0, 0, 0],
        mask,
    };
    assert_eq!(policy.best(seen, 5), 2);
    let mut probs = [9.0; 5];
    policy.probabilities(seen, &mut probs);
    assert_eq!(probs, [0.0, 0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn a_setting_out_of_range_is_named_with_its_section() {
    let mdp = Mdp::random(1);
    let config = TabularConfig {
        epsilon_end: 1.5,
        ..small()
    };
    let refusal = |learner: Result<QLearning, LearnError>| learner.err().map(|e| e.to_string());
    let found = refusal(QLearning::new(Box::new(mdp.env(16)), config.clone(), 1));
    let expected = "q_learning.epsilon_end is 1.5, expected in [0, 1]";
    assert_eq!(found.as_deref(), Some(expected));
    let config = SarsaConfig {
        tabular: config,
        ..SarsaConfig::default()
    };
    let error = Sarsa::new(Box::new(mdp.env(16)), config, 1).err().unwrap();
    assert!(
        error.to_string().starts_with("sarsa.tabular.epsilon_end"),
        "{error}"
    );
}
