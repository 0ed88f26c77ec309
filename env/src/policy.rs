//! What decides at every turn: one required method, from which sampling and the best act follow.

use crate::action::{ActionId, ActionMask, MAX_ACTIONS};

/// All that a policy sees: one code per feature of the layout, and the allowed actions.
#[derive(Clone, Copy, Debug)]
pub struct Observation<'a> {
    /// The level of every feature, in the order of the layout.
    pub codes: &'a [u8],
    /// The allowed actions; never empty.
    pub mask: ActionMask,
}

/// A dialog policy: probabilities over the allowed actions.
///
/// Learning samples from them, off-policy evaluation reads them, export takes the best.
pub trait Policy: Send + Sync {
    /// Writes the probability of every action into `out`, one entry per action of the scenario;
    /// masked actions get 0 and the rest sums to 1.
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]);

    /// The most probable action, the first among equals.
    fn best(&self, observation: Observation<'_>, n_actions: usize) -> ActionId {
        let mut probs = [0.0; MAX_ACTIONS];
        self.probabilities(observation, &mut probs[..n_actions]);
        arg_max(&probs[..n_actions], observation.mask)
    }

    /// Whether the best action is a substitute: what the policy itself would do there is masked. Never so for a
    /// policy that chooses among the allowed actions, as all do that are learned with the mask.
    fn is_held_back(&self, _observation: Observation<'_>) -> bool {
        false
    }

    /// An action drawn with the policy's probabilities; `uniform` is a draw in `[0, 1)`.
    fn sample(&self, observation: Observation<'_>, n_actions: usize, uniform: f32) -> ActionId {
        let mut probs = [0.0; MAX_ACTIONS];
        self.probabilities(observation, &mut probs[..n_actions]);
        draw(&probs[..n_actions], observation.mask, uniform)
    }
}

/// The allowed action of the highest score, the first among equals.
///
/// # Panics
/// If nothing is allowed.
pub fn arg_max(scores: &[f32], mask: ActionMask) -> ActionId {
    let mut allowed = mask.iter();
    let first = allowed.next().expect("at least one action is allowed");
    allowed.fold(first, |best, action| {
        if scores[action as usize] > scores[best as usize] {
            action
        } else {
            best
        }
    })
}

/// Inverts the cumulative distribution over the allowed actions at `uniform` in `[0, 1)`.
///
/// # Panics
/// If nothing is allowed.
pub fn draw(probs: &[f32], mask: ActionMask, uniform: f32) -> ActionId {
    let mut left = uniform;
    let mut last = None;
    for action in mask.iter() {
        last = Some(action);
        left -= probs[action as usize];
        if left < 0.0 {
            return action;
        }
    }
    // Rounding may leave a sliver behind the last action.
    last.expect("at least one action is allowed")
}

/// Chooses uniformly among the allowed actions.
#[derive(Clone, Copy, Debug)]
pub struct RandomPolicy;

impl Policy for RandomPolicy {
    fn probabilities(&self, observation: Observation<'_>, out: &mut [f32]) {
        let share = 1.0 / observation.mask.count() as f32;
        for (action, prob) in out.iter_mut().enumerate() {
            *prob = if observation.mask.allows(action as ActionId) {
                share
            } else {
                0.0
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_action_is_never_drawn() {
        let mask: ActionMask = [1, 4].into_iter().collect();
        let seen = Observation { codes: &[], mask };
        for k in 0..100 {
            let action = RandomPolicy.sample(seen, 6, k as f32 / 100.0);
            assert_eq!(action, if k < 50 { 1 } else { 4 });
        }
        assert_eq!(arg_max(&[9.0, 1.0, 9.0, 9.0, 2.0], mask), 4);
        assert_eq!(draw(&[0.0, 0.5, 0.0, 0.0, 0.499], mask, 0.9999), 4);
    }
}
