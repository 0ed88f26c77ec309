//! Small layouts and observations for unit tests.

use offhook_env::action::ActionMask;
use offhook_env::belief::layout::{Feature, Layout};
use offhook_env::rng::{Stream, uniform_at};

use crate::data::rollout::Rollout;

/// A layout with the given numbers of levels and actions.
pub fn layout(n_levels: &[usize], n_actions: usize) -> Layout {
    let feature = |(i, &n): (usize, &usize)| Feature {
        name: format!("feature {i}"),
        levels: (0..n).map(|l| format!("level {l}")).collect(),
    };
    Layout {
        tracker: None,
        scenario: "test".to_owned(),
        features: n_levels.iter().enumerate().map(feature).collect(),
        actions: (0..n_actions).map(|a| format!("action {a}")).collect(),
    }
}

/// `n` random observations, row by row, each with at least one allowed action.
pub fn observations(layout: &Layout, n: u64, seed: u64) -> (Vec<u8>, Vec<ActionMask>) {
    let draw = |row: u64, col: usize| uniform_at(seed, Stream::Act, row, col as u64);
    let mut codes = Vec::new();
    let mut masks = Vec::new();
    for row in 0..n {
        for (f, feature) in layout.features.iter().enumerate() {
            codes.push((draw(row, f) * feature.levels.len() as f32) as u8);
        }
        let allowed = (0..layout.n_actions()).filter(|a| *a == 0 || draw(row, 100 + a) < 0.5);
        masks.push(allowed.map(|a| a as u8).collect());
    }
    (codes, masks)
}

/// One step of some calls, each with its mask, action, log-probability and value.
pub fn rollout(rows: &[(u64, u8, f32, f32)]) -> Rollout {
    let mut rollout = Rollout::of_size(rows.len(), 1, 1);
    for (i, &(mask, action, log_prob, value)) in rows.iter().enumerate() {
        rollout.masks[i] = ActionMask(mask);
        rollout.actions[i] = action;
        rollout.log_probs[i] = log_prob;
        rollout.values[i] = value;
    }
    rollout
}
