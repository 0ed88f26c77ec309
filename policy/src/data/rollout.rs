//! Fixed-length rollouts: many calls side by side, a fixed number of steps each.

use std::borrow::Cow;

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::rng::{Stream, uniform_at};

use crate::data::returns::{End, Scored};
use crate::network::fused::FusedPolicy;

/// The first `n_kept` codes of every row of `n_features`.
pub(crate) fn first_codes(codes: &[u8], n_features: usize, n_kept: usize) -> Cow<'_, [u8]> {
    if n_kept == n_features {
        return Cow::Borrowed(codes);
    }
    let rows = codes.chunks_exact(n_features);
    Cow::Owned(rows.flat_map(|row| &row[..n_kept]).copied().collect())
}

/// What happened to `n_calls` calls in `n_steps` steps; arrays are laid out `[step][call]`.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// Calls side by side.
    pub n_calls: usize,
    /// Codes of an observation.
    pub n_features: usize,
    /// Observations, `n_steps x n_calls x n_features`.
    pub codes: Vec<u8>,
    /// Allowed actions.
    pub masks: Vec<ActionMask>,
    /// Actions taken.
    pub actions: Vec<ActionId>,
    /// Natural logarithms of their probabilities when they were taken.
    pub log_probs: Vec<f32>,
    /// Rewards, times the scale given to [`play`](Self::play).
    pub rewards: Vec<f32>,
    /// What became of the call.
    pub ends: Vec<End>,
    /// Values of the observations; one row longer than the others.
    pub values: Vec<f32>,
    /// Values of the last observations of truncated calls.
    pub final_values: Vec<f32>,
    /// Calls that ended, in order of time, then of slot. Long calls are under-represented, since
    /// those that run at the end of the rollout are missing.
    pub ended: Vec<CallSummary>,
    batch: StepBatch,
    drawn: Vec<ActionId>,
}

impl Rollout {
    /// Buffers for rollouts of `env`; [`play`](Self::play) fills them without allocating.
    pub fn new(env: &dyn VectorEnv, n_steps: usize) -> Self {
        Self::of_size(env.n_calls(), n_steps, env.layout().n_features())
    }

    /// Buffers of the given size.
    pub(crate) fn of_size(n_calls: usize, n_steps: usize, n_features: usize) -> Self {
        let len = n_steps * n_calls;
        Self {
            n_calls,
            n_features,
            codes: vec![0; len * n_features],
            masks: vec![ActionMask::default(); len],
            actions: vec![0; len],
            log_probs: vec![0.0; len],
            rewards: vec![0.0; len],
            ends: vec![End::Running; len],
            values: vec![0.0; len + n_calls],
            final_values: vec![0.0; len],
            ended: Vec::new(),
            batch: StepBatch::new(n_calls, n_features),
            drawn: vec![0; n_calls],
        }
    }

    /// Number of transitions.
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether it has no transition at all.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Starts fresh calls of (`seed`, [`Stream::Train`]) and plays them with actions drawn from
    /// `policy`.
    ///
    /// The draw of slot `i` at step `t` is [`uniform_at`]`(seed, Stream::Act, i, t)`, so a rollout
    /// is a function of policy, environment and `seed`.
    pub fn play(
        &mut self,
        env: &mut dyn VectorEnv,
        policy: &FusedPolicy,
        seed: u64,
        reward_scale: f32,
    ) {
        self.play_judged(env, policy, None, seed, reward_scale);
    }

    /// The same, with values from a `critic` that may see more than the policy: each network gets
    /// as many codes of an observation, from the first on, as it was made for.
    pub fn play_judged(
        &mut self,
        env: &mut dyn VectorEnv,
        policy: &FusedPolicy,
        critic: Option<&FusedPolicy>,
        seed: u64,
        reward_scale: f32,
    ) {
        let (n, f) = (self.n_calls, self.n_features);
        let value = |codes: &[u8]| {
            let judge = critic.unwrap_or(policy);
            judge.value(&codes[..judge.n_features()])
        };
        self.ended.clear();
        env.reset(seed, Stream::Train, &mut self.batch);
        for t in 0..self.len() / n {
            let row = t * n..(t + 1) * n;
            self.codes[row.start * f..row.end * f].copy_from_slice(&self.batch.codes);
            self.masks[row.clone()].copy_from_slice(&self.batch.masks);
            let uniform = |i| uniform_at(seed, Stream::Act, i as u64, t as u64);
            let StepBatch { codes, masks, .. } = &self.batch;
            let seen = first_codes(codes, f, policy.n_features());
            policy.decide_batch(&seen, masks, uniform, |i, decision| {
                self.drawn[i] = decision.action;
                self.log_probs[row.start + i] = decision.log_prob;
                self.values[row.start + i] = decision.value;
            });
            if critic.is_some() {
                let judged = codes.chunks_exact(f).map(value);
                (self.values[row.clone()].iter_mut().zip(judged))
                    .for_each(|(v, judged)| *v = judged);
            }
            self.actions[row.clone()].copy_from_slice(&self.drawn);
            env.step(&self.drawn, &mut self.batch);
            for i in 0..n {
                let at = row.start + i;
                self.rewards[at] = self.batch.rewards[i] * reward_scale;
                self.ends[at] = End::of(self.batch.terminated[i], self.batch.truncated[i]);
                if self.ends[at] == End::Truncated {
                    let last = &self.batch.final_codes[i * f..(i + 1) * f];
                    self.final_values[at] = value(last);
                }
            }
            self.ended
                .extend(self.batch.ended.iter().map(|(_, summary)| *summary));
        }
        let beyond = self.len();
        for i in 0..n {
            self.values[beyond + i] = value(&self.batch.codes[i * f..(i + 1) * f]);
        }
    }

    /// The first `n_features` codes of every observation, row by row.
    pub fn first_codes(&self, n_features: usize) -> Cow<'_, [u8]> {
        first_codes(&self.codes, self.n_features, n_features)
    }

    /// Takes `cost`, in the units of the scaled rewards, from the last reward of every call that
    /// ended.
    pub fn charge(&mut self, cost: impl Fn(&CallSummary) -> f32) {
        // Ends and summaries stand in the same order: of time, then of slot.
        let steps = self.ends.iter().zip(&mut self.rewards);
        let last = steps.filter(|(end, _)| **end != End::Running);
        for ((_, reward), call) in last.zip(&self.ended) {
            *reward -= cost(call);
        }
    }

    /// The part that returns are made of.
    pub fn scored(&self) -> Scored<'_> {
        Scored {
            n_calls: self.n_calls,
            rewards: &self.rewards,
            ends: &self.ends,
            values: &self.values,
            final_values: &self.final_values,
        }
    }
}
