//! A log small enough to be worked by hand.

use offhook_env::action::ActionMask;
use offhook_env::belief::layout::Layout;
use offhook_stats::sums::Sums;

use super::weights::Importance;
use crate::data::trajectories::Trajectories;

/// Weights of a policy that does what the log does.
pub const ALL_ONE: [f64; 5] = [1.0; 5];

/// Three calls of 2, 1 and 2 decisions, the last truncated, every decision in a state of its own;
/// rewards 1, 2 | 4 | 0, 8; ratios 2, 0.5 | 0.5 | 2, 2.
pub fn worked_example() -> (Trajectories, Importance) {
    let calls = Trajectories {
        codes: vec![0, 1, 2, 3, 4],
        masks: vec![ActionMask(0b11); 5],
        actions: vec![0, 1, 1, 0, 0],
        rewards: vec![1.0, 2.0, 4.0, 0.0, 8.0],
        action_probs: Some(vec![0.25, 0.5, 0.5, 0.25, 0.25]),
        starts: vec![0, 2, 3, 5],
        groups: vec![0, 1, 2],
        truncated: vec![false, false, true],
    };
    let target = super::weights::Target {
        n_actions: 2,
        probs: vec![0.5, 0.5, 0.75, 0.25, 0.75, 0.25, 0.5, 0.5, 0.5, 0.5],
    };
    let probs = calls.action_probs.clone().unwrap_or_default();
    let importance = Importance::new(&calls, &target, &probs);
    (calls, importance)
}

/// The layout of such a log: one feature with a level per state, two actions.
pub fn layout_of(calls: &Trajectories) -> Layout {
    crate::testing::layout(&[calls.len()], 2)
}

/// The estimate without its interval.
pub fn value(sums: &Sums) -> f64 {
    let estimate = sums.estimate(&[0, 0, 0], 0.95, 0, |_, _| Vec::new());
    estimate.map_or(f64::NAN, |found| found.value)
}
