//! CQL and BCQ: near the optimum from a log of random calls, the constraint, resume.

use std::cell::RefCell;

use offhook_env::belief::layout::Layout;
use offhook_env::policy::{Observation, Policy, RandomPolicy};
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::data::trajectories::Trajectories;
use offhook_policy::learner::bcq::{Bcq, BcqConfig};
use offhook_policy::learner::config::policy_of;
use offhook_policy::learner::cql::{Cql, CqlConfig};
use offhook_policy::learner::imitation::{ImitationConfig, imitate};
use offhook_policy::learner::offline::OfflineConfig;
use offhook_policy::learner::{LearnError, Learner, Update};
use offhook_policy::network::weights::{NetworkConfig, Weights};

use super::{logged, progress};
use crate::tiny_mdp::Mdp;

fn small() -> OfflineConfig {
    OfflineConfig {
        n_gradient_steps: 2_000,
        minibatch_size: 128,
        learning_rate: 3e-3,
        gamma: 1.0,
        tau: 0.02,
        ..OfflineConfig::default()
    }
}

fn cql_config() -> CqlConfig {
    CqlConfig {
        cql_alpha: 0.05,
        fit: small(),
    }
}

fn bcq_config() -> BcqConfig {
    BcqConfig {
        fit: small(),
        ..BcqConfig::default()
    }
}

fn initial(mdp: &Mdp, seed: u64) -> Weights {
    let config = NetworkConfig {
        hidden: vec![32],
        ..NetworkConfig::default()
    };
    Weights::initial(&config, &mdp.layout, seed)
}

/// A clone of what the log shows.
fn clone_of(log: &Trajectories, layout: &Layout, weights: Weights) -> Weights {
    let config = ImitationConfig {
        n_epochs: 20,
        learning_rate: 1e-2,
        ..ImitationConfig::default()
    };
    let data = log.to_dataset(1.0);
    imitate(&data, layout, weights, &config, 1, &mut |_| {})
        .unwrap()
        .weights
}

fn updates(learner: &mut dyn Learner, n: u64) -> Vec<Update> {
    (0..n).map(|_| learner.update().unwrap()).collect()
}

#[test]
fn offline_learners_come_near_the_optimum_from_random_calls() {
    for seed in 0..2 {
        let mdp = Mdp::random(seed);
        let log = logged(&mdp, &RandomPolicy, 3_000);
        let start = initial(&mdp, seed);
        let clone = clone_of(&log, &mdp.layout, start.clone());
        let cql = Cql::new(&log, &mdp.layout, &start, cql_config(), seed).unwrap();
        let bcq = Bcq::new(&log, &mdp.layout, &clone, bcq_config(), seed).unwrap();
        let learners: [(&str, Box<dyn Learner>); 2] =
            [("cql", Box::new(cql)), ("bcq", Box::new(bcq))];
        for (name, mut learner) in learners {
            while !learner.is_done() {
                learner.update().unwrap();
            }
            let reached = progress(&mdp, &*learner.policy());
            assert!(
                reached > 0.9,
                "{name} {seed} reached {reached:.3} of the way"
            );
        }
    }
}

/// Takes only the first two allowed actions, in equal shares.
struct FirstTwo;

impl Policy for FirstTwo {
    fn probabilities(&self, seen: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        let n = seen.mask.count().min(2);
        (0..n).for_each(|k| out[seen.mask.nth(k) as usize] = 1.0 / n as f32);
    }
}

#[test]
fn what_the_log_never_shows_is_not_done() {
    let mdp = Mdp::random(6);
    let log = logged(&mdp, &FirstTwo, 1_500);
    let clone = clone_of(&log, &mdp.layout, initial(&mdp, 1));
    let mut bcq = Bcq::new(&log, &mdp.layout, &clone, bcq_config(), 1).unwrap();
    updates(&mut bcq, 8);
    let saved = Checkpoint::from_bytes(&bcq.checkpoint().unwrap().unwrap().to_bytes()).unwrap();
    let policy = bcq.policy();
    let exported = policy_of(&saved).unwrap();
    // The same file with action values that want what the log never shows.
    let mut greedy = saved.clone();
    greedy.weights.policy.bias = vec![0.0, 10.0, 20.0, 30.0, 40.0];
    let greedy = policy_of(&greedy).unwrap();
    mdp.worth(|codes, mask| {
        let seen = Observation { codes, mask };
        let action = policy.best(seen, 5);
        assert_eq!(
            exported.best(seen, 5),
            action,
            "the file plays as the learner"
        );
        for action in [action, greedy.best(seen, 5)] {
            let shown = (0..mask.count().min(2)).any(|k| mask.nth(k) == action);
            assert!(shown, "action {action} of {mask:?}");
        }
        let mut probs = [0.0; 5];
        exported.probabilities(seen, &mut probs);
        for (a, prob) in (0..).zip(probs) {
            assert_eq!(prob > 0.0, policy.considered(seen).allows(a));
        }
        action
    });
}

#[test]
fn a_large_alpha_repeats_the_log_and_none_does_not() {
    let mdp = Mdp::random(6);
    let log = logged(&mdp, &FirstTwo, 1_500);
    let stays = |cql_alpha| {
        let config = CqlConfig {
            cql_alpha,
            fit: small(),
        };
        let mut cql = Cql::new(&log, &mdp.layout, &initial(&mdp, 1), config, 1).unwrap();
        updates(&mut cql, 8);
        let policy = cql.policy();
        let shares = RefCell::new(Vec::new());
        mdp.worth(|codes, mask| {
            let action = policy.best(Observation { codes, mask }, 5);
            let shown = (0..mask.count().min(2)).any(|k| mask.nth(k) == action);
            shares.borrow_mut().push(f64::from(u8::from(shown)));
            action
        });
        let shares = shares.into_inner();
        shares.iter().sum::<f64>() / shares.len() as f64
    };
    let (strong, none) = (stays(5.0), stays(0.0));
    assert!(strong == 1.0 && none < 0.95, "{strong} {none}");
}

#[test]
fn a_resumed_offline_run_gives_the_bytes_of_an_uninterrupted_one() {
    let mdp = Mdp::random(5);
    let log = logged(&mdp, &RandomPolicy, 200);
    let (layout, weights) = (&mdp.layout, initial(&mdp, 9));
    let bytes = |learner: &dyn Learner| learner.checkpoint().unwrap().unwrap().to_bytes();
    type Start<'a> = &'a dyn Fn(Option<&Checkpoint>) -> Box<dyn Learner>;
    let cql: Start = &|saved| match saved {
        Some(saved) => Box::new(Cql::resume(&log, layout, saved, cql_config(), 9).unwrap()),
        None => Box::new(Cql::new(&log, layout, &weights, cql_config(), 9).unwrap()),
    };
    let bcq: Start = &|saved| match saved {
        Some(saved) => Box::new(Bcq::resume(&log, layout, saved, bcq_config(), 9).unwrap()),
        None => Box::new(Bcq::new(&log, layout, &weights, bcq_config(), 9).unwrap()),
    };
    for start in [cql, bcq] {
        let (mut whole, mut first) = (start(None), start(None));
        let all = updates(&mut *whole, 3);
        updates(&mut *first, 1);
        let saved = Checkpoint::from_bytes(&bytes(&*first)).unwrap();
        let mut second = start(Some(&saved));
        assert_eq!(updates(&mut *second, 2), all[1..]);
        assert!(bytes(&*second) == bytes(&*whole), "checkpoints differ");
    }
    let own = cql(None).checkpoint().unwrap().unwrap();
    let foreign = Bcq::resume(&log, layout, &own, bcq_config(), 9).err();
    let error = foreign.unwrap().to_string();
    assert!(
        error.contains("its learner is cql, expected bcq"),
        "{error}"
    );
}

#[test]
fn a_log_or_a_setting_that_does_not_fit_is_refused() {
    let mdp = Mdp::random(5);
    let mut log = logged(&mdp, &RandomPolicy, 5);
    let refusal = |log: &Trajectories, config: CqlConfig| {
        let refused: Result<Cql, LearnError> =
            Cql::new(log, &mdp.layout, &initial(&mdp, 1), config, 1);
        refused.err().unwrap().to_string()
    };
    let config = CqlConfig {
        fit: OfflineConfig {
            gamma: 2.0,
            ..small()
        },
        ..cql_config()
    };
    assert_eq!(
        refusal(&log, config),
        "cql.fit.gamma is 2, expected in [0, 1]"
    );
    let error = refusal(&Trajectories::default(), cql_config());
    assert!(error.contains("no decision"), "{error}");
    log.codes[0] = 99;
    let error = refusal(&log, cql_config());
    assert!(
        error.contains("row 0") && error.contains("code 99"),
        "{error}"
    );
    log.codes[0] = 0;
    log.rewards[0] = f32::NAN;
    assert!(refusal(&log, cql_config()).contains("row 0"));
}
