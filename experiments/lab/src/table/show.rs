//! Calls of a log in which the rules of a table fired.

use std::path::Path;

use offhook_env::log::TurnLog;
use offhook_env::scenario::Scenario;
use offhook_table::DecisionTable;

use super::turns::for_each_call;
use crate::error::Failure;

/// Example calls of a rule.
const N_EXAMPLES: usize = 2;
/// Turns of an example: what led to the rule, and what it did.
const N_TURNS: usize = 3;

/// A call in which a rule fired.
#[derive(Clone, Debug)]
pub struct Example {
    /// The call.
    pub call_id: String,
    /// The turn in which the rule fired, counted from 1.
    pub turn: usize,
    /// That turn, and those that led to it.
    pub turns: Vec<TurnLog>,
}

/// The first calls of a log in which each rule fired and its action was taken, rule by rule.
///
/// # Errors
/// If the log cannot be read or is of another scenario.
pub fn examples(
    table: &DecisionTable,
    scenario: &Scenario,
    log: &Path,
) -> Result<Vec<Vec<Example>>, Failure> {
    let mut examples = vec![Vec::new(); table.rules().len()];
    for_each_call(log, scenario, |call, steps| {
        // A rule that fires twice in a call is shown once.
        let mut shown = Vec::new();
        for (turn_idx, step) in steps.iter().enumerate() {
            let decision = table.decide(&step.codes);
            let Some(rule) = decision.rule.map(|rule| rule as usize) else {
                continue;
            };
            let found: &mut Vec<Example> = &mut examples[rule];
            if decision.action != step.action || found.len() == N_EXAMPLES || shown.contains(&rule)
            {
                continue;
            }
            shown.push(rule);
            let first = (turn_idx + 1).saturating_sub(N_TURNS);
            found.push(Example {
                call_id: call.call_id.clone(),
                turn: turn_idx + 1,
                turns: call.turns[first..=turn_idx].to_vec(),
            });
        }
    })?;
    Ok(examples)
}
