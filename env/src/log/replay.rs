//! A logged call as the tracker sees it: what learners and tables read.

use super::acts::ActReader;
use super::call::CallLog;
use crate::action::{ActionId, ActionMask};
use crate::belief::caller::CallerRecord;
use crate::belief::tracker::BeliefState;
use crate::scenario::Scenario;

/// One step of a replayed call, as a learner wants it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Observation before the action.
    pub codes: Vec<u8>,
    /// Actions allowed then.
    pub mask: ActionMask,
    /// The action taken.
    pub action: ActionId,
    /// Its probability, if logged.
    pub action_prob: Option<f64>,
    /// Reward of the turn, if logged.
    pub reward: Option<f32>,
}

/// A logged call as the tracker saw it.
#[derive(Clone, Debug)]
pub struct Episode {
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Acts and hypotheses that did not fit and were left out.
    pub n_dropped: usize,
}

/// Replays a logged call through the tracker.
///
/// # Errors
/// The turn and what is wrong with it: another scenario, an unknown action or act.
pub fn replay(scenario: &Scenario, call: &CallLog) -> Result<Episode, String> {
    if call.scenario != scenario.name {
        return Err(format!(
            "the call is of scenario `{}`, expected `{}`",
            call.scenario, scenario.name
        ));
    }
    let mut reader = ActReader::new(scenario);
    let (record, n_unknown) = CallerRecord::read(scenario, &call.caller);
    let mut belief = BeliefState::with(scenario, &record);
    let mut steps = Vec::with_capacity(call.turns.len());
    for (k, turn) in call.turns.iter().enumerate() {
        let action = scenario.layout.action(&turn.action).ok_or_else(|| {
            let hint = crate::diagnostic::suggestion(
                &turn.action,
                scenario.layout.actions.iter().map(String::as_str),
            );
            format!("turn {k}: unknown action `{}`: {hint}", turn.action)
        })?;
        let observation = belief.observation(scenario);
        steps.push(Step {
            codes: observation.codes.to_vec(),
            mask: observation.mask,
            action,
            action_prob: turn.action_prob,
            reward: turn.reward,
        });
        let n_best = reader
            .n_best(&turn.n_best)
            .map_err(|e| format!("turn {k}: {e}"))?;
        belief.update(scenario, action, &n_best);
    }
    Ok(Episode {
        steps,
        n_dropped: reader.n_dropped() + n_unknown,
    })
}
