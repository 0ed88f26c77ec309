//! A tree over feature levels with as little regret as possible, which respects every mask.
//!
//! A leaf costs `min_a sum_i regret_i(a)` over its observations, with `a` among the actions that are
//! allowed on *all* of the leaf's box, visited or not (compare Bastani et al., 2018,
//! arXiv:1805.08328, whose weights this replaces by the regret itself). A split sends each level of
//! a feature to the better of two actions, which is the best subset split for that pair; the best
//! pair and feature are searched.

use std::collections::BinaryHeap;

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::layout::Layout;
use offhook_env::policy::{Observation, Policy};
use offhook_table::{Cell, Constraint, Rule};

use crate::dataset::Dataset;

/// Weight of an action's mean regret in the cost of a leaf, in observations: decides where a leaf
/// has none or actions are equal.
const PRIOR: f32 = 1e-3;
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

#[derive(Clone, Debug)]
enum Node {
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
struct Leaf {
    cell: Vec<u16>,
    action: ActionId,
}

/// A grown tree; a deterministic policy.
#[derive(Clone, Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    leaves: Vec<Leaf>,
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

/// Observations and the regret of every action in them.
struct Regrets<'a> {
    n_features: usize,
    n_actions: usize,
    /// `n x n_features`.
    codes: &'a [u8],
    /// `n x n_actions`; those of masked actions are never looked at.
    regret: &'a [f32],
    /// Faint regret of every action where nothing else decides.
    prior: Vec<f32>,
}

impl<'a> Regrets<'a> {
    fn new(codes: &'a [u8], regret: &'a [f32], layout: &Layout) -> Self {
        let (n_features, n_actions) = (layout.n_features(), layout.n_actions());
        let n = (codes.len() / n_features).max(1) as f32;
        let mut prior = vec![0.0; n_actions];
        for row in regret.chunks_exact(n_actions) {
            for (total, regret) in prior.iter_mut().zip(row) {
                *total += PRIOR * regret / n;
            }
        }
        Self {
            n_features,
            n_actions,
            codes,
            regret,
            prior,
        }
    }

    fn code(&self, row: u32, feature: usize) -> usize {
        self.codes[row as usize * self.n_features + feature] as usize
    }

    fn row(&self, row: u32) -> &[f32] {
        &self.regret[row as usize * self.n_actions..(row as usize + 1) * self.n_actions]
    }

    /// Summed regret of every action over some rows, prior included.
    fn sum(&self, rows: &[u32]) -> Vec<f32> {
        let mut sum = self.prior.clone();
        for &row in rows {
            for (total, regret) in sum.iter_mut().zip(self.row(row)) {
                *total += regret;
            }
        }
        sum
    }

    /// The cheapest allowed action and its cost.
    fn best(&self, sum: &[f32], allowed: ActionMask) -> Option<(ActionId, f32)> {
        let costs = allowed.iter().map(|a| (a, sum[a as usize]));
        costs.min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    }
}

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

    /// Cuts along the rules of conduct until each holds on all of a box or nowhere in it, and then
    /// along masks until some action is allowed on all of the box. An action that several rules
    /// forbid elsewhere could not be learned otherwise: no single cut would set it free.
    fn carve(
        &self,
        regrets: &Regrets<'_>,
        tree: &mut Tree,
        opens: &mut Vec<Open>,
        node: u32,
        cell: Vec<u16>,
        rows: Vec<u32>,
    ) -> Option<()> {
        let cut = |c: &Constraint| {
            let meets = c
                .when
                .iter()
                .all(|&(feature, levels)| cell[feature] & levels != 0);
            let parts = |&&(feature, levels): &&(usize, u16)| cell[feature] & !levels != 0;
            if meets {
                c.when.iter().find(parts).copied()
            } else {
                None
            }
        };
        let free = self.allowed(&cell).0 != 0;
        let next = self.rules.iter().find_map(cut);
        let next = next.or_else(|| {
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
        let n_actions = regrets.n_actions;
        let mut best: Option<Split> = None;
        let mut sums = vec![0.0f32; 16 * n_actions];
        for feature in 0..regrets.n_features {
            if cell[feature].count_ones() < 2 {
                continue;
            }
            sums.fill(0.0);
            let mut visited = 0u16;
            for &row in rows {
                let code = regrets.code(row, feature);
                visited |= 1 << code;
                let sum = &mut sums[code * n_actions..(code + 1) * n_actions];
                for (total, regret) in sum.iter_mut().zip(regrets.row(row)) {
                    *total += regret;
                }
            }
            let mut part = cell.to_vec();
            let levels: Vec<usize> = (0..16)
                .filter(|level| cell[feature] >> level & 1 == 1)
                .collect();
            for &level in &levels {
                part[feature] = 1 << level;
                let allowed = self.allowed(&part);
                for action in 0..n_actions {
                    if !allowed.allows(action as ActionId) {
                        sums[level * n_actions + action] = f32::INFINITY;
                    }
                }
            }
            for a in 0..n_actions {
                for b in a + 1..n_actions {
                    let (mut total, mut to_a) = (regrets.prior[a] + regrets.prior[b], 0u16);
                    for &level in &levels {
                        let (cost_a, cost_b) =
                            (sums[level * n_actions + a], sums[level * n_actions + b]);
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
