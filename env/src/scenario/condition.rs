//! Conditions over feature levels, the constraints built from them, and the mask they leave.

use crate::action::ActionMask;
use crate::belief::features::{N_CODES, SPARE};

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
    /// The condition under which it forbids.
    pub when: Condition,
    /// The actions that it forbids then.
    pub forbidden: ActionMask,
    /// Whether it is a rule of conduct; else it only keeps acts from making no sense.
    pub conduct: bool,
}

/// Constraints compiled to table look-ups, one per pair of neighboring features.
#[derive(Clone, Debug, Default)]
pub struct MaskTable {
    /// The pairs that constraints speak of, filled up with pairs that leave everything: a few at once
    /// go faster than one by one.
    pairs: Vec<[Pair; 4]>,
    /// The actions left by twice eight rules of conduct, by which of the eight speak.
    lawful: Vec<[[u64; 256]; 2]>,
    all: u64,
}

/// Two neighboring features.
#[derive(Clone, Debug)]
struct Pair {
    /// Position of the first, halved.
    at: u8,
    /// What their levels leave, by level of the first and 16 times the second.
    cells: [Cell; 256],
}

impl Pair {
    /// Leaves everything; stands for spare codes.
    const OPEN: Self = Self {
        at: SPARE as u8 / 2,
        cells: [Cell {
            rules: u64::MAX,
            sensible: u64::MAX,
        }; 256],
    };
}

/// What one pair of levels leaves; aligned, so that it never straddles two cache lines.
#[derive(Clone, Copy, Debug)]
#[repr(align(16))]
struct Cell {
    /// The rules of conduct that may still speak, one bit each.
    rules: u64,
    /// The actions that no mask takes away.
    sensible: u64,
}

/// Most constraints of a scenario, so that a set of them is one `u64`.
pub const MAX_CONSTRAINTS: usize = 64;

impl MaskTable {
    /// Compiles at most [`MAX_CONSTRAINTS`] constraints over `n_actions` actions; masks, those that
    /// are no rules of conduct, have one term each.
    pub fn new(constraints: &[Constraint], n_actions: usize) -> Self {
        let mut table = Self {
            all: ActionMask::all(n_actions).0,
            ..Self::default()
        };
        let mut forbidden = Vec::new();
        for constraint in constraints {
            // What has several terms is settled by which constraints speak, as rules are.
            if constraint.conduct || constraint.when.terms.len() != 1 {
                assert!(
                    forbidden.len() < MAX_CONSTRAINTS,
                    "the scenario check counts constraints"
                );
                let rule = 1 << forbidden.len();
                forbidden.push(constraint.forbidden.0);
                for &(feature, levels) in &constraint.when.terms {
                    table.each(feature, !levels, |cell| cell.rules &= !rule);
                }
            } else {
                for &(feature, levels) in &constraint.when.terms {
                    let left = !constraint.forbidden.0;
                    table.each(feature, levels, |cell| cell.sensible &= left);
                }
            }
        }
        let left = |eight: &[u64], speaking: usize| {
            let speaks = |k: &usize| speaking >> k & 1 == 1;
            (0..eight.len())
                .filter(speaks)
                .fold(u64::MAX, |left, k| left & !eight[k])
        };
        let eight = |rules: &[u64]| std::array::from_fn(|speaking| left(rules, speaking));
        table.lawful = (forbidden.chunks(16))
            .map(|rules| rules.split_at(rules.len().min(8)))
            .map(|(first, second)| [eight(first), eight(second)])
            .collect();
        table
    }

    /// Alters the cells where `feature` has one of `levels`.
    fn each(&mut self, feature: u8, levels: u16, alter: impl Fn(&mut Cell)) {
        let at = feature / 2;
        let fits = |pair: &&mut Pair| pair.at == at || pair.at == Pair::OPEN.at;
        if !self.pairs.as_flattened_mut().iter_mut().any(|p| fits(&p)) {
            self.pairs.push([Pair::OPEN; 4]);
        }
        if let Some(pair) = self.pairs.as_flattened_mut().iter_mut().find(fits) {
            pair.at = at;
            for (k, cell) in pair.cells.iter_mut().enumerate() {
                let level = k >> (4 * (feature % 2)) & 15;
                if levels >> level & 1 == 1 {
                    alter(cell);
                }
            }
        }
    }

    /// The actions that no constraint takes away for these codes, and those that no rule of conduct
    /// does.
    #[inline]
    pub fn masks(&self, codes: &[u8; N_CODES]) -> (ActionMask, ActionMask) {
        let (codes, _) = codes.as_chunks::<2>();
        let (mut rules, mut sensible) = (u64::MAX, u64::MAX);
        for four in &self.pairs {
            for pair in four {
                // Levels take four bits, so that those of both features fit into a byte.
                let levels = u16::from_le_bytes(codes[usize::from(pair.at) % (N_CODES / 2)]);
                let cell = &pair.cells[usize::from((levels | levels >> 4) as u8)];
                rules &= cell.rules;
                sensible &= cell.sensible;
            }
        }
        let mut lawful = self.all;
        for [first, second] in &self.lawful {
            lawful &= first[usize::from(rules as u8)] & second[usize::from((rules >> 8) as u8)];
            rules >>= 16;
        }
        (ActionMask(lawful & sensible), ActionMask(lawful))
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
            let mut codes = [0; N_CODES];
            codes[..3].copy_from_slice(&[code % 3, code / 3 % 3, code / 9]);
            let slow = constraints
                .iter()
                .filter(|c| c.when.holds(&codes))
                .fold(0b11111, |m, c| m & !c.forbidden.0);
            assert_eq!(table.masks(&codes).0.0, slow, "{codes:?}");
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
