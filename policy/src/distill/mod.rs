//! Distillation: a policy as a decision table, chosen for what the table itself achieves.
//!
//! 1. The policy plays calls, and a tree is grown on the observations it meets (`growth.rs`). An action
//!    costs its *regret*: how much less probable the policy finds it than its best one, in nats.
//!    Where actions are as good as equal a wrong one costs little, so that rules are spent where they
//!    matter. No leaf takes a masked action anywhere in its box, visited or not.
//! 2. The tree is grown beyond the budget of rules and merged down to it.
//! 3. The tree plays, and what it meets is added: the student is taught on its own states (`DAgger`;
//!    Ross, Gordon and Bagnell, 2011, arXiv:1011.0686).
//! 4. The best tree, merged less, plays on: rules are joined where that loses least of what the table
//!    returns, and take another action where it returns more ([`policy_iteration`]).
//! 5. The round that returns most on calls of its own is kept, of those that complete no less than the
//!    policy, but for a point.
//!
//! Two other methods are there to compare with: see [`Method`].

mod costs;
mod growth;
mod merge;
pub mod policy_iteration;
mod split;
pub mod terms;
pub mod tree;

use offhook_env::call::batch::CallBatch;
use offhook_env::call::customer::Customers;
use offhook_env::call::outcome::{CallSummary, Outcome};
use offhook_env::call::vector_env::VectorEnv;
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, derive_seed};
use offhook_table::{Constraint, Rule};
use serde::{Deserialize, Serialize};

use crate::data::dataset::Dataset;
use crate::error::{LearnError, require};
use crate::evaluate::{Choice, Plan, collect, evaluate};
use crate::ranges::{MAX_CALLS, Ranges};
use costs::Rows;
use growth::grow;
use merge::merge;
use policy_iteration::PolicyIterationConfig;
use terms::{Criterion, Guards, Terms};
use tree::Tree;

pub use costs::Method;

/// Leaves grown for each rule of the budget, before they are merged.
const LEAVES_PER_RULE: usize = 4;

/// Completed calls, as a share, that a table may lose for the sake of a higher return.
const COMPLETION_LOST: f64 = 0.01;

/// Settings of distillation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DistillConfig {
    /// What a wrong action costs. Default `regret`.
    pub method: Method,
    /// Most rules of the table. Default 200, what an analyst still reads.
    pub max_rules: usize,
    /// Rounds that learn from the teacher, the first on its own calls. Default 6, after which returns
    /// have leveled off. Guard cells are cut in two ways by turns ([`Guards`]).
    pub rounds: u64,
    /// Calls per round whose observations are learned from. Default 3,000.
    pub calls: u64,
    /// What follows them, with method `regret` alone.
    pub policy_iteration: PolicyIterationConfig,
    /// Calls that choose between rounds. Default 20,000.
    pub choose_calls: u64,
    /// Calls side by side. Default 512.
    pub n_calls: usize,
}

impl Default for DistillConfig {
    fn default() -> Self {
        Self {
            method: Method::Regret,
            max_rules: 200,
            rounds: 6,
            calls: 3_000,
            policy_iteration: PolicyIterationConfig::default(),
            choose_calls: 20_000,
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
            policy_iteration: self.policy_iteration.quick(),
            choose_calls: self.choose_calls.min(500),
            ..self
        }
    }

    /// Rounds of every kind.
    pub fn n_rounds(&self) -> u64 {
        match self.method {
            Method::Regret => self.rounds + self.policy_iteration.rounds,
            Method::Viper | Method::Cloning => self.rounds,
        }
    }

    /// Notes every setting that is out of range.
    pub fn check_ranges(&self, ranges: &mut Ranges) {
        ranges.count(
            "max_rules",
            self.max_rules as u64,
            offhook_table::MAX_RULES as u64,
        );
        ranges.at_least_1([
            ("rounds", self.rounds),
            ("calls", self.calls),
            ("choose_calls", self.choose_calls),
        ]);
        ranges.count("n_calls", self.n_calls as u64, MAX_CALLS as u64);
        let inner = &self.policy_iteration;
        ranges.within("policy_iteration", |ranges| inner.check_ranges(ranges));
    }

    fn check(&self, env_calls: usize) -> Result<(), LearnError> {
        Ranges::first("distill", |ranges| self.check_ranges(ranges))?;
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
    /// Share of those calls that the table completes.
    pub completion: f64,
    /// Share that the teacher completes.
    pub teacher_completion: f64,
}

impl RoundMetrics {
    /// The figures with the names under which they are logged.
    pub fn named(&self) -> [(&'static str, f64); 5] {
        [
            ("distill/rules", self.rules as f64),
            ("distill/return", self.mean_return),
            ("distill/teacher_return", self.teacher_return),
            ("distill/completion", self.completion),
            ("distill/teacher_completion", self.teacher_completion),
        ]
    }
}

/// A policy as rules.
#[derive(Clone, Debug)]
pub struct Distillation {
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
pub fn distill<C: Customers + 'static>(
    env: &mut CallBatch<C>,
    teacher: &dyn Policy,
    rules: &[Constraint],
    masks: &[Constraint],
    config: &DistillConfig,
    seed: u64,
    on_round: &mut dyn FnMut(u64),
) -> Result<Distillation, LearnError> {
    config.check(env.n_calls())?;
    let layout = env.layout().clone();
    let mut terms = Terms {
        layout: &layout,
        rules,
        masks,
        guards: Guards::Everywhere,
        criterion: match config.method {
            Method::Regret => Criterion::Cost,
            Method::Viper | Method::Cloning => Criterion::Gini,
        },
        max_leaves: LEAVES_PER_RULE * config.max_rules,
    };
    let plan = |seed, n_calls| Plan {
        seed,
        stream: Stream::Choose,
        first: 0,
        n_calls,
        choice: Choice::Best,
    };
    let choose = plan(seed, config.choose_calls);
    let (teacher_return, teacher_completion) = worth(env, teacher, choose);
    let mut met = Rows::default();
    let mut rounds: Vec<RoundMetrics> = Vec::new();
    let mut trees: Vec<Tree> = Vec::new();
    // The same with half as many rules again, which policy iteration merges by what they return.
    let mut wides: Vec<Tree> = Vec::new();
    for round in 0..config.n_rounds() {
        // Not the calls that choose: another seed of the same stream.
        let seed = derive_seed(seed, Stream::Choose, round);
        let tree = if round < config.rounds {
            let player: &dyn Policy = match (config.method, trees.last()) {
                (Method::Regret | Method::Viper, Some(tree)) => tree,
                _ => teacher,
            };
            let (mut more, _) = collect(env, player, plan(seed, config.calls), 1.0);
            for call in &mut more.groups {
                *call += (round * config.calls) as u32;
            }
            met.append(Rows::of(config.method, teacher, &layout, more));
            // Which of both does better depends on the scenario.
            terms.guards = match round % 2 {
                0 => Guards::Everywhere,
                _ => Guards::Needed,
            };
            let tree = grow(&terms, &met).ok_or_else(|| LearnError::Dataset {
                row: None,
                reason: "the constraints leave no action in some observation".to_owned(),
            })?;
            wides.push(merge(&terms, tree.clone(), &met, config.max_rules * 3 / 2));
            merge(&terms, tree, &met, config.max_rules)
        } else {
            let best = best_of(&rounds);
            let start = wides.get(best).unwrap_or(&trees[best]).clone();
            let (iteration, max_rules) = (&config.policy_iteration, config.max_rules);
            iteration.improve(env.world(), &terms, start, max_rules, seed)
        };
        let (mean_return, completion) = worth(env, &tree, choose);
        rounds.push(RoundMetrics {
            rules: tree.n_rules(),
            mean_return,
            teacher_return,
            completion,
            teacher_completion,
        });
        trees.push(tree);
        on_round(round);
    }
    let tree = &trees[best_of(&rounds)];
    let (visits, _) = collect(env, tree, choose, 1.0);
    Ok(Distillation {
        rules: tree.rules(&layout, teacher, &visits),
        rounds,
        visits,
    })
}

/// The round of the highest return, the first among equals, of those that complete hardly less than the
/// teacher, or than the best round if none does as well: what a rule gains by giving up hard calls is not kept.
fn best_of(rounds: &[RoundMetrics]) -> usize {
    let completion = rounds.iter().map(|round| round.completion);
    let reached = completion.fold(f64::NEG_INFINITY, f64::max);
    let keeps = |k: &usize| {
        let wanted = rounds[*k].teacher_completion.min(reached);
        rounds[*k].completion >= wanted - COMPLETION_LOST
    };
    let better = |best: usize, k: usize| match rounds[k].mean_return > rounds[best].mean_return {
        true => k,
        false => best,
    };
    (0..rounds.len()).filter(keeps).reduce(better).unwrap_or(0)
}

/// Mean return of a policy, and the share of the calls that it completes.
fn worth(env: &mut dyn VectorEnv, policy: &dyn Policy, plan: Plan) -> (f64, f64) {
    let calls = evaluate(env, policy, plan);
    let n_calls = plan.n_calls as f64;
    let is_complete = |call: &&CallSummary| call.outcome == Outcome::Completed;
    let completed = calls.iter().filter(is_complete).count() as f64;
    let return_: f64 = calls.iter().map(|call| f64::from(call.return_)).sum();
    (return_ / n_calls, completed / n_calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_returns_more_by_completing_less_is_not_kept() {
        let best = |rounds: &[(f64, f64)]| {
            let rounds = rounds
                .iter()
                .map(|&(mean_return, completion)| RoundMetrics {
                    rules: 1,
                    mean_return,
                    teacher_return: 8.0,
                    completion,
                    teacher_completion: 0.5,
                });
            best_of(&rounds.collect::<Vec<_>>())
        };
        assert_eq!(best(&[(7.0, 0.495), (9.0, 0.48), (7.5, 0.6)]), 2);
        assert_eq!(best(&[(7.0, 0.45), (7.2, 0.445), (9.0, 0.4)]), 1);
        assert_eq!(best(&[(7.0, 0.5), (7.0, 0.5)]), 0);
    }
}
