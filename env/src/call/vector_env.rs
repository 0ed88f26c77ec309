//! Many calls at once: the interface between whatever plays calls and whatever learns from them.

use crate::action::{ActionId, ActionMask};
use crate::belief::layout::Layout;
use crate::call::outcome::CallSummary;
use crate::rng::Stream;

/// Several independent episodes that are stepped together, in the manner of Gymnasium's
/// `VectorEnv` with *same-step* autoreset: when an episode ends, the observation that comes back
/// is already the first of the next one, and the last one stands in `final_codes`.
pub trait VectorEnv: Send {
    /// Names of features and actions.
    fn layout(&self) -> &Layout;

    /// How many episodes run side by side.
    fn n_calls(&self) -> usize;

    /// Starts anew: slot `i` plays episodes `i`, `i + n_calls`, `i + 2 n_calls`, ... of
    /// (`seed`, `stream`), so that an episode is a function of (`seed`, `stream`, its number) alone.
    fn reset(&mut self, seed: u64, stream: Stream, out: &mut StepBatch);

    /// Takes one action per call and fills `out`. Allocates nothing.
    ///
    /// # Panics
    /// If `actions` has another length than `n_calls()` or an action is masked.
    fn step(&mut self, actions: &[ActionId], out: &mut StepBatch);

    /// Copies running calls into a new environment, each with a fresh generator
    /// (`seed`, [`Stream::Fork`], position in `slots`) but the same hidden customer: what would
    /// happen after another action? An ended fork starts over with episodes of its own, which the
    /// caller ignores. `out` is filled as by `reset`.
    fn fork(&self, slots: &[u32], seed: u64, out: &mut StepBatch) -> Box<dyn VectorEnv>;
}

/// What one step gives back, one entry (or row) per call.
#[derive(Clone, Debug, Default)]
pub struct StepBatch {
    /// Observation codes to act on next, `n_calls x n_features`, row by row.
    pub codes: Vec<u8>,
    /// Allowed actions for that observation.
    pub masks: Vec<ActionMask>,
    /// Reward of the step just taken, in reward units.
    pub rewards: Vec<f32>,
    /// The call is over; the value beyond is 0.
    pub terminated: Vec<bool>,
    /// We stopped watching; bootstrap from `final_codes`.
    pub truncated: Vec<bool>,
    /// Last observation of an episode that ended in this step, `n_calls x n_features`; rows of
    /// calls that go on are stale.
    pub final_codes: Vec<u8>,
    /// Allowed actions of the last observation, for calls that ended in this step.
    pub final_masks: Vec<ActionMask>,
    /// Slot and summary of every episode that ended in this step, in the order of the slots.
    pub ended: Vec<(u32, CallSummary)>,
}

impl StepBatch {
    /// Buffers for `n_calls` calls of `n_features` features; later steps allocate nothing.
    pub fn new(n_calls: usize, n_features: usize) -> Self {
        Self {
            codes: vec![0; n_calls * n_features],
            masks: vec![ActionMask::default(); n_calls],
            rewards: vec![0.0; n_calls],
            terminated: vec![false; n_calls],
            truncated: vec![false; n_calls],
            final_codes: vec![0; n_calls * n_features],
            final_masks: vec![ActionMask::default(); n_calls],
            ended: Vec::with_capacity(n_calls),
        }
    }

    /// The observation of call `slot`.
    pub fn observation(&self, slot: usize, n_features: usize) -> crate::policy::Observation<'_> {
        crate::policy::Observation {
            codes: &self.codes[slot * n_features..(slot + 1) * n_features],
            mask: self.masks[slot],
        }
    }
}
