//! Policies by name: `random`, `script`, `privileged`, a run directory, a checkpoint, or a table.

use std::path::Path;
use std::sync::Arc;

use offhook_env::action::ActionId;
use offhook_env::policy::{Observation, Policy, RandomPolicy};
use offhook_env::scenario::Scenario;
use offhook_policy::checkpoint::Checkpoint;
use offhook_policy::fused::FusedPolicy;
use offhook_table::DecisionTable;

use crate::error::Failure;
use crate::play::Choice;

/// A policy by name, and how it chooses: `random` draws, `privileged` plans ahead with the script, or
/// with another policy after `privileged=`, all others take their best action.
///
/// # Errors
/// If there is no such policy, or it was made for another scenario.
pub fn find(name: &str, scenario: &Scenario) -> Result<(Arc<dyn Policy>, Choice), Failure> {
    match name {
        "random" => return Ok((Arc::new(RandomPolicy), Choice::Sample)),
        "privileged" => return Ok((Arc::new(scenario.script()), Choice::Plan)),
        "script" => return Ok((Arc::new(scenario.script()), Choice::Best)),
        _ => {}
    }
    if let Some(base) = name.strip_prefix("privileged=") {
        return Ok((find(base, scenario)?.0, Choice::Plan));
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(Failure::usage(format!(
            "no policy '{name}': expected random, script, privileged, a run directory, a checkpoint or a table"
        )));
    }
    if path
        .extension()
        .is_some_and(|ending| ending == "safetensors")
    {
        return Ok((Arc::new(open_network(path, scenario)?), Choice::Best));
    }
    Ok((
        Arc::new(TablePolicy::new(open_table(path)?, scenario)?),
        Choice::Best,
    ))
}

/// Reads a table file, or the table of a run directory.
///
/// # Errors
/// If it cannot be read, or is no sound table.
pub fn open_table(path: &Path) -> Result<DecisionTable, Failure> {
    let path = if path.is_dir() {
        path.join("table.json")
    } else {
        path.to_owned()
    };
    let bytes = std::fs::read(&path)
        .map_err(|e| Failure::failed(format!("cannot read '{}': {e}", path.display())))?;
    DecisionTable::from_json(&bytes)
        .map_err(|e| Failure::failed(format!("'{}': {e}", path.display())))
}

/// Reads the network of a checkpoint.
///
/// # Errors
/// If it cannot be read, or was made for another scenario.
pub fn open_network(path: &Path, scenario: &Scenario) -> Result<FusedPolicy, Failure> {
    let place = |e: &dyn std::fmt::Display| Failure::failed(format!("'{}': {e}", path.display()));
    let bytes = std::fs::read(path).map_err(|e| place(&e))?;
    let checkpoint = Checkpoint::from_bytes(&bytes).map_err(|e| place(&e))?;
    checkpoint
        .check_layout(&scenario.layout)
        .map_err(|e| place(&e))?;
    Ok(FusedPolicy::new(&checkpoint.weights, &scenario.layout))
}

/// A decision table as a policy; what it may not do here it does not do.
pub struct TablePolicy {
    table: DecisionTable,
}

impl TablePolicy {
    /// A table that was made for this scenario's layout.
    ///
    /// # Errors
    /// If features, levels or actions differ; both sides are named.
    pub fn new(table: DecisionTable, scenario: &Scenario) -> Result<Self, Failure> {
        let layout = table_layout(scenario)?;
        if table.scenario() != scenario.name {
            let (found, expected) = (table.scenario(), &scenario.name);
            return Err(Failure::failed(format!(
                "the table is for scenario '{found}', not for '{expected}'"
            )));
        }
        layout.check_same(table.layout())?;
        Ok(Self { table })
    }
}

/// The scenario's layout as tables know it.
///
/// # Errors
/// Never for a scenario that was checked; the limits are the same.
pub fn table_layout(scenario: &Scenario) -> Result<offhook_table::Layout, Failure> {
    let feature = |f: &offhook_env::layout::Feature| {
        let levels: Vec<&str> = f.levels.iter().map(String::as_str).collect();
        offhook_table::Feature::new(&f.name, &levels)
    };
    let features = scenario.layout.features.iter().map(feature).collect();
    Ok(offhook_table::Layout::new(
        features,
        scenario.layout.actions.clone(),
    )?)
}

impl Policy for TablePolicy {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        out.fill(0.0);
        out[self.best(observation, out.len()) as usize] = 1.0;
    }

    fn best(&self, observation: Observation<'_>, _n_actions: usize) -> ActionId {
        let action = self.table.decide(observation.codes).action;
        // A verified table never comes here; an unverified one must not break a rule either.
        if observation.mask.allows(action) {
            action
        } else {
            observation.mask.nth(0)
        }
    }
}
