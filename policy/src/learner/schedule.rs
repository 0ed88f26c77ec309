//! What learners that explore have in common: schedules, the choice of an action, figures of calls.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::call::outcome::{CallSummary, Outcome};

/// Goes from `start` to `end` linearly over the first `share` of the run and stays there;
/// `done` is the share of the run that lies behind, in `[0, 1]`.
pub(super) fn linear(start: f64, end: f64, share: f64, done: f64) -> f64 {
    let at = (done / share).min(1.0);
    start * (1.0 - at) + end * at
}

/// With probability `epsilon` an allowed action drawn uniformly, else the one that `greedy` finds;
/// `uniform` is a draw in `[0, 1)` that serves for both.
pub(super) fn epsilon_greedy(
    epsilon: f64,
    mask: ActionMask,
    uniform: f32,
    greedy: impl FnOnce() -> ActionId,
) -> ActionId {
    let uniform = f64::from(uniform);
    if uniform >= epsilon {
        return greedy();
    }
    let count = mask.count();
    let k = (uniform / epsilon * f64::from(count)) as u32;
    mask.nth(k.min(count - 1))
}

/// Means over calls that ended while a learner played, under the names of CleanRL: undiscounted
/// return in reward units, system turns, share that reached its purpose. None without calls.
pub(super) fn describe(ended: &[CallSummary]) -> Vec<(&'static str, f64)> {
    if ended.is_empty() {
        return Vec::new();
    }
    let mean = |f: fn(&CallSummary) -> f64| ended.iter().map(f).sum::<f64>() / ended.len() as f64;
    vec![
        ("charts/episodic_return", mean(|call| call.return_.into())),
        ("charts/episodic_length", mean(|call| call.turns.into())),
        (
            "charts/completion",
            mean(|call| f64::from(u8::from(call.outcome == Outcome::Completed))),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_falls_linearly_and_stays() {
        let at = |done| linear(1.0, 0.2, 0.5, done);
        assert_eq!((at(0.0), at(0.5), at(1.0)), (1.0, 0.2, 0.2));
        assert!((at(0.25) - 0.6).abs() < 1e-12);
    }

    #[test]
    fn exploration_draws_allowed_actions_alike() {
        let mask: ActionMask = [1, 4, 6].into_iter().collect();
        let draw = |k: u32| epsilon_greedy(0.6, mask, k as f32 / 1000.0, || 1);
        let count = |action| (0..1000).filter(|k| draw(*k) == action).count();
        assert_eq!((count(1), count(4), count(6)), (600, 200, 200));
        assert_eq!(epsilon_greedy(1.0, mask, 0.999_999_94, || 0), 6);
    }
}
