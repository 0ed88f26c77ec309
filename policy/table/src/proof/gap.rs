//! The gaps of a table: boxes of observations that no rule covers.
//!
//! The space is split again and again at the feature where the rules that remain differ, keeping
//! for each part only the rules that reach into it (a sweep by dimension, Calvanese et al. 2016,
//! with the order of dimensions chosen anew in each part). Disjoint rules whose volumes sum to that
//! of a part fill it, so the search then only enters parts that hold a gap and its cost grows with
//! the gaps found. Overlapping rules have no such shortcut (the question is NP-hard), so the work
//! is bounded.

use crate::table::{Cell, Volume};

/// Elementary comparisons before the search gives up; about one second.
const WORK_LIMIT: u64 = 1_000_000_000;
/// The same for [`is_covered`], which may be asked of each of 4,096 rules.
const COVER_WORK_LIMIT: u64 = 1_000_000;
/// Ways to split one feature that are compared.
const MAX_CANDIDATES: usize = 16;

/// What [`find_gaps`] found.
#[derive(Debug)]
pub(crate) struct Gaps {
    /// Disjoint boxes that no rule covers, sorted.
    pub cells: Vec<Cell>,
    /// Whether `cells` are all of them; otherwise a limit stopped the search.
    pub exhaustive: bool,
}

/// The boxes of `whole` that none of `rules` covers.
///
/// `disjoint` promises that no two rules overlap; at most `max_cells` boxes are collected before
/// similar ones are joined.
pub(crate) fn find_gaps(whole: &Cell, rules: &[&Cell], disjoint: bool, max_cells: usize) -> Gaps {
    let mut search = Search {
        rules,
        disjoint,
        max_cells,
        found: Vec::new(),
        work_left: WORK_LIMIT,
        stopped: false,
    };
    search.sweep(whole.clone(), (0..rules.len()).collect());
    let mut cells = search.found;
    join_all(&mut cells);
    cells.sort();
    Gaps {
        cells,
        exhaustive: !search.stopped,
    }
}

/// Whether `rules` cover all of `whole` between them. A search that takes too much work counts as
/// no, so that yes is always true.
pub(crate) fn is_covered(whole: &Cell, rules: &[&Cell]) -> bool {
    let mut search = Search {
        rules,
        disjoint: false,
        max_cells: 1,
        found: Vec::new(),
        work_left: COVER_WORK_LIMIT,
        stopped: false,
    };
    search.sweep(whole.clone(), (0..rules.len()).collect());
    search.found.is_empty() && !search.stopped
}

struct Search<'a> {
    rules: &'a [&'a Cell],
    disjoint: bool,
    max_cells: usize,
    found: Vec<Cell>,
    work_left: u64,
    stopped: bool,
}

impl Search<'_> {
    /// Collects the gaps within `part`, into which exactly the rules `within` reach.
    ///
    /// Recursion ends: each call has a level less in some feature, so it is at most 720 deep.
    fn sweep(&mut self, part: Cell, within: Vec<usize>) {
        if self.stopped {
            return;
        }
        if within.is_empty() {
            self.stopped = self.found.len() == self.max_cells;
            if !self.stopped {
                self.found.push(part);
            }
            return;
        }
        self.charge(within.len() * part.masks().len());
        if within.iter().any(|&idx| self.rules[idx].covers(&part)) {
            return;
        }
        let filled = |sum: Volume, &idx: &usize| sum.plus(self.rules[idx].shared_volume(&part));
        if self.disjoint && within.iter().fold(Volume::ZERO, filled) == part.volume() {
            return;
        }
        let (feature_idx, mask) = self.best_split(&part, &within);
        for side in [mask, part.masks()[feature_idx] & !mask] {
            let reaches = |&idx: &usize| self.rules[idx].masks()[feature_idx] & side != 0;
            let inside = within.iter().copied().filter(reaches).collect();
            self.sweep(part.with(feature_idx, side), inside);
        }
    }

    /// The feature and the levels to split off such that the fewest rules fall on both sides, then
    /// the most evenly.
    ///
    /// For rules that once were the leaves of a tree this finds the splits of that tree, so that a
    /// deleted rule comes back as the one box it was.
    fn best_split(&mut self, part: &Cell, within: &[usize]) -> (usize, u16) {
        let mut best = None;
        for (feature_idx, &full) in part.masks().iter().enumerate() {
            let masks = || {
                within
                    .iter()
                    .map(|&idx| self.rules[idx].masks()[feature_idx] & full)
            };
            let mut candidates: Vec<u16> = Vec::new();
            for mask in masks() {
                if mask != full && !candidates.contains(&mask) && candidates.len() < MAX_CANDIDATES
                {
                    candidates.push(mask);
                }
            }
            let n_candidates = candidates.len();
            for mask in candidates {
                let n_inside = masks().filter(|other| other & mask != 0).count();
                let n_outside = masks().filter(|other| other & !mask != 0).count();
                let score = (
                    n_inside + n_outside,
                    n_inside.max(n_outside),
                    feature_idx,
                    mask,
                );
                best = best.min(Some(score)).or(Some(score));
            }
            self.charge((1 + n_candidates) * within.len());
        }
        let (_, _, feature_idx, mask) =
            best.expect("a rule that reaches into a part without covering it splits it");
        (feature_idx, mask)
    }

    fn charge(&mut self, n_comparisons: usize) {
        self.work_left = self.work_left.saturating_sub(n_comparisons as u64);
        self.stopped |= self.work_left == 0;
    }
}

/// Joins boxes that differ in one feature until none do, so that fewer and larger boxes are
/// reported.
fn join_all(cells: &mut Vec<Cell>) {
    let mut changed = true;
    while changed {
        changed = false;
        let mut idx = 0;
        while idx < cells.len() {
            let partner = (idx + 1..cells.len())
                .find_map(|other| Some((other, cells[idx].join(&cells[other])?)));
            match partner {
                Some((other, joined)) => {
                    cells[idx] = joined;
                    cells.swap_remove(other);
                    changed = true;
                }
                None => idx += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{SplitMix, random_table};

    fn cells(table: &crate::DecisionTable) -> Vec<&Cell> {
        table.rules().iter().map(|rule| &rule.when).collect()
    }

    #[test]
    fn each_deleted_rule_of_a_large_table_comes_back_as_the_box_it_was() {
        let table = random_table(11, 300, 40);
        let all = cells(&table);
        assert!(
            find_gaps(&table.layout().any(), &all, true, 100)
                .cells
                .is_empty()
        );
        for deleted in (0..300).step_by(17) {
            let rest: Vec<&Cell> = all
                .iter()
                .copied()
                .filter(|&cell| cell != all[deleted])
                .collect();
            let gaps = find_gaps(&table.layout().any(), &rest, true, 100);
            assert_eq!(
                (gaps.cells, gaps.exhaustive),
                (vec![all[deleted].clone()], true)
            );
        }
    }

    #[test]
    fn a_search_among_overlapping_rules_ends_and_says_that_it_did_not_see_everything() {
        let table = random_table(12, 1, 40);
        let mut rng = SplitMix(12);
        // Each rule tests 5 random features of 40: hundreds of wide rules that overlap in every
        // way.
        let rules: Vec<Cell> = (0..300)
            .map(|_| {
                let mut cell = table.layout().any();
                for _ in 0..5 {
                    let feature_idx = rng.below(40);
                    cell = cell.with(
                        feature_idx,
                        1 << rng.below(table.layout().features()[feature_idx].levels.len()),
                    );
                }
                cell
            })
            .collect();
        let gaps = find_gaps(
            &table.layout().any(),
            &rules.iter().collect::<Vec<_>>(),
            false,
            100,
        );
        assert!(!gaps.exhaustive && !gaps.cells.is_empty());
        assert!(
            gaps.cells
                .iter()
                .all(|gap| rules.iter().all(|rule| !rule.overlaps(gap)))
        );
    }

    #[test]
    fn rules_that_fit_like_a_pinwheel_are_complete_but_for_the_hub() {
        // No single cut separates these four, so the search must duplicate a rule and join the
        // parts again.
        let arms = [
            [0b011, 0b001],
            [0b100, 0b011],
            [0b110, 0b100],
            [0b001, 0b110],
        ]
        .map(|m| Cell::new(m.to_vec()));
        let whole = Cell::new(vec![0b111, 0b111]);
        let gaps = find_gaps(&whole, &arms.iter().collect::<Vec<_>>(), true, 100);
        assert_eq!(gaps.cells, [Cell::new(vec![0b010, 0b010])]);
    }
}
