//! The best split of a leaf.
//!
//! A split sends each level of a feature to the better of two actions, which is the best set of
//! levels for that pair; the best pair and feature are searched. What it would save is measured on
//! other calls than those that it was found on: one half of the calls finds, the other measures, and
//! the other way round (*honest* trees; Athey and Imbens, 2016, doi:10.1073/pnas.1510489113), for
//! the best of thousands of splits promises most where costs are noise.

use ndarray::{Array3, ArrayView2, s};
use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::layout::MAX_LEVELS;
use offhook_table::Constraint;

use super::costs::Costs;
use super::terms::{Criterion, Terms, meets, parting};

/// Gain below which a split is not worth a rule, summed over the observations.
const LEAST_GAIN: f64 = 1e-3;

/// Forbidden actions of a leaf that are looked at.
const MAX_WANTED: usize = 4;

/// Where to split a leaf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Split {
    pub feature: usize,
    /// Levels that go left.
    pub levels: u16,
    /// What it saves.
    pub gain: f64,
}

/// A split and the action of either side.
struct Candidate {
    split: Split,
    left: ActionId,
    right: ActionId,
}

/// Finds splits.
pub(super) struct Finder<'a, 'c> {
    terms: &'a Terms<'a>,
    costs: &'a Costs<'c>,
}

/// Costs of a leaf's observations by feature, level and action, and what its parts allow.
struct Sums {
    /// By half of the calls, and of all.
    by_half: [Array3<f64>; 2],
    all: Array3<f64>,
    /// Actions allowed in the part of the box that has this level of this feature.
    allowed: Vec<[ActionMask; MAX_LEVELS]>,
}

impl<'a, 'c> Finder<'a, 'c> {
    pub(super) fn new(terms: &'a Terms<'a>, costs: &'a Costs<'c>) -> Self {
        Self { terms, costs }
    }

    /// The best split of a box with these observations, if any saves something.
    pub(super) fn find(&self, cell: &[u16], rows: &[u32]) -> Option<Split> {
        if rows.is_empty() {
            return None;
        }
        let sums = self.sums(cell, rows);
        match self.terms.criterion {
            Criterion::Gini => self.purest(cell, &sums),
            Criterion::Cost => {
                let pair = self.honest_pair(cell, &sums);
                let freeing = self.freeing(cell, rows);
                let both = pair.into_iter().chain(freeing);
                both.max_by(|a, b| a.gain.total_cmp(&b.gain))
            }
        }
    }

    fn sums(&self, cell: &[u16], rows: &[u32]) -> Sums {
        let (n_features, n_actions) = (self.costs.n_features(), self.costs.n_actions());
        let zeros = || Array3::<f64>::zeros((n_features, MAX_LEVELS, n_actions));
        let mut by_half = [zeros(), zeros()];
        for &row in rows {
            let sums = &mut by_half[self.costs.half(row)];
            let costs = self.costs.row(row);
            for (feature, levels) in cell.iter().enumerate() {
                if levels.count_ones() > 1 {
                    let sum = sums.slice_mut(s![feature, self.costs.code(row, feature), ..]);
                    for (total, &cost) in sum.into_iter().zip(costs) {
                        *total += f64::from(cost);
                    }
                }
            }
        }
        let all = &by_half[0] + &by_half[1];
        let mut part = cell.to_vec();
        let allowed = (0..n_features).map(|feature| {
            let allowed = std::array::from_fn(|level| {
                part[feature] = 1 << level;
                match cell[feature] >> level & 1 == 1 && cell[feature].count_ones() > 1 {
                    true => self.terms.allowed(&part),
                    false => ActionMask(0),
                }
            });
            part[feature] = cell[feature];
            allowed
        });
        Sums {
            allowed: allowed.collect(),
            by_half,
            all,
        }
    }

    /// What all observations of a box cost by action, from the sums of one of its features.
    fn total(&self, cell: &[u16], sums: &Array3<f64>) -> Option<Vec<f64>> {
        let feature = cell.iter().position(|levels| levels.count_ones() > 1)?;
        let by_level: ArrayView2<'_, f64> = sums.slice(s![feature, .., ..]);
        Some(by_level.sum_axis(ndarray::Axis(0)).to_vec())
    }

    /// The best split of all observations, at what the best of each half saves on the other.
    fn honest_pair(&self, cell: &[u16], sums: &Sums) -> Option<Split> {
        let whole = self.terms.allowed(cell);
        let mut gain = 0.0;
        for half in [0, 1] {
            let (finds, measures) = (&sums.by_half[half], &sums.by_half[1 - half]);
            let found = self.total(cell, finds)?;
            let (action, cost) = self.costs.best(&found, whole)?;
            if let Some(Candidate { split, left, right }) =
                self.best_pair(cell, finds, &sums.allowed, cost)
            {
                for level in levels_of(cell[split.feature]) {
                    let goes_left = split.levels >> level & 1 == 1;
                    let taken = if goes_left { left } else { right };
                    let at = |action| measures[[split.feature, level, action as usize]];
                    gain += at(action) - at(taken);
                }
            }
        }
        let all = self.total(cell, &sums.all)?;
        let (_, cost) = self.costs.best(&all, whole)?;
        let Candidate { split, .. } = self.best_pair(cell, &sums.all, &sums.allowed, cost)?;
        (gain > LEAST_GAIN).then_some(Split { gain, ..split })
    }

    /// The split that saves most on the observations that it is found on; `cost` is that of the leaf.
    fn best_pair(
        &self,
        cell: &[u16],
        sums: &Array3<f64>,
        allowed: &[[ActionMask; MAX_LEVELS]],
        cost: f64,
    ) -> Option<Candidate> {
        let n_actions = self.costs.n_actions();
        let mut best: Option<Candidate> = None;
        let mut level_costs = vec![[0.0f64; MAX_LEVELS]; n_actions];
        for (feature, &of_cell) in cell.iter().enumerate() {
            if of_cell.count_ones() < 2 {
                continue;
            }
            for (action, costs) in level_costs.iter_mut().enumerate() {
                for level in levels_of(of_cell) {
                    let may = allowed[feature][level].allows(action as ActionId);
                    let sum = sums[[feature, level, action]];
                    costs[level] = if may { sum } else { f64::INFINITY };
                }
            }
            for a in 0..n_actions {
                for b in a + 1..n_actions {
                    let (mut total, mut to_a) = (self.costs.prior(a) + self.costs.prior(b), 0u16);
                    for level in levels_of(of_cell) {
                        let (cost_a, cost_b) = (level_costs[a][level], level_costs[b][level]);
                        total += cost_a.min(cost_b);
                        if cost_a <= cost_b {
                            to_a |= 1 << level;
                        }
                    }
                    let gain = cost - total;
                    let divides = to_a != 0 && to_a != of_cell;
                    let least = best.as_ref().map_or(LEAST_GAIN, |b| b.split.gain);
                    if divides && gain > least {
                        best = Some(Candidate {
                            split: Split {
                                feature,
                                levels: to_a,
                                gain,
                            },
                            left: a as ActionId,
                            right: b as ActionId,
                        });
                    }
                }
            }
        }
        best
    }

    /// The first of the cuts that set an action free which constraints forbid in parts of the box: no
    /// single split does where a constraint has several conditions, or several constraints forbid it.
    /// It counts as what every one of the cuts saves on average.
    fn freeing(&self, cell: &[u16], rows: &[u32]) -> Option<Split> {
        let whole = self.terms.allowed(cell);
        let cost = self.honest_cost(rows, whole)?;
        let mut best: Option<Split> = None;
        for action in self.wanted(rows, whole)? {
            let forbids = |c: &&Constraint| c.forbidden >> action & 1 == 1;
            let mut pieces = vec![(cell.to_vec(), rows.to_vec())];
            let mut first = None;
            for constraint in self.terms.constraints().filter(forbids) {
                for (mut inside, mut left) in std::mem::take(&mut pieces) {
                    let cuts: Vec<_> = match meets(constraint, &inside) {
                        true => parting(constraint, &inside).collect(),
                        false => Vec::new(),
                    };
                    for (feature, levels) in cuts {
                        first = first.or(Some((feature, levels)));
                        let stays = |&row: &u32| levels >> self.costs.code(row, feature) & 1 == 1;
                        let (stay, go) = left.into_iter().partition(stays);
                        let mut outside = inside.clone();
                        outside[feature] &= !levels;
                        inside[feature] &= levels;
                        pieces.push((outside, go));
                        left = stay;
                    }
                    pieces.push((inside, left));
                }
            }
            let mut total = 0.0;
            for (cell, rows) in &pieces {
                total += self.honest_cost(rows, self.terms.allowed(cell))?;
            }
            let gain = (cost - total) / (pieces.len() - 1).max(1) as f64;
            if let Some((feature, levels)) = first
                && gain > best.map_or(LEAST_GAIN, |b| b.gain)
            {
                let levels = levels & cell[feature];
                best = Some(Split {
                    feature,
                    levels,
                    gain,
                });
            }
        }
        best
    }

    /// The few forbidden actions that would save most if they were free wherever they are better.
    fn wanted(&self, rows: &[u32], allowed: ActionMask) -> Option<Vec<ActionId>> {
        let (own, _) = self.costs.best(&self.costs.sum(rows), allowed)?;
        let mut saved = vec![(0.0, 0); self.costs.n_actions()];
        for (action, (_, name)) in saved.iter_mut().enumerate() {
            *name = action as ActionId;
        }
        for &row in rows {
            let costs = self.costs.row(row);
            for ((saved, _), cost) in saved.iter_mut().zip(costs) {
                *saved += f64::from((costs[own as usize] - cost).max(0.0));
            }
        }
        saved.retain(|&(saved, action)| !allowed.allows(action) && saved > LEAST_GAIN);
        saved.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        Some(
            saved
                .into_iter()
                .take(MAX_WANTED)
                .map(|(_, action)| action)
                .collect(),
        )
    }

    /// What observations cost if each half of the calls chooses the action of the other.
    fn honest_cost(&self, rows: &[u32], allowed: ActionMask) -> Option<f64> {
        let n_actions = self.costs.n_actions();
        let mut sums = [vec![0.0; n_actions], vec![0.0; n_actions]];
        for &row in rows {
            let sum = &mut sums[self.costs.half(row)];
            for (total, cost) in sum.iter_mut().zip(self.costs.row(row)) {
                *total += f64::from(*cost);
            }
        }
        let mut total = 0.0;
        for half in [0, 1] {
            let (action, _) = self.costs.best(&sums[half], allowed)?;
            total += sums[1 - half][action as usize];
        }
        Some(total)
    }

    /// The level that parts the cheapest actions most purely from all others (Gini's impurity).
    ///
    /// Where one action of every observation costs nothing and all others its weight `w`, the weight
    /// of the observations whose action is `a` is `W - sum_i cost_i(a)`, with `W` that of all.
    fn purest(&self, cell: &[u16], sums: &Sums) -> Option<Split> {
        let impurity = |costs: &[f64]| {
            let weight = costs.iter().sum::<f64>() / (costs.len() as f64 - 1.0).max(1.0);
            let squares = costs.iter().map(|cost| (weight - cost).powi(2));
            weight - squares.sum::<f64>() / weight.max(f64::MIN_POSITIVE)
        };
        let all = self.total(cell, &sums.all)?;
        let before = impurity(&all);
        let mut best: Option<Split> = None;
        for (feature, &of_cell) in cell.iter().enumerate() {
            if of_cell.count_ones() < 2 {
                continue;
            }
            for level in levels_of(of_cell) {
                let inside = sums.all.slice(s![feature, level, ..]);
                let outside: Vec<f64> = all.iter().zip(inside).map(|(all, of)| all - of).collect();
                let gain = before - impurity(&inside.to_vec()) - impurity(&outside);
                if gain > best.map_or(LEAST_GAIN, |b| b.gain) {
                    best = Some(Split {
                        feature,
                        levels: 1 << level,
                        gain,
                    });
                }
            }
        }
        best
    }
}

fn levels_of(set: u16) -> impl Iterator<Item = usize> {
    (0..MAX_LEVELS).filter(move |level| set >> level & 1 == 1)
}
