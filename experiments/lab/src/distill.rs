//! Distilling a policy into a table of a scenario; for the pipeline and for `offhook table distill`.

use std::collections::BTreeMap;
use std::sync::Arc;

use offhook_env::call::batch::CallBatch;
use offhook_env::policy::Policy;
use offhook_policy::distill::{DistillConfig, RoundMetrics, distill};
use offhook_table::{DecisionTable, Traffic};
use serde_json::Value;

use crate::error::Failure;
use crate::policies::table_layout;
use offhook_simulator::world::CallWorld;
use offhook_table::agent::constraints;

/// Distills `policy` in a world; `provenance` goes into the table.
///
/// # Errors
/// A setting out of range, or a scenario that tables cannot hold.
pub fn distill_table(
    world: &Arc<CallWorld>,
    policy: &dyn Policy,
    config: &DistillConfig,
    seed: u64,
    provenance: BTreeMap<String, Value>,
    on_round: &mut dyn FnMut(u64),
) -> Result<(DecisionTable, Vec<RoundMetrics>), Failure> {
    let scenario = &*world.scenario;
    let mut env = CallBatch::new(world.clone(), config.n_calls, 0);
    let (rules, masks) = constraints(scenario);
    let distilled = distill(&mut env, policy, &rules, &masks, config, seed, on_round)?;
    let close = scenario.layout.action("close").unwrap_or(0);
    let layout = table_layout(scenario)?;
    let mut traffic = Traffic::new(&layout);
    for codes in distilled.visits.codes.chunks_exact(layout.features().len()) {
        traffic.record(codes);
    }
    let rules = distilled.rules;
    let table = DecisionTable::new(&scenario.name, layout, rules, close, provenance)?
        .with_traffic(traffic)?;
    Ok((table, distilled.rounds))
}
