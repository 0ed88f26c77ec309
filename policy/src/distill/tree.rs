//! A grown tree: a policy by its splits, a table by its leaves.

use offhook_env::action::ActionId;
use offhook_env::belief::layout::Layout;
use offhook_env::policy::{Observation, Policy};
use offhook_table::{Cell, Rule};

use crate::data::dataset::Dataset;

#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Levels in the set go left.
    Split {
        feature: usize,
        levels: u16,
        left: u32,
        right: u32,
    },
    /// Position of the leaf; merged leaves have several nodes.
    Leaf(u32),
}

#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub cell: Vec<u16>,
    pub action: ActionId,
    /// What each action would have cost over the observations that it was grown on.
    pub sum: Vec<f64>,
}

/// A grown tree; a deterministic policy.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) leaves: Vec<Leaf>,
}

impl Tree {
    pub(super) fn leaf(&self, codes: &[u8]) -> usize {
        let mut node = 0;
        loop {
            match self.nodes[node] {
                Node::Leaf(leaf) => return leaf as usize,
                Node::Split {
                    feature,
                    levels,
                    left,
                    right,
                } => {
                    let goes_left = levels >> codes[feature] & 1 == 1;
                    node = if goes_left { left } else { right } as usize;
                }
            }
        }
    }

    /// Drops the leaves that no node leads to.
    pub(super) fn drop_unused(&mut self) {
        let mut place = vec![None; self.leaves.len()];
        for node in &self.nodes {
            if let Node::Leaf(leaf) = node {
                place[*leaf as usize] = Some(0);
            }
        }
        for (k, place) in place.iter_mut().flatten().enumerate() {
            *place = k as u32;
        }
        let mut used = place.iter().map(Option::is_some);
        self.leaves.retain(|_| used.next().unwrap_or(true));
        for node in &mut self.nodes {
            if let Node::Leaf(leaf) = node {
                *leaf = place[*leaf as usize].unwrap_or(0);
            }
        }
    }

    /// Number of rules of the table.
    pub fn n_rules(&self) -> usize {
        self.leaves.len()
    }

    /// The tree as rules, the busiest first, with how often each was visited in `visits` and how
    /// often the teacher chose the same action there.
    pub fn rules(&self, layout: &Layout, teacher: &dyn Policy, visits: &Dataset) -> Vec<Rule> {
        let mut counts = vec![(0u64, 0u64); self.leaves.len()];
        for (codes, &mask) in visits
            .codes
            .chunks_exact(layout.n_features())
            .zip(&visits.masks)
        {
            let at = self.leaf(codes);
            counts[at].0 += 1;
            let same = teacher.best(Observation { codes, mask }, layout.n_actions())
                == self.leaves[at].action;
            counts[at].1 += u64::from(same);
        }
        let mut rules: Vec<Rule> = (self.leaves.iter().zip(counts))
            .map(|(leaf, (support, same))| Rule {
                support,
                fidelity: (support > 0).then(|| same as f64 / support as f64),
                ..Rule::new("", Cell::new(leaf.cell.clone()), leaf.action)
            })
            .collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.support));
        for (k, rule) in rules.iter_mut().enumerate() {
            rule.id = format!("r{:03}", k + 1);
        }
        rules
    }
}

impl Policy for Tree {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        out[self.best(observation, out.len()) as usize] = 1.0;
    }

    fn best(&self, observation: Observation<'_>, _n_actions: usize) -> ActionId {
        self.leaves[self.leaf(observation.codes)].action
    }
}
