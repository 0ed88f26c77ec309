//! Conditions over feature levels, the constraints built from them, and the mask they leave.

use crate::action::ActionMask;

/// Feature levels that must hold together: for each named feature one of a set of levels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Feature number and the set of its levels, bit `c` for level `c`; no feature twice.
    pub terms: Vec<(u8, u16)>,
}

impl Condition {
    /// Whether it holds for these codes.
    #[inline]
    pub fn holds(&self, codes: &[u8]) -> bool {
        self.terms
            .iter()
            .all(|&(feature, levels)| levels >> codes[feature as usize] & 1 == 1)
    }

    /// Both together, or `None` when no observation satisfies both.
    pub fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        for &(feature, levels) in &other.terms {
            match both.terms.iter_mut().find(|(f, _)| *f == feature) {
                Some((_, own)) => {
                    *own &= levels;
                    if *own == 0 {
                        return None;
                    }
                }
                None => both.terms.push((feature, levels)),
            }
        }
        Some(both)
    }
}

/// Where `when` holds, the `forbidden` actions are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Name of the rule of conduct, or of the mask it comes from.
    pub name: String,
    /// Where it speaks.
    pub when: Condition,
    /// The actions it takes away.
    pub forbidden: ActionMask,
    /// Whether it is a rule of conduct; else it only keeps acts from making no sense.
    pub conduct: bool,
}

/// Constraints compiled to table look-ups, one or two per constrained feature.
#[derive(Clone, Debug, Default)]
pub struct MaskTable {
    /// Features that a constraint of one term names, with the actions that each level leaves.
    single: Vec<(u8, [u64; 16])>,
    /// Features that a constraint of several terms names: bit `k` says that the level leaves
    /// constraint `k` of those standing.
    several: Vec<(u8, [u64; 16])>,
    /// The actions left by eight constraints of several terms, by which of them stand.
    left: Vec<[u64; 256]>,
    all: u64,
}

/// Most constraints of a scenario, so that a set of them is one `u64`.
pub const MAX_CONSTRAINTS: usize = 64;

/// The row of a feature, which starts with every bit set at every level.
fn row(rows: &mut Vec<(u8, [u64; 16])>, feature: u8) -> &mut [u64; 16] {
    let at = rows
        .iter()
        .position(|(f, _)| *f == feature)
        .unwrap_or_else(|| {
            rows.push((feature, [u64::MAX; 16]));
            rows.len() - 1
        });
    &mut rows[at].1
}

impl MaskTable {
    /// Compiles at most [`MAX_CONSTRAINTS`] constraints over `n_actions` actions.
    pub fn new<'c>(
        constraints: impl IntoIterator<Item = &'c Constraint>,
        n_actions: usize,
    ) -> Self {
        let mut forbidden = Vec::new();
        let mut table = Self {
            all: ActionMask::all(n_actions).0,
            ..Self::default()
        };
        for constraint in constraints {
            match constraint.when.terms[..] {
                [] => table.all &= !constraint.forbidden.0,
                [(feature, levels)] => {
                    for (level, left) in row(&mut table.single, feature).iter_mut().enumerate() {
                        if levels >> level & 1 == 1 {
                            *left &= !constraint.forbidden.0;
                        }
                    }
                }
                ref terms => {
                    let k = forbidden.len();
                    assert!(k < MAX_CONSTRAINTS, "the scenario check counts constraints");
                    forbidden.push(constraint.forbidden.0);
                    for &(feature, levels) in terms {
                        for (level, standing) in
                            row(&mut table.several, feature).iter_mut().enumerate()
                        {
                            if levels >> level & 1 == 0 {
                                *standing &= !(1 << k);
                            }
                        }
                    }
                }
            }
        }
        let left = |eight: &[u64], standing: usize| {
            let stands = |k: &usize| standing >> k & 1 == 1;
            (0..eight.len())
                .filter(stands)
                .fold(u64::MAX, |left, k| left & !eight[k])
        };
        table.left = (forbidden.chunks(8))
            .map(|eight| std::array::from_fn(|standing| left(eight, standing)))
            .collect();
        table
    }

    /// The actions that no constraint takes away for these codes.
    #[inline]
    pub fn mask(&self, codes: &[u8; 64]) -> ActionMask {
        let level = |feature: u8| usize::from(codes[usize::from(feature & 63)] & 15);
        let mut mask = self.all;
        for (feature, levels) in &self.single {
            mask &= levels[level(*feature)];
        }
        let mut standing = u64::MAX;
        for (feature, levels) in &self.several {
            standing &= levels[level(*feature)];
        }
        for left in &self.left {
            mask &= left[usize::from(standing as u8)];
            standing >>= 8;
        }
        ActionMask(mask)
    }
}

/// Constraints that together leave no action, with observations where they do; `None` proves that
/// every observation has an allowed action.
///
/// Searches for the action that is hardest to forbid and branches over the constraints that
/// forbid it, so the work follows the few ways to run out of actions, not the number of states.
pub fn dead_end(constraints: &[Constraint], n_actions: usize) -> Option<(Vec<usize>, Condition)> {
    fn search(
        constraints: &[Constraint],
        left: ActionMask,
        at: &Condition,
        used: &mut Vec<usize>,
    ) -> Option<Condition> {
        if left.0 == 0 {
            return Some(at.clone());
        }
        let standing = |action| {
            let forbids = move |c: &&Constraint| c.forbidden.allows(action);
            constraints
                .iter()
                .filter(forbids)
                .filter(|c| at.and(&c.when).is_some())
                .count()
        };
        let hardest = left.iter().min_by_key(|&action| standing(action))?;
        for (k, constraint) in constraints.iter().enumerate() {
            if !constraint.forbidden.allows(hardest) {
                continue;
            }
            if let Some(both) = at.and(&constraint.when) {
                used.push(k);
                let found = search(
                    constraints,
                    ActionMask(left.0 & !constraint.forbidden.0),
                    &both,
                    used,
                );
                if found.is_some() {
                    return found;
                }
                used.pop();
            }
        }
        None
    }
    let mut used = Vec::new();
    let at = search(
        constraints,
        ActionMask::all(n_actions),
        &Condition::default(),
        &mut used,
    )?;
    Some((used, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constraint(terms: &[(u8, u16)], forbidden: &[u8]) -> Constraint {
        let forbidden = forbidden.iter().copied().collect();
        Constraint {
            name: String::new(),
            when: Condition {
                terms: terms.to_vec(),
            },
            forbidden,
            conduct: true,
        }
    }

    #[test]
    fn the_table_agrees_with_the_constraints_one_by_one() {
        let constraints = [
            constraint(&[(0, 0b001), (2, 0b110)], &[0, 1]),
            constraint(&[(1, 0b10)], &[2]),
            constraint(&[], &[3]),
        ];
        let table = MaskTable::new(&constraints, 5);
        for code in 0..27u8 {
            let mut codes = [0; 64];
            codes[..3].copy_from_slice(&[code % 3, code / 3 % 3, code / 9]);
            let slow = constraints
                .iter()
                .filter(|c| c.when.holds(&codes))
                .fold(0b11111, |m, c| m & !c.forbidden.0);
            assert_eq!(table.mask(&codes).0, slow, "{codes:?}");
        }
    }

    #[test]
    fn two_rules_that_leave_nothing_are_found_with_the_place() {
        let human = constraint(&[(0, 0b100)], &[0, 1]);
        let opt_out = constraint(&[(1, 0b10)], &[1, 2]);
        let (used, at) = dead_end(&[human.clone(), opt_out.clone()], 3).expect("nothing is left");
        assert_eq!(used.len(), 2);
        assert!(at.holds(&[2, 1]) && !at.holds(&[2, 0]));
        let apart = constraint(&[(0, 0b011), (1, 0b10)], &[1, 2]);
        assert_eq!(dead_end(&[human, apart], 3), None);
    }
}
