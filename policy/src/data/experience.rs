//! What happened in some steps of many calls, as transitions for a replay buffer.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::policy::Observation;
use offhook_env::rng::{Stream, uniform_at};

use crate::data::returns::{Beyond, End, n_step};
use crate::data::transitions::Transition;

/// What happened to `n_calls` calls in `n_steps` steps; arrays are laid out `[step][call]`.
pub struct Experience {
    n_calls: usize,
    n_features: usize,
    /// Observations; one row of calls longer than the steps.
    codes: Vec<u8>,
    masks: Vec<ActionMask>,
    actions: Vec<ActionId>,
    rewards: Vec<f32>,
    ends: Vec<End>,
    /// Last observations of calls that ended, elsewhere stale.
    final_codes: Vec<u8>,
    final_masks: Vec<ActionMask>,
    /// Calls that ended, in order of time, then of slot.
    pub ended: Vec<CallSummary>,
    batch: StepBatch,
}

impl Experience {
    /// Buffers for `n_steps` steps of `env`; [`play`](Self::play) fills them without allocating.
    pub fn new(env: &dyn VectorEnv, n_steps: usize) -> Self {
        let (n_calls, n_features) = (env.n_calls(), env.layout().n_features());
        let len = n_steps * n_calls;
        Self {
            n_calls,
            n_features,
            codes: vec![0; (len + n_calls) * n_features],
            masks: vec![ActionMask::default(); len + n_calls],
            actions: vec![0; len],
            rewards: vec![0.0; len],
            ends: vec![End::Running; len],
            final_codes: vec![0; len * n_features],
            final_masks: vec![ActionMask::default(); len],
            ended: Vec::new(),
            batch: StepBatch::new(n_calls, n_features),
        }
    }

    /// Starts fresh calls of (`seed`, [`Stream::Train`]) and plays them with the actions that
    /// `choose` finds, which gets an observation and a draw in `[0, 1)`.
    pub fn play(
        &mut self,
        env: &mut dyn VectorEnv,
        seed: u64,
        reward_scale: f32,
        mut choose: impl FnMut(Observation<'_>, f32) -> ActionId,
    ) {
        let (n, f) = (self.n_calls, self.n_features);
        self.ended.clear();
        env.reset(seed, Stream::Train, &mut self.batch);
        for t in 0..self.actions.len() / n {
            self.keep_observations(t);
            let row = t * n..(t + 1) * n;
            for (i, action) in self.actions[row.clone()].iter_mut().enumerate() {
                let uniform = uniform_at(seed, Stream::Act, i as u64, t as u64);
                *action = choose(self.batch.observation(i, f), uniform);
            }
            env.step(&self.actions[row.clone()], &mut self.batch);
            for (i, at) in row.clone().enumerate() {
                self.rewards[at] = self.batch.rewards[i] * reward_scale;
                self.ends[at] = End::of(self.batch.terminated[i], self.batch.truncated[i]);
            }
            self.final_codes[row.start * f..row.end * f].copy_from_slice(&self.batch.final_codes);
            self.final_masks[row].copy_from_slice(&self.batch.final_masks);
            let ended = self.batch.ended.iter();
            self.ended.extend(ended.map(|(_, summary)| *summary));
        }
        self.keep_observations(self.actions.len() / n);
    }

    fn keep_observations(&mut self, t: usize) {
        let (n, f) = (self.n_calls, self.n_features);
        self.codes[t * n * f..(t + 1) * n * f].copy_from_slice(&self.batch.codes);
        self.masks[t * n..(t + 1) * n].copy_from_slice(&self.batch.masks);
    }

    /// A transition per step and call, over up to `n_steps` steps.
    pub fn transitions(&self, gamma: f32, n_steps: usize) -> impl Iterator<Item = Transition<'_>> {
        let f = self.n_features;
        let returns = n_step(self.n_calls, &self.rewards, &self.ends, gamma, n_steps);
        returns.into_iter().enumerate().map(move |(at, step)| {
            let (codes, masks, next) = match step.beyond {
                Beyond::Row(row) => (&self.codes, &self.masks, row),
                Beyond::Final(row) => (&self.final_codes, &self.final_masks, row),
            };
            Transition {
                codes: &self.codes[at * f..(at + 1) * f],
                mask: self.masks[at],
                action: self.actions[at],
                reward: step.reward,
                discount: step.discount,
                next_codes: &codes[next * f..(next + 1) * f],
                next_mask: masks[next],
            }
        })
    }
}
