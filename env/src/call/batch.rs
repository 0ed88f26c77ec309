//! Many calls side by side behind [`VectorEnv`], without allocation per step.

use std::sync::Arc;

use crate::action::ActionId;
use crate::belief::layout::Layout;
use crate::call::customer::Customers;
use crate::call::outcome::Outcome;
use crate::call::privileged::HiddenFeatures;
use crate::call::vector_env::{StepBatch, VectorEnv};
use crate::call::{Call, Turn, World};
use crate::rng::{Stream, derive};

/// Calls of one world, stepped together.
pub struct CallBatch<C: Customers> {
    world: Arc<World<C>>,
    /// What observations show beyond what the robot knows, if they do.
    hidden: Option<Arc<HiddenFeatures>>,
    calls: Vec<Call<C::Customer>>,
    n_calls: usize,
    first_episode: u64,
    seed: u64,
    stream: Stream,
}

impl<C: Customers> CallBatch<C> {
    /// `n_calls` calls; slot `i` plays episodes `first_episode + i`, `first_episode + i + n_calls`, ...
    ///
    /// # Panics
    /// If `n_calls` is 0.
    pub fn new(world: Arc<World<C>>, n_calls: usize, first_episode: u64) -> Self {
        assert!(n_calls > 0, "a batch holds at least one call");
        Self {
            world,
            hidden: None,
            calls: Vec::with_capacity(n_calls),
            n_calls,
            first_episode,
            seed: 0,
            stream: Stream::Train,
        }
    }

    /// The same calls for a learner that sees the hidden customer: observations have the codes of
    /// [`HiddenFeatures`] behind them. Equal seeds and actions give equal calls.
    ///
    /// # Panics
    /// If `n_calls` is 0.
    pub fn privileged(world: Arc<World<C>>, n_calls: usize, first_episode: u64) -> Self {
        Self {
            hidden: Some(Arc::new(HiddenFeatures::new(&world.scenario))),
            ..Self::new(world, n_calls, first_episode)
        }
    }

    /// What the calls share.
    pub fn world(&self) -> &World<C> {
        &self.world
    }

    /// The call that runs in `slot`, its customer included.
    ///
    /// # Panics
    /// If there is no such slot, or before the first reset.
    pub fn call(&self, slot: usize) -> &Call<C::Customer> {
        &self.calls[slot]
    }

    /// The layout of the observations.
    #[inline]
    fn view(&self) -> &Layout {
        let hidden = self.hidden.as_ref();
        hidden.map_or(&self.world.scenario.layout, |hidden| hidden.layout())
    }

    #[inline]
    fn observe(&self, slot: usize, out: &mut StepBatch) {
        let n_features = self.view().n_features();
        let call = &self.calls[slot];
        let row = &mut out.codes[slot * n_features..(slot + 1) * n_features];
        match &self.hidden {
            None => call.belief.copy_codes(row),
            Some(hidden) => hidden.copy_codes(&self.world, call, row),
        }
        out.masks[slot] = call.belief.mask();
    }

    fn observe_all(&self, out: &mut StepBatch) {
        let n_features = self.view().n_features();
        if out.masks.len() != self.n_calls || out.codes.len() != self.n_calls * n_features {
            *out = StepBatch::new(self.n_calls, n_features);
        }
        for slot in 0..self.n_calls {
            self.observe(slot, out);
        }
        out.rewards.fill(0.0);
        out.terminated.fill(false);
        out.truncated.fill(false);
        out.ended.clear();
    }
}

impl<C: Customers + 'static> VectorEnv for CallBatch<C> {
    fn layout(&self) -> &Layout {
        self.view()
    }

    fn n_calls(&self) -> usize {
        self.n_calls
    }

    fn reset(&mut self, seed: u64, stream: Stream, out: &mut StepBatch) {
        (self.seed, self.stream) = (seed, stream);
        self.calls.clear();
        for slot in 0..self.n_calls as u64 {
            self.calls.push(Call::start(
                &self.world,
                seed,
                stream,
                self.first_episode + slot,
            ));
        }
        self.observe_all(out);
    }

    fn step(&mut self, actions: &[ActionId], out: &mut StepBatch) {
        assert_eq!(actions.len(), self.n_calls, "one action per call");
        assert_eq!(self.calls.len(), self.n_calls, "reset comes before step");
        assert_eq!(out.masks.len(), self.n_calls, "reset fills the same batch");
        let world = &*self.world;
        let n_features = self.view().n_features();
        let n_observed = world.scenario.layout.n_features();
        out.ended.clear();
        let mut turn = Turn::EMPTY;
        let calls = self.calls.iter_mut().zip(actions).enumerate();
        let rows = out.codes.chunks_exact_mut(n_features).zip(&mut out.masks);
        let ends = out.truncated.iter_mut().zip(&mut out.terminated);
        // One iterator over all outputs, so that the loop checks no bounds.
        for ((((slot, (call, &action)), (row, mask)), reward), (truncated, terminated)) in
            calls.zip(rows).zip(&mut out.rewards).zip(ends)
        {
            call.step_into(world, action, &mut turn);
            *reward = turn.reward;
            let outcome = turn.summary.map(|summary| summary.outcome);
            *truncated = outcome == Some(Outcome::Truncated);
            *terminated = outcome.is_some() & !*truncated;
            if let Some(summary) = turn.summary {
                let row = &mut out.final_codes[slot * n_features..(slot + 1) * n_features];
                match &self.hidden {
                    None => call.belief.copy_codes(row),
                    Some(hidden) => hidden.copy_codes(world, call, row),
                }
                out.final_masks[slot] = call.belief.mask();
                out.ended.push((slot as u32, summary));
                let next = call.episode() + self.n_calls as u64;
                call.restart(world, self.seed, self.stream, next);
            }
            call.belief.copy_codes(&mut row[..n_observed]);
            *mask = call.belief.mask();
        }
        // Apart from the loop above, so that calls without hidden features pay nothing.
        if let Some(hidden) = &self.hidden {
            let rows = out.codes.chunks_exact_mut(n_features);
            for (row, call) in rows.zip(&self.calls) {
                hidden.copy_hidden(world, call, &mut row[n_observed..]);
            }
        }
    }

    fn fork(&self, slots: &[u32], seed: u64, out: &mut StepBatch) -> Box<dyn VectorEnv> {
        let calls: Vec<_> = slots
            .iter()
            .enumerate()
            .map(|(k, &slot)| self.calls[slot as usize].fork(derive(seed, Stream::Fork, k as u64)))
            .collect();
        let n_calls = calls.len();
        let fork = Self {
            world: self.world.clone(),
            hidden: self.hidden.clone(),
            calls,
            n_calls,
            first_episode: 0,
            seed,
            stream: Stream::Fork,
        };
        fork.observe_all(out);
        Box::new(fork)
    }
}
