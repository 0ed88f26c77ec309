//! Which seed's table ships.

use offhook_env::call::outcome::{CallSummary, Outcome};

/// A table on calls that judge nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Share of the calls that it completes beyond the hand-written flow's, on the same ones.
    more_complete: f64,
    /// Mean return, in reward units.
    mean_return: f64,
}

impl Candidate {
    /// What is known of a table from its calls and the same ones with the script.
    pub fn new(table: &[CallSummary], script: &[CallSummary]) -> Self {
        let n_calls = table.len().max(1) as f64;
        let completed = |calls: &[CallSummary]| {
            let is_complete = |call: &&CallSummary| call.outcome == Outcome::Completed;
            calls.iter().filter(is_complete).count() as f64
        };
        let return_: f64 = table.iter().map(|call| f64::from(call.return_)).sum();
        Self {
            more_complete: (completed(table) - completed(script)) / n_calls,
            mean_return: return_ / n_calls,
        }
    }
}

/// The one that returns most of those that complete no less than the script, for no return makes up for
/// business that is not done; if there is none, the one that completes most. The first among equals.
pub fn shipped(candidates: &[Candidate]) -> usize {
    let rank = |candidate: &Candidate| match candidate.more_complete {
        more if more >= 0.0 => (0.0, candidate.mean_return),
        less => (less, candidate.mean_return),
    };
    let better = |best: usize, k: usize| match rank(&candidates[k]) > rank(&candidates[best]) {
        true => k,
        false => best,
    };
    (1..candidates.len()).fold(0, better)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_return_makes_up_for_business_that_is_not_done() {
        let of = |pairs: &[(f64, f64)]| {
            let candidates = pairs.iter().map(|&(more_complete, mean_return)| Candidate {
                more_complete,
                mean_return,
            });
            shipped(&candidates.collect::<Vec<_>>())
        };
        assert_eq!(of(&[(-0.06, 9.0), (0.01, 5.0), (0.0, 7.0)]), 2);
        assert_eq!(of(&[(-0.06, 9.0), (-0.02, 5.0), (-0.03, 7.0)]), 1);
        assert_eq!(of(&[(0.01, 5.0), (0.02, 5.0)]), 0);
    }
}
