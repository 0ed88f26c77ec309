//! A fact is so or not, and what is heard says something of it: a hidden Markov model of two states whose arcs emit
//! (Rabiner, 1989, "A Tutorial on Hidden Markov Models", section V.B), counted where the state is known.
//!
//! By what the robot did, `P(after, heard | before)`; one turn takes the probability `p` of the fact to the share of
//! what is heard that speaks for it: `p' = a(1) / (a(0) + a(1))` with
//! `a(s) = (1 - p) P(s, heard | 0) + p P(s, heard | 1)`.

use crate::act::SystemActKind;

/// What a first reading may be.
pub(crate) const N_GROUPS: usize = 12;
/// Whether a reading behind it names the fact.
pub(crate) const N_BEHIND: usize = 2;
/// Bins of the first reading's confidence.
pub(crate) const N_BINS: usize = 3;
/// Symbols of a turn.
pub(crate) const N_SYMBOLS: usize = N_GROUPS * N_BEHIND * N_BINS;
/// What the robot did: the kind of act that wanted a reply, and whether an act was about the fact.
pub(crate) const N_CONTEXTS: usize = 2 * SystemActKind::ALL.len();

/// `P(after, symbol | before)` as `[before][after]`, row by row.
pub(crate) type Arcs = [f32; 4];

/// How one kind of fact is heard of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FactTable {
    /// By context: where the arcs of its symbols begin; none where too little was counted to say anything.
    starts: Vec<Option<u32>>,
    arcs: Vec<Arcs>,
}

/// No evidence is beyond all doubt.
pub(crate) const LEAST: f32 = 1e-4;
/// What nobody brings about unheard is let go below this until something stirs it, so that most facts of a call cost
/// nothing.
pub(crate) const LET_GO: f32 = 0.005;

impl FactTable {
    pub(crate) fn empty() -> Self {
        Self {
            starts: vec![None; N_CONTEXTS],
            arcs: Vec::new(),
        }
    }

    /// Sets the arcs of a context.
    pub(crate) fn set(&mut self, context: usize, arcs: &[Arcs]) {
        self.starts[context] = Some(self.arcs.len() as u32);
        self.arcs.extend_from_slice(arcs);
    }

    /// The contexts of which something is known, with their arcs.
    pub(crate) fn known(&self) -> impl Iterator<Item = (usize, &[Arcs])> {
        let starts = self.starts.iter().enumerate();
        starts.filter_map(|(k, start)| Some((k, &self.arcs[(*start)? as usize..][..N_SYMBOLS])))
    }

    /// The probability of the fact after a turn in `context` in which `symbol` was heard.
    #[inline]
    pub(crate) fn next(&self, prob: f32, context: usize, symbol: usize) -> f32 {
        let start = self.starts.get(context).copied().flatten();
        let arcs = start.and_then(|start| self.arcs.get(start as usize + symbol));
        let Some(&[stays_out, comes, goes, stays]) = arcs else {
            return prob;
        };
        let (not, is) = (1.0 - prob, prob);
        let against = not * stays_out + is * goes;
        let speaks_for = not * comes + is * stays;
        (speaks_for / (against + speaks_for)).clamp(LEAST, 1.0 - LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_bayes_rule_over_the_four_arcs() {
        let mut table = FactTable::empty();
        let mut arcs = vec![[1.0, 0.0, 0.0, 1.0]; N_SYMBOLS];
        arcs[3] = [0.02, 0.1, 0.01, 0.4];
        table.set(2, &arcs);
        let expected = (0.7 * 0.1 + 0.3 * 0.4) / (0.7 * 0.12 + 0.3 * 0.41);
        assert!((table.next(0.3, 2, 3) - expected).abs() < 1e-6);
        // A symbol that both states give alike says nothing, nor does a context that was never counted.
        assert!((table.next(0.3, 2, 0) - 0.3).abs() < 1e-6);
        assert_eq!(table.next(0.3, 5, 3), 0.3);
    }
}
