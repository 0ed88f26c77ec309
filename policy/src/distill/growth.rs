//! A tree over feature levels with as little regret as possible, which respects every mask.
//!
//! A leaf costs `min_a sum_i regret_i(a)` over its observations, with `a` among the actions that are
//! allowed on *all* of the leaf's box, visited or not (compare Bastani et al., 2018,
//! arXiv:1805.08328, whose weights this replaces by the regret itself). A split sends each level of
//! a feature to the better of two actions, which is the best subset split for that pair; the best
//! pair and feature are searched.

use std::collections::BinaryHeap;

use ndarray::{Array2, ArrayView1};
use offhook_env::action::{ActionId, ActionMask};
use offhook_env::layout::{Layout, MAX_LEVELS};
use offhook_table::Constraint;

use super::regret::Regrets;
use super::tree::{Leaf, Node, Tree};

/// Gain below which a split is not worth a rule, in nats summed over the observations.
const LEAST_GAIN: f32 = 1e-3;

/// What a tree is grown from.
pub struct Growth<'a> {
    /// Features and actions.
    pub layout: &'a Layout,
    /// Rules of conduct; boxes are cut along them before anything is learned.
    pub rules: &'a [Constraint],
    /// What else masks actions.
    pub masks: &'a [Constraint],
    /// Most leaves.
    pub max_rules: usize,
}

/// A leaf that may still be split.
struct Open {
    node: u32,
    cell: Vec<u16>,
    rows: Vec<u32>,
    split: Option<Split>,
}

struct Split {
    feature: usize,
    levels: u16,
    gain: f32,
}

/// Open leaves by gain, the earlier first among equals.
struct Ranked {
    gain: f32,
    open: usize,
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.gain
            .total_cmp(&other.gain)
            .then(other.open.cmp(&self.open))
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
    /// Actions that no constraint forbids anywhere in the box.
    fn allowed(&self, cell: &[u16]) -> ActionMask {
        let meets = |c: &&Constraint| {
            c.when
                .iter()
                .all(|&(feature, levels)| cell[feature] & levels != 0)
        };
        let forbidden = self
            .rules
            .iter()
            .chain(self.masks)
            .filter(meets)
            .fold(0, |all, c| all | c.forbidden);
        ActionMask(ActionMask::all(self.layout.n_actions()).0 & !forbidden)
    }

    /// Grows a tree on observations (`n x n_features`) and the regret of their actions
    /// (`n x n_actions`); `None` when some observation has no allowed action.
    pub fn grow(&self, codes: &[u8], regret: &[f32]) -> Option<Tree> {
        let regrets = Regrets::new(codes, regret, self.layout);
        let whole: Vec<u16> = self
            .layout
            .features
            .iter()
            .map(|f| ((1u32 << f.levels.len()) - 1) as u16)
            .collect();
        let mut tree = Tree {
            nodes: vec![Node::Leaf(0)],
            leaves: Vec::new(),
        };
        let mut opens: Vec<Open> = Vec::new();
        let rows = (0..(regret.len() / self.layout.n_actions()) as u32).collect();
        self.carve(&regrets, &mut tree, &mut opens, 0, whole, rows)?;
        let mut n_leaves = opens.len();
        let mut queue: BinaryHeap<Ranked> = BinaryHeap::new();
        let rank = |opens: &[Open], k: usize| {
            opens[k].split.as_ref().map(|s| Ranked {
                gain: s.gain,
                open: k,
            })
        };
        queue.extend((0..opens.len()).filter_map(|k| rank(&opens, k)));
        while let (true, Some(Ranked { open, .. })) = (n_leaves < self.max_rules, queue.pop()) {
            let Some(Split {
                feature, levels, ..
            }) = opens[open].split.take()
            else {
                continue;
            };
            let node = opens[open].node;
            let (cell, rows) = (
                opens[open].cell.clone(),
                std::mem::take(&mut opens[open].rows),
            );
            let children = self.divide(&regrets, &mut tree, node, &cell, rows, feature, levels);
            // The left child takes the place of its parent.
            let [left, right] =
                children.map(|(node, cell, rows)| self.open(&regrets, node, cell, rows));
            opens[open] = left;
            opens.push(right);
            n_leaves += 1;
            queue.extend(
                [open, opens.len() - 1]
                    .into_iter()
                    .filter_map(|k| rank(&opens, k)),
            );
        }
        for open in opens {
            let (action, _) = regrets.best(&regrets.sum(&open.rows), self.allowed(&open.cell))?;
            tree.nodes[open.node as usize] = Node::Leaf(tree.leaves.len() as u32);
            tree.leaves.push(Leaf {
                cell: open.cell,
                action,
            });
        }
        Some(tree)
    }

    /// Actions that some constraint forbids everywhere in the box.
    fn forbidden_throughout(&self, cell: &[u16]) -> u64 {
        let holds = |c: &&Constraint| {
            c.when
                .iter()
                .all(|&(feature, levels)| cell[feature] & !levels == 0)
        };
        let all = self.rules.iter().chain(self.masks).filter(holds);
        all.fold(0, |all, c| all | c.forbidden)
    }

    /// Cuts along the rules of conduct until each holds on all of a box or nowhere in it, or forbids
    /// only what is forbidden there already, and then along masks until some action is allowed on all
    /// of the box. An action that several rules forbid elsewhere could not be learned otherwise: no
    /// single cut would set it free.
    fn carve(
        &self,
        regrets: &Regrets<'_>,
        tree: &mut Tree,
        opens: &mut Vec<Open>,
        node: u32,
        cell: Vec<u16>,
        rows: Vec<u32>,
    ) -> Option<()> {
        let throughout = self.forbidden_throughout(&cell);
        let cut = |c: &Constraint| {
            let meets = c
                .when
                .iter()
                .all(|&(feature, levels)| cell[feature] & levels != 0);
            let parts = |&&(feature, levels): &&(usize, u16)| cell[feature] & !levels != 0;
            if meets && c.forbidden & !throughout != 0 {
                c.when.iter().find(parts).copied()
            } else {
                None
            }
        };
        let free = self.allowed(&cell).0 != 0;
        // Where the rule that forbids most holds, the others have least to add.
        let cuts = self
            .rules
            .iter()
            .filter_map(|c| Some((c.forbidden.count_ones(), cut(c)?)));
        let next = cuts.max_by_key(|&(n_forbidden, _)| n_forbidden);
        let next = next.map(|(_, cut)| cut).or_else(|| {
            if free {
                None
            } else {
                self.masks.iter().find_map(cut)
            }
        });
        match next {
            None if free => opens.push(self.open(regrets, node, cell, rows)),
            None => return None,
            Some((feature, levels)) => {
                for (node, cell, rows) in
                    self.divide(regrets, tree, node, &cell, rows, feature, levels)
                {
                    self.carve(regrets, tree, opens, node, cell, rows)?;
                }
            }
        }
        Some(())
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a box, its rows, and where to cut"
    )]
    fn divide(
        &self,
        regrets: &Regrets<'_>,
        tree: &mut Tree,
        node: u32,
        cell: &[u16],
        rows: Vec<u32>,
        feature: usize,
        levels: u16,
    ) -> [(u32, Vec<u16>, Vec<u32>); 2] {
        let (left, right) = (tree.nodes.len() as u32, tree.nodes.len() as u32 + 1);
        tree.nodes.extend([Node::Leaf(0), Node::Leaf(0)]);
        tree.nodes[node as usize] = Node::Split {
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
        let (inside, outside) = rows
            .into_iter()
            .partition(|&row| levels >> regrets.code(row, feature) & 1 == 1);
        [
            (left, part(levels), inside),
            (right, part(!levels), outside),
        ]
    }

    fn open(&self, regrets: &Regrets<'_>, node: u32, cell: Vec<u16>, rows: Vec<u32>) -> Open {
        let split = self.best_split(regrets, &cell, &rows);
        Open {
            node,
            cell,
            rows,
            split,
        }
    }

    fn best_split(&self, regrets: &Regrets<'_>, cell: &[u16], rows: &[u32]) -> Option<Split> {
        if rows.is_empty() {
            return None;
        }
        let (_, cost) = regrets.best(&regrets.sum(rows), self.allowed(cell))?;
        if cost <= LEAST_GAIN {
            return None;
        }
        let n_actions = regrets.n_actions();
        let mut best: Option<Split> = None;
        // Summed regret by level of the feature and action.
        let mut sums = Array2::<f32>::zeros((MAX_LEVELS, n_actions));
        for feature in 0..regrets.n_features() {
            if cell[feature].count_ones() < 2 {
                continue;
            }
            sums.fill(0.0);
            let mut visited = 0u16;
            for &row in rows {
                let code = regrets.code(row, feature);
                visited |= 1 << code;
                let mut sum = sums.row_mut(code);
                sum += &ArrayView1::from(regrets.row(row));
            }
            let mut part = cell.to_vec();
            let levels: Vec<usize> = (0..MAX_LEVELS)
                .filter(|level| cell[feature] >> level & 1 == 1)
                .collect();
            for &level in &levels {
                part[feature] = 1 << level;
                let allowed = self.allowed(&part);
                for action in 0..n_actions {
                    if !allowed.allows(action as ActionId) {
                        sums[[level, action]] = f32::INFINITY;
                    }
                }
            }
            for a in 0..n_actions {
                for b in a + 1..n_actions {
                    let (mut total, mut to_a) = (regrets.prior(a) + regrets.prior(b), 0u16);
                    for &level in &levels {
                        let (cost_a, cost_b) = (sums[[level, a]], sums[[level, b]]);
                        total += cost_a.min(cost_b);
                        if cost_a <= cost_b {
                            to_a |= 1 << level;
                        }
                    }
                    let gain = cost - total;
                    let divides = to_a != 0
                        && to_a != cell[feature]
                        && to_a & visited != 0
                        && visited & !to_a != 0;
                    if divides && gain > best.as_ref().map_or(LEAST_GAIN, |s| s.gain) {
                        best = Some(Split {
                            feature,
                            levels: to_a,
                            gain,
                        });
                    }
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests;
