//! What a training seed has come to, for those who judge it.

use std::sync::Arc;

use offhook_env::policy::Policy;
use offhook_table::DecisionTable;

use super::metrics::Row;

/// What one seed has learned.
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// The clone of the hand-written flow.
    pub imitation: Arc<dyn Policy>,
    /// A policy that sees the hidden customer.
    pub teacher: Option<Arc<dyn Policy>>,
    /// What an expert made of the clone.
    pub student: Option<Arc<dyn Policy>>,
    /// What reinforcement made of either.
    pub reinforcement: Arc<dyn Policy>,
    /// The table distilled from it.
    pub table: DecisionTable,
    /// Every number measured on the way.
    pub rows: Vec<Row>,
}
