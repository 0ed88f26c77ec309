//! Distillation: a policy as a decision table, chosen for what the table itself achieves.
//!
//! 1. The policy plays calls, and a tree is grown on the observations it meets ([`growth`]). A leaf costs
//!    the *regret* of its action: how much less probable the policy finds it than its best one, in
//!    nats. Where actions are as good as equal a wrong one costs little, so that rules are spent
//!    where they matter. No leaf takes a masked action anywhere in its box, visited or not.
//! 2. The tree plays, and what it meets is added: the student is taught on its own states (`DAgger`;
//!    Ross, Gordon and Bagnell, 2011, arXiv:1011.0686).
//! 3. The round that does best on calls of its own is kept.

pub mod growth;
mod regret;
pub mod tree;

use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive_seed};
use offhook_env::vector_env::VectorEnv;
use offhook_table::{Constraint, Rule};
use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::evaluate::{Choice, Episodes, collect, evaluate};
use crate::learner::{LearnError, require};
use growth::Growth;
use tree::Tree;

/// Settings of distillation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DistillConfig {
    /// Most leaves of the tree, and so rules of the table. Default 200, what an analyst still reads.
    pub max_rules: usize,
    /// Rounds, the first on calls of the teacher. Default 5, after which returns have leveled off.
    pub rounds: u64,
    /// Calls per round whose observations are learned from. Default 3,000.
    pub calls: u64,
    /// Calls that choose between rounds. Default 5,000.
    pub choose_calls: u64,
    /// Calls side by side. Default 512.
    pub n_calls: usize,
}

impl Default for DistillConfig {
    fn default() -> Self {
        Self {
            max_rules: 200,
            rounds: 5,
            calls: 3_000,
            choose_calls: 5_000,
            n_calls: 512,
        }
    }
}

impl DistillConfig {
    /// The same with a small budget.
    pub fn quick(self) -> Self {
        Self {
            rounds: self.rounds.min(2),
            calls: self.calls.min(1_000),
            choose_calls: self.choose_calls.min(500),
            ..self
        }
    }

    fn check(&self, env_calls: usize) -> Result<(), LearnError> {
        let counts = [
            ("distill.max_rules", self.max_rules as u64),
            ("distill.rounds", self.rounds),
            ("distill.calls", self.calls),
            ("distill.choose_calls", self.choose_calls),
            ("distill.n_calls", self.n_calls as u64),
        ];
        for (key, n) in counts {
            require(n > 0, key, n, "at least 1")?;
        }
        let most = offhook_table::MAX_RULES;
        require(
            self.max_rules <= most,
            "distill.max_rules",
            self.max_rules,
            "at most 4096",
        )?;
        let same = "the number of calls of the environment";
        require(
            self.n_calls == env_calls,
            "distill.n_calls",
            self.n_calls,
            same,
        )
    }
}

/// Figures of one round.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundMetrics {
    /// Rules of the round's table.
    pub rules: usize,
    /// Mean return of the table on the choosing calls, in reward units.
    pub mean_return: f64,
    /// Mean return of the teacher on the same calls.
    pub teacher_return: f64,
}

impl RoundMetrics {
    /// The figures with the names under which they are logged.
    pub fn named(&self) -> [(&'static str, f64); 3] {
        [
            ("distill/rules", self.rules as f64),
            ("distill/return", self.mean_return),
            ("distill/teacher_return", self.teacher_return),
        ]
    }
}

/// A policy as rules.
#[derive(Clone, Debug)]
pub struct Distilled {
    /// Disjoint rules that cover every observation, the busiest first.
    pub rules: Vec<Rule>,
    /// Every round in order.
    pub rounds: Vec<RoundMetrics>,
    /// What the rules met on the choosing calls.
    pub visits: Dataset,
}

/// Distills `teacher` into rules; a function of its arguments alone.
///
/// `rules` (of conduct) and `masks` are all that mask actions: in every observation the allowed
/// actions are those that none of them forbids there. `on_round` is called after every round, to
/// draw progress.
///
/// # Errors
/// A setting out of range, or constraints that leave some observation without an action.
pub fn distill(
    env: &mut dyn VectorEnv,
    teacher: &dyn Policy,
    rules: &[Constraint],
    masks: &[Constraint],
    config: &DistillConfig,
    seed: u64,
    on_round: &mut dyn FnMut(u64),
) -> Result<Distilled, LearnError> {
    config.check(env.n_calls())?;
    let choose = Episodes {
        seed,
        stream: Stream::Choose,
        n_episodes: config.choose_calls,
    };
    let teacher_return = mean_return(env, teacher, choose);
    let mut met = Dataset::default();
    let mut regrets = Vec::new();
    let mut rounds = Vec::new();
    let mut trees: Vec<Tree> = Vec::new();
    for round in 0..config.rounds {
        let player: &dyn Policy = trees.last().map_or(teacher, |tree| tree);
        // Not the calls that choose: another seed of the same stream.
        let seed = derive_seed(seed, Stream::Choose, round);
        let episodes = Episodes {
            seed,
            stream: Stream::Choose,
            n_episodes: config.calls,
        };
        let (more, _) = collect(env, player, Choice::Greedy, episodes, 1.0);
        regrets.extend(regret::of(teacher, env.layout(), &more));
        met.codes.extend(more.codes);
        met.masks.extend(more.masks);

        let growth = Growth {
            layout: env.layout(),
            rules,
            masks,
            max_rules: config.max_rules,
        };
        let tree = growth
            .grow(&met.codes, &regrets)
            .ok_or_else(|| LearnError::Dataset {
                row: None,
                reason: "the constraints leave no action in some observation".to_owned(),
            })?;
        let mean_return = mean_return(env, &tree, choose);
        rounds.push(RoundMetrics {
            rules: tree.n_rules(),
            mean_return,
            teacher_return,
        });
        trees.push(tree);
        on_round(round);
    }
    let best = (0..rounds.len())
        .rev()
        .max_by(|&a, &b| rounds[a].mean_return.total_cmp(&rounds[b].mean_return));
    let tree = &trees[best.unwrap_or(0)];
    let (visits, _) = collect(env, tree, Choice::Greedy, choose, 1.0);
    Ok(Distilled {
        rules: tree.rules(env.layout(), teacher, &visits),
        rounds,
        visits,
    })
}

fn mean_return(env: &mut dyn VectorEnv, policy: &dyn Policy, episodes: Episodes) -> f64 {
    let summaries = evaluate(env, policy, Choice::Greedy, episodes);
    summaries.iter().map(|s| f64::from(s.return_)).sum::<f64>() / episodes.n_episodes as f64
}
