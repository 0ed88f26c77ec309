//! What one run came to, as far as runs are compared.

use std::collections::BTreeMap;

use offhook_stats::Estimate;

use super::callers::Callers;
use crate::disk::csv;
use crate::run::judge::{Contestant, Entry};
use crate::run::verdict::Verdict;
use crate::unit::Unit;

/// Policies that are compared.
pub const COMPARED: [Contestant; 3] = [
    Contestant::Reinforcement,
    Contestant::Table,
    Contestant::Script,
];

/// What one run came to.
pub struct RunScore {
    /// The shortest end of its path that tells it apart.
    pub name: String,
    /// Name of its scenario.
    pub scenario: String,
    /// Training seeds, in order.
    pub seeds: Vec<u64>,
    /// Held-out calls that every policy played, over all seeds.
    pub n_calls: u64,
    /// What the run said of the table that it ships; `None` of a run of before there were verdicts.
    pub verdict: Option<Verdict>,
    /// SHA-256 of all that defines the calls: scenario, library, channel.
    pub(super) calls_hash: String,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) entries: Vec<Entry>,
    /// Who was called, where callers are told apart.
    pub(super) callers: Option<Callers>,
}

impl RunScore {
    /// A policy of the run; `None` if it had none of the kind.
    pub fn entry(&self, policy: Contestant) -> Option<&Entry> {
        self.entries.iter().find(|e| e.contestant == policy)
    }
}

/// Value, ends and unit as cells.
pub(super) fn numbers(estimate: &Estimate, unit: &Unit) -> [String; 4] {
    let (low, high) = estimate.bounds.unzip();
    let [value, low, high] = [Some(estimate.value), low, high].map(csv::number);
    [value, low, high, unit.name().to_owned()]
}
