//! A tree over feature levels that costs as little as possible and respects every mask.
//!
//! A leaf costs `min_a sum_i cost_i(a)` over its observations, with `a` among the actions that are
//! allowed on *all* of the leaf's box, visited or not. The leaf whose best split (`split.rs`)
//! saves most is split next.

use std::collections::BinaryHeap;

use offhook_table::Constraint;

use super::costs::{Costs, Rows};
use super::split::{Finder, Split};
use super::terms::{Guards, Terms, meets, parting};
use super::tree::{Leaf, Node, Tree};

/// A leaf that may still be split.
struct OpenLeaf {
    node: u32,
    cell: Vec<u16>,
    rows: Vec<u32>,
    split: Option<Split>,
}

/// The rank of an open leaf: by gain, the earlier first among equals.
struct Rank {
    gain: f64,
    leaf: usize,
}

impl Ord for Rank {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let gains = self.gain.total_cmp(&other.gain);
        gains.then(other.leaf.cmp(&self.leaf))
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rank {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rank {}

/// Grows a tree on `rows`; `None` when some observation has no allowed action.
pub(super) fn grow(terms: &Terms<'_>, rows: &Rows) -> Option<Tree> {
    let costs = Costs::new(rows, terms.layout);
    let levels = terms.layout.features.iter().map(|f| f.levels.len());
    let whole: Vec<u16> = levels.map(|n| ((1u32 << n) - 1) as u16).collect();
    let mut growth = Growth {
        terms,
        finder: Finder::new(terms, &costs),
        costs: &costs,
        nodes: vec![Node::Leaf(0)],
        open: Vec::new(),
    };
    growth.carve(0, whole, (0..costs.len() as u32).collect())?;
    growth.split();
    let Growth {
        mut nodes, open, ..
    } = growth;
    let mut leaves = Vec::new();
    for leaf in open {
        let sum = costs.sum(&leaf.rows);
        let (action, _) = costs.best(&sum, terms.allowed(&leaf.cell))?;
        nodes[leaf.node as usize] = Node::Leaf(leaves.len() as u32);
        leaves.push(Leaf {
            cell: leaf.cell,
            action,
            sum,
        });
    }
    Some(Tree { nodes, leaves })
}

/// A tree while it grows.
struct Growth<'a, 'c> {
    terms: &'a Terms<'a>,
    finder: Finder<'a, 'c>,
    costs: &'a Costs<'c>,
    nodes: Vec<Node>,
    open: Vec<OpenLeaf>,
}

impl Growth<'_, '_> {
    /// Actions that some constraint forbids everywhere in the box.
    fn forbidden_throughout(&self, cell: &[u16]) -> u64 {
        let holds = |c: &&Constraint| meets(c, cell) && parting(c, cell).next().is_none();
        let all = self.terms.constraints().filter(holds);
        all.fold(0, |all, c| all | c.forbidden)
    }

    /// Cuts guard cells along rules of conduct, and along masks until some action is allowed on all of
    /// each box.
    fn carve(&mut self, node: u32, cell: Vec<u16>, rows: Vec<u32>) -> Option<()> {
        let throughout = self.forbidden_throughout(&cell);
        let cut = |c: &Constraint| {
            (meets(c, &cell) && c.forbidden & !throughout != 0)
                .then(|| parting(c, &cell).next())
                .flatten()
        };
        let free = self.terms.allowed(&cell).0 != 0;
        let next = if free && self.terms.guards == Guards::Needed {
            None
        } else {
            // Where the rule that forbids most holds, the others have least to add.
            let cuts =
                (self.terms.rules.iter()).filter_map(|c| Some((c.forbidden.count_ones(), cut(c)?)));
            let most = cuts.max_by_key(|&(n_forbidden, _)| n_forbidden);
            most.map(|(_, cut)| cut).or_else(|| {
                let masks = &self.terms.masks;
                (!free).then(|| masks.iter().find_map(cut)).flatten()
            })
        };
        match next {
            None if free => self.add_leaf(node, cell, rows),
            None => return None,
            Some((feature, levels)) => {
                for (node, cell, rows) in self.divide(node, &cell, rows, feature, levels) {
                    self.carve(node, cell, rows)?;
                }
            }
        }
        Some(())
    }

    /// Splits the leaf that saves most, again and again.
    fn split(&mut self) {
        let rank = |open: &[OpenLeaf], k: usize| {
            let gain = open[k].split.as_ref()?.gain;
            Some(Rank { gain, leaf: k })
        };
        let mut queue: BinaryHeap<Rank> = (0..self.open.len())
            .filter_map(|k| rank(&self.open, k))
            .collect();
        while self.open.len() < self.terms.max_leaves
            && let Some(Rank { leaf, .. }) = queue.pop()
        {
            let parent = &mut self.open[leaf];
            let Some(split) = parent.split.take() else {
                continue;
            };
            let (node, cell) = (parent.node, std::mem::take(&mut parent.cell));
            let rows = std::mem::take(&mut parent.rows);
            for (node, cell, rows) in self.divide(node, &cell, rows, split.feature, split.levels) {
                self.add_leaf(node, cell, rows);
            }
            // One child takes the place of its parent.
            self.open.swap_remove(leaf);
            let last = self.open.len() - 1;
            queue.extend([leaf, last].into_iter().filter_map(|k| rank(&self.open, k)));
        }
    }

    /// Turns a leaf into a node with two children: number, box and rows of each.
    fn divide(
        &mut self,
        node: u32,
        cell: &[u16],
        rows: Vec<u32>,
        feature: usize,
        levels: u16,
    ) -> [(u32, Vec<u16>, Vec<u32>); 2] {
        let (left, right) = (self.nodes.len() as u32, self.nodes.len() as u32 + 1);
        self.nodes.extend([Node::Leaf(0), Node::Leaf(0)]);
        self.nodes[node as usize] = Node::Split {
            feature,
            levels,
            left,
            right,
        };
        let part = |mask: u16| {
            let mut part = cell.to_vec();
            part[feature] &= mask;
            part
        };
        let goes_left = |&row: &u32| levels >> self.costs.code(row, feature) & 1 == 1;
        let (inside, outside) = rows.into_iter().partition(goes_left);
        [
            (left, part(levels), inside),
            (right, part(!levels), outside),
        ]
    }

    fn add_leaf(&mut self, node: u32, cell: Vec<u16>, rows: Vec<u32>) {
        let split = self.finder.find(&cell, &rows);
        self.open.push(OpenLeaf {
            node,
            cell,
            rows,
            split,
        });
    }
}

#[cfg(test)]
mod tests;
