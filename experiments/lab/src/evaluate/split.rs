//! Callers told apart: every figure for each value of a caller feature, and what policies differ in there.

use offhook_env::call::outcome::CallSummary;
use offhook_stats::Estimate;

use crate::key_figure::Tallies;
use crate::paired::PairTallies;
use crate::segment::Segments;

/// One policy with the callers of one kind.
#[derive(Clone, Debug)]
pub struct SegmentCell {
    /// The policy as it was named.
    pub policy: String,
    /// Who answered.
    pub user_model: String,
    /// The value of the caller feature.
    pub segment: String,
    /// Calls of such callers.
    pub n_calls: u64,
    /// One estimate for each of [`KEY_FIGURES`](crate::key_figure::KEY_FIGURES).
    pub estimates: Vec<Option<Estimate>>,
    /// How much more this policy has than the first one with the same user model, on the same calls.
    pub against: Option<SegmentDifferences>,
}

/// What a policy has more than the first one, for each of [`KEY_FIGURES`](crate::key_figure::KEY_FIGURES).
#[derive(Clone, Debug)]
pub struct SegmentDifferences {
    /// The first policy.
    pub policy: String,
    /// With intervals of 95 %, each by itself.
    pub plain: Vec<Option<Estimate>>,
    /// With intervals that hold together with 95 % over the values of the feature (Bonferroni).
    pub together: Vec<Option<Estimate>>,
    /// How many these are.
    pub n_together: usize,
}

/// Tallies of the calls with one user model, by policy and by value of a caller feature.
pub(super) struct SplitTallies {
    own: Vec<Vec<Tallies>>,
    pairs: Vec<Vec<PairTallies>>,
    n_calls: Vec<u64>,
}

impl SplitTallies {
    /// No call yet; without a feature nothing is told apart.
    pub(super) fn new(n_policies: usize, by: Option<&Segments>) -> Self {
        let n_values = by.map_or(0, |by| by.values.len());
        Self {
            own: vec![vec![Tallies::default(); n_values]; n_policies],
            pairs: vec![vec![PairTallies::default(); n_values]; n_policies],
            n_calls: vec![0; n_values],
        }
    }

    /// Adds calls that a policy has played, `places` being those of their callers; `first` are the same calls of the
    /// first policy, where this is another.
    pub(super) fn add(
        &mut self,
        policy: usize,
        places: &[usize],
        calls: &[CallSummary],
        first: Option<&[CallSummary]>,
    ) {
        for (place, own) in self.own[policy].iter_mut().enumerate() {
            let of_place = places.iter().zip(calls).filter(|(p, _)| **p == place);
            let of_place: Vec<CallSummary> = of_place.map(|(_, call)| *call).collect();
            own.add(&of_place);
            if first.is_none() {
                self.n_calls[place] += of_place.len() as u64;
            }
        }
        for (k, first) in first.unwrap_or_default().iter().enumerate() {
            self.pairs[policy][places[k]].add(first, &calls[k]);
        }
    }

    /// The cells of a policy, of the values that any caller had.
    pub(super) fn cells(
        &self,
        policy: usize,
        by: &Segments,
        (name, user_model): (&str, &str),
        against: Option<&str>,
    ) -> Vec<SegmentCell> {
        let n_together = self.n_calls.iter().filter(|n| **n > 0).count();
        let cell = |place: usize| {
            let pairs = &self.pairs[policy][place];
            SegmentCell {
                policy: name.to_owned(),
                user_model: user_model.to_owned(),
                segment: by.values[place].clone(),
                n_calls: self.n_calls[place],
                estimates: self.own[policy][place].estimates(),
                against: against.map(|first| SegmentDifferences {
                    policy: first.to_owned(),
                    plain: pairs.differences(1),
                    together: pairs.differences(n_together),
                    n_together,
                }),
            }
        };
        let there = (0..by.values.len()).filter(|place| self.n_calls[*place] > 0);
        there.map(cell).collect()
    }
}
