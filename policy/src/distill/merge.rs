//! Merging: boxes that together are a box become one rule, where that costs least.
//!
//! A tree is grown beyond the budget and merged down to it, as CART prunes what it has grown
//! (Breiman et al., 1984, chapter 3), but over all pairs of boxes that differ in one feature, siblings
//! or not.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::costs::{Costs, Rows};
use super::terms::Terms;
use super::tree::{Leaf, Node, Tree};

/// A pair of boxes by what its union would cost more; the earlier pair first among equals.
struct Pair {
    increase: f64,
    boxes: (u32, u32),
}

impl Pair {
    fn key(&self) -> (i64, (u32, u32)) {
        // Order of the bits is that of the number, for both signs.
        let bits = self.increase.to_bits() as i64;
        (bits ^ (((bits >> 63) as u64) >> 1) as i64, self.boxes)
    }
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Pair {}

/// Merges boxes of a tree that was grown on `rows` until there are at most `max_rules`, and beyond
/// as long as it costs nothing. More are left only where nothing can be merged.
pub(super) fn merge(terms: &Terms<'_>, tree: Tree, rows: &Rows, max_rules: usize) -> Tree {
    let costs = Costs::new(rows, terms.layout);
    let Tree { mut nodes, leaves } = tree;
    let n_leaves = leaves.len();
    // Where each leaf's observations went; unions come behind the leaves that they are made of.
    let mut home: Vec<u32> = (0..n_leaves as u32).collect();
    let mut boxes: Vec<Option<Leaf>> = leaves.into_iter().map(Some).collect();
    let cost = |leaf: &Leaf| leaf.sum[leaf.action as usize] + costs.prior(leaf.action as usize);
    let pair = |boxes: &[Option<Leaf>], i: u32, j: u32| {
        let (a, b) = (boxes[i as usize].as_ref()?, boxes[j as usize].as_ref()?);
        let union = cheapest_union(terms, &costs, a, b)?;
        // Exactly nothing where sums are but rounded differently.
        let same = a.action == b.action && a.action == union.action;
        let increase = if same {
            0.0
        } else {
            cost(&union) - cost(a) - cost(b)
        };
        Some(Reverse(Pair {
            increase,
            boxes: (i, j),
        }))
    };
    let mut queue = BinaryHeap::new();
    for j in 0..n_leaves as u32 {
        queue.extend((0..j).filter_map(|i| pair(&boxes, i, j)));
    }
    let mut n_boxes = n_leaves;
    while let Some(Reverse(Pair {
        increase,
        boxes: (i, j),
    })) = queue.pop()
    {
        if n_boxes <= max_rules && increase > 0.0 {
            break;
        }
        let (Some(a), Some(b)) = (&boxes[i as usize], &boxes[j as usize]) else {
            continue;
        };
        let Some(union) = cheapest_union(terms, &costs, a, b) else {
            continue;
        };
        let new = boxes.len() as u32;
        boxes[i as usize] = None;
        boxes[j as usize] = None;
        boxes.push(Some(union));
        home.iter_mut()
            .filter(|home| **home == i || **home == j)
            .for_each(|home| *home = new);
        queue.extend((0..new).filter_map(|k| pair(&boxes, k, new)));
        n_boxes -= 1;
    }
    for node in &mut nodes {
        if let Node::Leaf(leaf) = node {
            *leaf = home[*leaf as usize];
        }
    }
    // What was merged away has no node left.
    let gone = || Leaf {
        cell: Vec::new(),
        action: 0,
        sum: Vec::new(),
    };
    let leaves = boxes.into_iter().map(|leaf| leaf.unwrap_or_else(gone));
    let mut tree = Tree {
        nodes,
        leaves: leaves.collect(),
    };
    tree.drop_unused();
    tree
}

/// Two boxes as one at their cheapest action, if they are a box together and some action is allowed
/// on all of it.
fn cheapest_union(terms: &Terms<'_>, costs: &Costs<'_>, a: &Leaf, b: &Leaf) -> Option<Leaf> {
    let both = union(a, b)?;
    let (action, _) = costs.best(&both.sum, terms.allowed(&both.cell))?;
    Some(Leaf { action, ..both })
}

/// Two boxes as one, if they are a box together, with the action of the first.
pub(super) fn union(a: &Leaf, b: &Leaf) -> Option<Leaf> {
    let differ = a.cell.iter().zip(&b.cell).filter(|(x, y)| x != y);
    (differ.take(2).count() == 1).then(|| Leaf {
        cell: a.cell.iter().zip(&b.cell).map(|(x, y)| x | y).collect(),
        action: a.action,
        sum: a.sum.iter().zip(&b.sum).map(|(x, y)| x + y).collect(),
    })
}
