//! Policy iteration on what the *table* returns.
//!
//! A teacher's regret says what an action would cost if the teacher went on, and only once. The table
//! does not go on like its teacher, and it meets a rule's box again. So a change of the table is tried
//! by playing the table: a rule with another action, or two rules as one. A call that met neither rule
//! goes as before, for a call is a function of its seed and of what is said; the others are played
//! again, and what they return more or less is paired with what they returned (policy iteration with
//! `Q` of the table itself; the paired form is that of Glasserman and Yao, 1992, "Some guidelines and
//! guarantees for common random numbers").
//!
//! Trying an action in single turns and going on as before, as policy iteration does where the whole
//! state is seen, misleads here: an action that gains once, such as to apologize, loses where every
//! further turn of the same box repeats it.

use offhook_env::action::ActionId;
use offhook_env::call::customer::Customers;
use offhook_env::call::{Call, World};
use offhook_env::rng::Stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::merge::union;
use super::terms::Terms;
use super::tree::{Leaf, Node, Tree};
use crate::ranges::Ranges;

/// Calls that must not speak against a change before the others are played.
const FIRST_LOOK: usize = 400;

/// Weight of a nat of the teacher's regret beside a reward, where calls say nothing between two merges.
const REGRET: f64 = 1e-3;

/// Settings of policy iteration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyIterationConfig {
    /// Rounds after those that learn from the teacher, each on calls of its own; 0 to leave it at
    /// those. Default 2.
    pub rounds: u64,
    /// Calls that the table plays per round. Default 20,000.
    pub calls: u64,
    /// Standard errors by which another action must return more, at least 0. Default 3, for thousands
    /// are tried.
    pub n_errors: f64,
}

impl Default for PolicyIterationConfig {
    fn default() -> Self {
        Self {
            rounds: 2,
            calls: 20_000,
            n_errors: 3.0,
        }
    }
}

impl PolicyIterationConfig {
    /// The same with a small budget.
    pub(super) fn quick(self) -> Self {
        Self {
            rounds: self.rounds.min(1),
            calls: self.calls.min(1_000),
            ..self
        }
    }

    /// Notes every setting that is out of range.
    pub(super) fn check_ranges(&self, ranges: &mut Ranges) {
        ranges.at_least_1([("calls", self.calls)]);
        let n = self.n_errors;
        ranges.require(n >= 0.0, "n_errors", n, "at least 0");
    }

    /// A better table of at most `max_rules` (more only where nothing can be merged), as far as the
    /// calls of `seed` tell.
    pub(super) fn improve<C: Customers>(
        &self,
        world: &World<C>,
        terms: &Terms<'_>,
        tree: Tree,
        max_rules: usize,
        seed: u64,
    ) -> Tree {
        let calls = (0..self.calls).into_par_iter();
        let calls = calls
            .map(|episode| play(world, &tree, seed, episode))
            .collect();
        let mut search = Search {
            world,
            terms,
            seed,
            tree,
            calls,
        };
        search.merge(max_rules);
        search.switch(self.n_errors);
        search.tree.drop_unused();
        search.tree
    }
}

/// A call as the table played it.
#[derive(Clone, Debug)]
struct PlayedCall {
    return_: f32,
    /// The leaves that it met, each once, in ascending order.
    leaves: Vec<u32>,
}

fn play<C: Customers>(world: &World<C>, tree: &Tree, seed: u64, episode: u64) -> PlayedCall {
    let mut call = Call::start(world, seed, Stream::Choose, episode);
    let mut leaves = Vec::new();
    let mut return_ = 0.0;
    loop {
        let leaf = tree.leaf(call.belief.observation(&world.scenario).codes);
        leaves.push(leaf as u32);
        let turn = call.step(world, tree.leaves[leaf].action);
        return_ += turn.reward;
        if turn.summary.is_some() {
            leaves.sort_unstable();
            leaves.dedup();
            return PlayedCall { return_, leaves };
        }
    }
}

/// What a change brings: calls that go otherwise, and by how much they return more.
struct Trial {
    changed: Vec<(usize, PlayedCall)>,
    /// Summed over all calls, in reward units.
    gain: f64,
    /// Standard error of the sum.
    error: f64,
}

/// A table and the calls that it has played.
struct Search<'a, C: Customers> {
    world: &'a World<C>,
    terms: &'a Terms<'a>,
    seed: u64,
    /// Leaves that were merged into others stay behind without nodes and without a box.
    tree: Tree,
    calls: Vec<PlayedCall>,
}

/// Two leaves as one.
struct Merge {
    leaves: (u32, u32),
    union: Leaf,
    /// What it loses on the calls, in reward units.
    loss: f64,
}

impl<C: Customers> Search<'_, C> {
    /// Plays the calls that met `leaves` with `tree`; `None` if the first of them speak against it.
    fn try_out(&self, tree: &Tree, leaves: &[u32], n_errors: f64) -> Option<Trial> {
        let met = |call: &PlayedCall| {
            leaves
                .iter()
                .any(|leaf| call.leaves.binary_search(leaf).is_ok())
        };
        let touched: Vec<usize> = (0..self.calls.len())
            .filter(|&k| met(&self.calls[k]))
            .collect();
        let (first, others) = touched.split_at(touched.len().min(FIRST_LOOK));
        let again = |part: &[usize]| -> Vec<(usize, PlayedCall)> {
            let calls = part.par_iter().with_min_len(16);
            calls
                .map(|&k| (k, play(self.world, tree, self.seed, k as u64)))
                .collect()
        };
        let mut changed = again(first);
        let (gain, error) = self.gain(&changed);
        if gain < -n_errors.max(1.0) * error {
            return None;
        }
        changed.extend(again(others));
        let (gain, error) = self.gain(&changed);
        Some(Trial {
            changed,
            gain,
            error,
        })
    }

    /// What calls return more than before, summed, and its standard error.
    fn gain(&self, changed: &[(usize, PlayedCall)]) -> (f64, f64) {
        let (mut sum, mut squares) = (0.0, 0.0);
        for (k, played) in changed {
            let more = f64::from(played.return_) - f64::from(self.calls[*k].return_);
            sum += more;
            squares += more * more;
        }
        (sum, squares.sqrt())
    }

    /// Puts a changed table in place, with the calls that it plays otherwise.
    fn accept(&mut self, tree: Tree, trial: Trial) {
        self.tree = tree;
        for (k, played) in trial.changed {
            self.calls[k] = played;
        }
    }

    /// Gives every leaf the action that returns most, the busiest leaf first.
    fn switch(&mut self, n_errors: f64) {
        let mut visits: Vec<(u64, u32)> =
            (0..self.tree.leaves.len() as u32).map(|k| (0, k)).collect();
        for leaf in self.calls.iter().flat_map(|call| &call.leaves) {
            visits[*leaf as usize].0 += 1;
        }
        visits.sort_by(|a, b| b.cmp(a));
        for (_, leaf) in visits.into_iter().filter(|&(n, _)| n > 0) {
            let Leaf { cell, action, .. } = &self.tree.leaves[leaf as usize];
            let others: Vec<ActionId> = (self.terms.allowed(cell).iter())
                .filter(|other| other != action)
                .collect();
            let mut best: Option<(Tree, Trial)> = None;
            for other in others {
                let mut tree = self.tree.clone();
                tree.leaves[leaf as usize].action = other;
                if let Some(trial) = self.try_out(&tree, &[leaf], 1.0)
                    && trial.gain > n_errors * trial.error
                    && best.as_ref().is_none_or(|(_, best)| trial.gain > best.gain)
                {
                    best = Some((tree, trial));
                }
            }
            if let Some((tree, trial)) = best {
                self.accept(tree, trial);
            }
        }
    }

    /// Merges leaves, those first whose union loses least, until there are at most `max_rules`, and
    /// beyond where both do the same.
    fn merge(&mut self, max_rules: usize) {
        let mut alive: Vec<u32> = (0..self.tree.leaves.len() as u32).collect();
        let mut merges: Vec<Merge> = Vec::new();
        for (k, &j) in alive.iter().enumerate() {
            merges.extend(alive[..k].iter().filter_map(|&i| self.merge_of(i, j)));
        }
        loop {
            let least = |a: &&Merge, b: &&Merge| a.loss.total_cmp(&b.loss);
            let Some(Merge { leaves: (i, j), .. }) = merges.iter().min_by(least) else {
                break;
            };
            let (i, j) = (*i, *j);
            merges.retain(|merge| merge.leaves != (i, j));
            // Below the budget the least loss of many is mostly luck.
            let action = |leaf: u32| self.tree.leaves[leaf as usize].action;
            if alive.len() <= max_rules && action(i) != action(j) {
                continue;
            }
            // Calls have changed since it was tried.
            let Some(Merge { union, loss, .. }) = self.merge_of(i, j) else {
                continue;
            };
            let next = merges
                .iter()
                .map(|merge| merge.loss)
                .fold(f64::INFINITY, f64::min);
            if loss > next {
                let leaves = (i, j);
                merges.push(Merge {
                    leaves,
                    union,
                    loss,
                });
                continue;
            }
            let tree = self.merged(i, j, union);
            if let Some(trial) = self.try_out(&tree, &[i, j], f64::INFINITY) {
                self.accept(tree, trial);
            }
            alive.retain(|&leaf| leaf != j);
            let of_either = |merge: &Merge| {
                let (a, b) = merge.leaves;
                [a, b].iter().any(|leaf| [i, j].contains(leaf))
            };
            merges.retain(|merge| !of_either(merge));
            let others = alive.iter().filter(|&&leaf| leaf != i);
            merges.extend(others.filter_map(|&leaf| self.merge_of(i.min(leaf), i.max(leaf))));
        }
    }

    /// The better union of two leaves, with the action of either, if they are a box together.
    fn merge_of(&self, i: u32, j: u32) -> Option<Merge> {
        let (a, b) = (&self.tree.leaves[i as usize], &self.tree.leaves[j as usize]);
        let together = union(a, b)?;
        let allowed = self.terms.allowed(&together.cell);
        let actions = [a.action, b.action];
        let distinct = &actions[..if a.action == b.action { 1 } else { 2 }];
        let least = distinct
            .iter()
            .filter(|&&action| allowed.allows(action))
            .filter_map(|&action| {
                let union = Leaf {
                    action,
                    ..together.clone()
                };
                let regret = |leaf: &Leaf, action: ActionId| leaf.sum[action as usize];
                let more = regret(&union, action) - regret(a, a.action) - regret(b, b.action);
                let loss = match a.action == b.action {
                    true => 0.0,
                    false => {
                        let tree = self.merged(i, j, union.clone());
                        REGRET * more - self.try_out(&tree, &[i, j], f64::INFINITY)?.gain
                    }
                };
                let leaves = (i, j);
                Some(Merge {
                    leaves,
                    union,
                    loss,
                })
            });
        least.min_by(|a, b| a.loss.total_cmp(&b.loss))
    }

    /// The tree with leaf `i` in place of both.
    fn merged(&self, i: u32, j: u32, union: Leaf) -> Tree {
        let mut tree = self.tree.clone();
        for node in &mut tree.nodes {
            if let Node::Leaf(leaf) = node
                && *leaf == j
            {
                *leaf = i;
            }
        }
        tree.leaves[i as usize] = union;
        tree
    }
}
