//! A tree over feature levels that costs as little as possible and respects every mask.
//!
//! A leaf costs `min_a sum_i cost_i(a)` over its observations, with `a` among the actions that are
//! allowed on *all* of the leaf's box, visited or not. The leaf whose best split (`split.rs`)
//! saves most is split next.

use std::collections::BinaryHeap;

use offhook_env::action::ActionMask;
use offhook_env::belief::layout::Layout;
use offhook_table::Constraint;

use super::costs::{Costs, Rows};
use super::split::{Finder, Split};
use super::tree::{Leaf, Node, Tree};

/// By what splits are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// By what they save, with any set of levels on either side.
    Cost,
    /// By the impurity of the cheapest actions, one level against all others (CART; Breiman et al.,
    /// 1984, section 4.3.1, on features coded as one indicator a level).
    Gini,
}

/// Where guard cells are cut before anything is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guards {
    /// Along every rule of conduct, until it holds on all of a box or nowhere in it, or forbids only
    /// what is forbidden there already.
    Everywhere,
    /// Where no action would be left otherwise; splits set actions free where it pays. Takes fewer
    /// rules, but sees less far ahead.
    Needed,
}

/// What a tree is grown under.
pub struct Growth<'a> {
    /// Features and actions.
    pub layout: &'a Layout,
    /// Rules of conduct; guard cells are cut along them before anything is learned.
    pub rules: &'a [Constraint],
    /// What else masks actions.
    pub masks: &'a [Constraint],
    /// Where guard cells are cut.
    pub guards: Guards,
    /// How splits are judged.
    pub criterion: Criterion,
    /// Most leaves.
    pub max_leaves: usize,
}

/// A leaf that may still be split.
struct Open {
    node: u32,
    cell: Vec<u16>,
    rows: Vec<u32>,
    split: Option<Split>,
}

/// Open leaves by gain, the earlier first among equals.
struct Ranked {
    gain: f64,
    open: usize,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let gains = self.gain.total_cmp(&other.gain);
        gains.then(other.open.cmp(&self.open))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

impl Growth<'_> {
    /// Rules of conduct and masks.
    pub(super) fn constraints(&self) -> impl Iterator<Item = &Constraint> {
        self.rules.iter().chain(self.masks)
    }

    /// Actions that no constraint forbids anywhere in the box.
    pub(super) fn allowed(&self, cell: &[u16]) -> ActionMask {
        let meeting = self.constraints().filter(|c| meets(c, cell));
        let forbidden = meeting.fold(0, |all, c| all | c.forbidden);
        ActionMask(ActionMask::all(self.layout.n_actions()).0 & !forbidden)
    }

    /// Grows a tree; `None` when some observation has no allowed action.
    pub(super) fn grow(&self, rows: &Rows) -> Option<Tree> {
        let costs = Costs::new(rows, self.layout);
        let levels = self.layout.features.iter().map(|f| f.levels.len());
        let whole: Vec<u16> = levels.map(|n| ((1u32 << n) - 1) as u16).collect();
        let mut growing = Growing {
            growth: self,
            finder: Finder::new(self, &costs),
            costs: &costs,
            nodes: vec![Node::Leaf(0)],
            opens: Vec::new(),
        };
        growing.carve(0, whole, (0..costs.len() as u32).collect())?;
        growing.split();
        let Growing {
            mut nodes, opens, ..
        } = growing;
        let mut leaves = Vec::new();
        for open in opens {
            let sum = costs.sum(&open.rows);
            let (action, _) = costs.best(&sum, self.allowed(&open.cell))?;
            nodes[open.node as usize] = Node::Leaf(leaves.len() as u32);
            leaves.push(Leaf {
                cell: open.cell,
                action,
                sum,
            });
        }
        Some(Tree { nodes, leaves })
    }
}

/// Whether a constraint holds somewhere in the box.
pub(super) fn meets(constraint: &Constraint, cell: &[u16]) -> bool {
    let mut terms = constraint.when.iter();
    terms.all(|&(feature, levels)| cell[feature] & levels != 0)
}

/// Conditions of a constraint that hold in one part of the box and not in another.
pub(super) fn parting<'a>(
    constraint: &'a Constraint,
    cell: &'a [u16],
) -> impl Iterator<Item = (usize, u16)> + 'a {
    let terms = constraint.when.iter().copied();
    terms.filter(|&(feature, levels)| cell[feature] & !levels != 0)
}

/// A tree while it grows.
struct Growing<'a, 'c> {
    growth: &'a Growth<'a>,
    finder: Finder<'a, 'c>,
    costs: &'a Costs<'c>,
    nodes: Vec<Node>,
    opens: Vec<Open>,
}

impl Growing<'_, '_> {
    /// Actions that some constraint forbids everywhere in the box.
    fn forbidden_throughout(&self, cell: &[u16]) -> u64 {
        let holds = |c: &&Constraint| meets(c, cell) && parting(c, cell).next().is_none();
        let all = self.growth.constraints().filter(holds);
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
        let free = self.growth.allowed(&cell).0 != 0;
        let next = if free && self.growth.guards == Guards::Needed {
            None
        } else {
            // Where the rule that forbids most holds, the others have least to add.
            let cuts = (self.growth.rules.iter())
                .filter_map(|c| Some((c.forbidden.count_ones(), cut(c)?)));
            let most = cuts.max_by_key(|&(n_forbidden, _)| n_forbidden);
            most.map(|(_, cut)| cut).or_else(|| {
                let masks = &self.growth.masks;
                (!free).then(|| masks.iter().find_map(cut)).flatten()
            })
        };
        match next {
            None if free => self.open(node, cell, rows),
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
        let rank = |opens: &[Open], k: usize| {
            let gain = opens[k].split.as_ref()?.gain;
            Some(Ranked { gain, open: k })
        };
        let mut queue: BinaryHeap<Ranked> = (0..self.opens.len())
            .filter_map(|k| rank(&self.opens, k))
            .collect();
        while self.opens.len() < self.growth.max_leaves
            && let Some(Ranked { open, .. }) = queue.pop()
        {
            let parent = &mut self.opens[open];
            let Some(split) = parent.split.take() else {
                continue;
            };
            let (node, cell) = (parent.node, std::mem::take(&mut parent.cell));
            let rows = std::mem::take(&mut parent.rows);
            for (node, cell, rows) in self.divide(node, &cell, rows, split.feature, split.levels) {
                self.open(node, cell, rows);
            }
            // One child takes the place of its parent.
            self.opens.swap_remove(open);
            let last = self.opens.len() - 1;
            queue.extend(
                [open, last]
                    .into_iter()
                    .filter_map(|k| rank(&self.opens, k)),
            );
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

    fn open(&mut self, node: u32, cell: Vec<u16>, rows: Vec<u32>) {
        let split = self.finder.find(&cell, &rows);
        self.opens.push(Open {
            node,
            cell,
            rows,
            split,
        });
    }
}

#[cfg(test)]
mod tests;
