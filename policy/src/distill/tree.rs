//! A grown tree: a policy by its splits, a table by its leaves.

use offhook_env::action::ActionId;
use offhook_env::layout::Layout;
use offhook_env::policy::{Observation, Policy};
use offhook_table::{Cell, Rule};

use crate::dataset::Dataset;

#[derive(Clone, Debug)]
pub(super) enum Node {
    /// Levels in the set go left.
    Split {
        feature: usize,
        levels: u16,
        left: u32,
        right: u32,
    },
    /// Number of the leaf.
    Leaf(u32),
}

#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub cell: Vec<u16>,
    pub action: ActionId,
}

/// A grown tree; a deterministic policy.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) leaves: Vec<Leaf>,
}

impl Tree {
    fn leaf(&self, codes: &[u8]) -> usize {
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

    /// Rules of the table, after leaves that differ in one feature alone were joined.
    pub fn n_rules(&self) -> usize {
        self.joined().0.len()
    }

    /// Leaves as few boxes, and which box holds each leaf: boxes of one action that differ in a
    /// single feature are one.
    fn joined(&self) -> (Vec<Leaf>, Vec<usize>) {
        let mut boxes: Vec<Option<Leaf>> = self.leaves.iter().cloned().map(Some).collect();
        let mut home: Vec<usize> = (0..boxes.len()).collect();
        let mut changed = true;
        while changed {
            changed = false;
            for i in 0..boxes.len() {
                for j in i + 1..boxes.len() {
                    let (Some(a), Some(b)) = (&boxes[i], &boxes[j]) else {
                        continue;
                    };
                    let Some(cell) = join(a, b) else { continue };
                    boxes[i] = Some(Leaf {
                        cell,
                        action: a.action,
                    });
                    boxes[j] = None;
                    home.iter_mut().filter(|h| **h == j).for_each(|h| *h = i);
                    changed = true;
                }
            }
        }
        let mut place = vec![0; boxes.len()];
        let mut kept = Vec::new();
        for (k, leaf) in boxes.into_iter().enumerate() {
            if let Some(leaf) = leaf {
                place[k] = kept.len();
                kept.push(leaf);
            }
        }
        (kept, home.into_iter().map(|h| place[h]).collect())
    }

    /// The tree as rules, the busiest first, with how often each was visited in `visits` and how
    /// often the teacher chose the same action there.
    pub fn rules(&self, layout: &Layout, teacher: &dyn Policy, visits: &Dataset) -> Vec<Rule> {
        let (boxes, home) = self.joined();
        let mut counts = vec![(0u64, 0u64); boxes.len()];
        for (codes, &mask) in visits
            .codes
            .chunks_exact(layout.n_features())
            .zip(&visits.masks)
        {
            let at = home[self.leaf(codes)];
            counts[at].0 += 1;
            let same =
                teacher.best(Observation { codes, mask }, layout.n_actions()) == boxes[at].action;
            counts[at].1 += u64::from(same);
        }
        let mut rules: Vec<Rule> = boxes
            .into_iter()
            .zip(counts)
            .map(|(leaf, (support, same))| Rule {
                support,
                fidelity: (support > 0).then(|| same as f64 / support as f64),
                ..Rule::new("", Cell::new(leaf.cell), leaf.action)
            })
            .collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.support));
        for (k, rule) in rules.iter_mut().enumerate() {
            rule.id = format!("r{:03}", k + 1);
        }
        rules
    }
}

/// The union of two boxes of one action, if it is a box.
fn join(a: &Leaf, b: &Leaf) -> Option<Vec<u16>> {
    let differ = a.cell.iter().zip(&b.cell).filter(|(x, y)| x != y).count();
    (a.action == b.action && differ == 1)
        .then(|| a.cell.iter().zip(&b.cell).map(|(x, y)| x | y).collect())
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
