//! Whether any observation satisfies a set of conditions: the search behind the checks of a flow.

use super::super::condition::Condition;

/// The levels that each feature may take, as sets; bit `c` stands for level `c`.
pub(super) type Domain = Vec<u16>;

/// Conditions of which at least one must hold.
pub(super) type Clause = Vec<Condition>;

/// Nodes after which the search gives up. The flows of real scenarios take a few hundred.
const MOST_NODES: u32 = 200_000;

/// What it takes for `when` not to hold.
pub(super) fn negation(when: &Condition) -> Clause {
    let without = |&(feature, levels): &(u8, u16)| Condition {
        terms: vec![(feature, !levels)],
    };
    when.terms.iter().map(without).collect()
}

/// The observations of `domain` where `when` holds, if there are any.
pub(super) fn within(domain: &Domain, when: &Condition) -> Option<Domain> {
    let mut both = domain.clone();
    for &(feature, levels) in &when.terms {
        let left = &mut both[usize::from(feature)];
        *left &= levels;
        if *left == 0 {
            return None;
        }
    }
    Some(both)
}

/// Observations of `domain` that satisfy every clause: `None` proves that there are none, and a search
/// that was given up counts as found.
///
/// Branches over the alternatives of the clause that has the fewest left (Davis, Logemann and
/// Loveland, 1962), so that contradictions show early.
pub(super) fn solution(domain: &Domain, clauses: &[Clause]) -> Option<Domain> {
    let mut budget = MOST_NODES;
    search(domain, &clauses.iter().collect::<Vec<_>>(), &mut budget)
}

fn search(domain: &Domain, clauses: &[&Clause], budget: &mut u32) -> Option<Domain> {
    if *budget == 0 {
        return Some(domain.clone());
    }
    *budget -= 1;
    let certain = |when: &Condition| {
        when.terms
            .iter()
            .all(|&(f, levels)| domain[usize::from(f)] & !levels == 0)
    };
    let possible = |when: &Condition| {
        when.terms
            .iter()
            .all(|&(f, levels)| domain[usize::from(f)] & levels != 0)
    };
    let open: Vec<&Clause> = clauses
        .iter()
        .copied()
        .filter(|clause| !clause.iter().any(certain))
        .collect();
    let n_left = |clause: &&Clause| clause.iter().filter(|when| possible(when)).count();
    let Some(&hardest) = open.iter().min_by_key(|clause| n_left(clause)) else {
        return Some(domain.clone());
    };
    hardest
        .iter()
        .filter_map(|when| within(domain, when))
        .find_map(|narrower| search(&narrower, &open, budget))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(terms: &[(u8, u16)]) -> Condition {
        Condition {
            terms: terms.to_vec(),
        }
    }

    #[test]
    fn the_search_agrees_with_trying_every_observation() {
        let domain: Domain = vec![0b111, 0b11, 0b111];
        let mut rng = 7u64;
        let mut bits = |n: u64| {
            rng = crate::rng::mix(rng);
            rng % n
        };
        for _ in 0..500 {
            let n_clauses = 1 + bits(6);
            let clauses: Vec<Clause> = (0..n_clauses)
                .map(|_| {
                    (0..1 + bits(2))
                        .map(|_| {
                            let (a, b) = (bits(3) as u8, bits(3) as u8);
                            let mut terms = vec![(a, 1 + bits(6) as u16)];
                            if a != b {
                                terms.push((b, 1 + bits(6) as u16));
                            }
                            when(&terms)
                        })
                        .collect()
                })
                .collect();
            let holds = |codes: &[u8; 3]| clauses.iter().all(|c| c.iter().any(|w| w.holds(codes)));
            let by_trying = (0..18u8).any(|code| holds(&[code % 3, code / 3 % 2, code / 6]));
            assert_eq!(
                solution(&domain, &clauses).is_some(),
                by_trying,
                "{clauses:?}"
            );
        }
    }

    #[test]
    fn a_negation_holds_where_the_condition_does_not() {
        let both = when(&[(0, 0b01), (1, 0b10)]);
        for codes in [[0, 0], [0, 1], [1, 0], [1, 1]] {
            let not = negation(&both).iter().any(|w| w.holds(&codes));
            assert_ne!(both.holds(&codes), not, "{codes:?}");
        }
        assert_eq!(
            negation(&when(&[])),
            Clause::new(),
            "nothing is always true"
        );
    }
}
