//! The turns of a call log as a table sees them.

use std::path::Path;

use offhook_env::log::{CallLog, Step, replay};
use offhook_env::scenario::Scenario;
use offhook_table::{DecisionTable, Monitor};

use crate::disk::jsonl;
use crate::error::Failure;

/// Replays every call of a log through the tracker, but for those that reached nobody.
///
/// # Errors
/// If the log cannot be read or has no turn, or a line of it is no call of the scenario.
pub fn for_each_call(
    log: &Path,
    scenario: &Scenario,
    mut each: impl FnMut(&CallLog, &[Step]),
) -> Result<(), Failure> {
    let place = |message: String| Failure::failed(format!("'{}' {message}", log.display()));
    let mut is_empty = true;
    for call in jsonl::calls(log)? {
        let (line, call) = call?;
        let episode = replay(scenario, &call).map_err(|e| place(format!("line {line}: {e}")))?;
        if !episode.steps.is_empty() {
            is_empty = false;
            each(&call, &episode.steps);
        }
    }
    if is_empty {
        return Err(place("has no turn, expected at least one call".to_owned()));
    }
    Ok(())
}

/// Calls of a log are counted in as many groups at most, so that a long one takes no more memory than a short one.
const MAX_GROUPS: usize = 1_000;

/// What a table would have decided in the calls of a log, call by call (where there are very many, in groups of
/// them), and the share of turns where that is what the log says was done, `[0, 1]`.
///
/// # Errors
/// As [`for_each_call`].
pub fn monitor(
    table: &DecisionTable,
    scenario: &Scenario,
    log: &Path,
) -> Result<(Vec<Monitor>, f64), Failure> {
    let mut monitors: Vec<Monitor> = Vec::new();
    let (mut n_calls, mut n_turns, mut n_alike) = (0, 0u64, 0u64);
    for_each_call(log, scenario, |_, steps| {
        if monitors.len() < MAX_GROUPS {
            monitors.push(Monitor::new(table));
        }
        let monitor = &mut monitors[n_calls % MAX_GROUPS];
        n_calls += 1;
        for step in steps {
            let decision = table.decide(&step.codes);
            monitor.record(&step.codes, decision);
            n_turns += 1;
            n_alike += u64::from(decision.action == step.action);
        }
    })?;
    Ok((monitors, n_alike as f64 / n_turns as f64))
}
