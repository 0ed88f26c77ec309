//! What a training experiment found, for everybody who shows or stores it.

use super::curve::LearningCurve;
use super::judge::Judgement;
use super::verdict::Verdict;

/// What a training experiment found.
pub struct TrainResult {
    /// Name of the experiment.
    pub name: String,
    /// The scenario as the config names it.
    pub scenario: String,
    /// The scenario's name in its file.
    pub scenario_name: String,
    /// What the calls are for.
    pub purpose: String,
    /// Held-out calls per seed and point of the learning curve.
    pub curve_calls: u64,
    /// Every policy on held-out calls.
    pub judgement: Judgement,
    /// Completion while learning, with the hand-written flow beside it.
    pub curve: LearningCurve,
    /// Whether the exported table may replace the hand-written flow.
    pub verdict: Verdict,
}
