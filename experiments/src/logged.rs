//! Logged calls as trajectories: what offline learners and replay buffers start from.

use std::collections::BTreeMap;
use std::path::Path;

use offhook_env::log::{CallLog, read_calls, replay};
use offhook_env::outcome::Outcome;
use offhook_env::scenario::Scenario;
use offhook_policy::trajectories::Trajectories;

use crate::error::Failure;
use crate::jsonl;

/// Reads a call log; calls of one caller are a group.
///
/// # Errors
/// If it cannot be read; the line of a call that does not fit, takes a masked action or lacks a
/// reward.
pub fn read(scenario: &Scenario, path: &Path) -> Result<Trajectories, Failure> {
    let mut calls = Trajectories::default();
    let mut callers = BTreeMap::new();
    for call in read_calls(jsonl::open(path)?) {
        let (line, call) =
            call.map_err(|e| Failure::failed(format!("'{}' {e}", path.display())))?;
        let n_callers = callers.len() as u32;
        let group = *callers.entry(call.caller.id.clone()).or_insert(n_callers);
        add(&mut calls, scenario, &call, group)
            .map_err(|e| Failure::failed(format!("'{}' line {line}: {e}", path.display())))?;
    }
    if calls.n_episodes() < 2 {
        let n = calls.n_episodes();
        let path = path.display();
        return Err(Failure::failed(format!(
            "'{path}' holds {n} calls, expected at least 2; make a log with `offhook simulate`"
        )));
    }
    Ok(calls)
}

/// Adds a call to `calls`, whose caller has the number `group`.
///
/// # Errors
/// The turn that does not fit the scenario, takes a masked action or lacks a reward.
pub fn add(
    calls: &mut Trajectories,
    scenario: &Scenario,
    call: &CallLog,
    group: u32,
) -> Result<(), String> {
    let episode = replay(scenario, call)?;
    if episode.steps.is_empty() {
        return Err("the call has no turn".to_owned());
    }
    if calls.starts.is_empty() {
        calls.starts.push(0);
        calls.action_probs = Some(Vec::new());
    }
    for (k, step) in episode.steps.iter().enumerate() {
        if !step.mask.allows(step.action) {
            let action = &scenario.layout.actions[step.action as usize];
            return Err(format!("turn {k}: action `{action}` is masked there"));
        }
        let reward = step.reward.ok_or_else(|| {
            format!("turn {k}: there is no `reward`, which learning from a log needs")
        })?;
        calls.codes.extend(&step.codes);
        calls.masks.push(step.mask);
        calls.actions.push(step.action);
        calls.rewards.push(reward);
        // One probability that is missing makes all useless.
        match (&mut calls.action_probs, step.action_prob) {
            (Some(probs), Some(prob)) => probs.push(prob as f32),
            _ => calls.action_probs = None,
        }
    }
    calls.starts.push(calls.actions.len() as u32);
    calls.groups.push(group);
    calls
        .truncated
        .push(call.outcome == Some(Outcome::Truncated));
    Ok(())
}
