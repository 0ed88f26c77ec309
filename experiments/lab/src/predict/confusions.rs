//! Which act is predicted in place of which: what a cloned policy mixes up.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use offhook_env::action::ActionId;
use offhook_env::belief::layout::Layout;
use offhook_env::policy::{Observation, Policy};
use offhook_policy::data::dataset::Dataset;

use crate::disk::csv;

/// How often each pair `(taken, predicted)` of different actions occurred.
pub type Confusions = BTreeMap<(ActionId, ActionId), u64>;

/// Pairs on some rows of `data`, which was made for `layout`.
pub fn count(policy: &dyn Policy, layout: &Layout, data: &Dataset, rows: &[u32]) -> Confusions {
    let n_features = layout.n_features();
    let mut pairs = Confusions::new();
    for &row in rows {
        let row = row as usize;
        let codes = &data.codes[row * n_features..(row + 1) * n_features];
        let mask = data.masks[row];
        let predicted = policy.best(Observation { codes, mask }, layout.n_actions());
        if predicted != data.actions[row] {
            *pairs.entry((data.actions[row], predicted)).or_default() += 1;
        }
    }
    pairs
}

/// Pairs with their counts over all splits, the commonest first.
pub fn ranked(splits: impl Iterator<Item = Confusions>) -> Vec<((ActionId, ActionId), u64)> {
    let mut all = Confusions::new();
    for (pair, n) in splits.flatten() {
        *all.entry(pair).or_default() += n;
    }
    let mut ranked: Vec<_> = all.into_iter().collect();
    ranked.sort_by_key(|(pair, n)| (Reverse(*n), *pair));
    ranked
}

/// The pairs by name as a table: `taken,predicted,rows`.
pub fn to_csv(ranked: &[(String, String, u64)]) -> String {
    let row = |(taken, predicted, n): &(String, String, u64)| {
        [taken.clone(), predicted.clone(), n.to_string()]
    };
    csv::to_csv(&["taken", "predicted", "rows"], ranked.iter().map(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_all_splits_are_added_and_the_commonest_comes_first() {
        let one = Confusions::from([((0, 1), 2), ((2, 1), 3)]);
        let two = Confusions::from([((0, 1), 2)]);
        let found = ranked([one, two].into_iter());
        assert_eq!(found, [((0, 1), 4), ((2, 1), 3)]);
    }
}
