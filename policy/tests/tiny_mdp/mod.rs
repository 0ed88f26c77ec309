//! A small random MDP behind the interface of the real environment, with its optimum.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::layout::{Feature, Layout};
use offhook_env::call::outcome::{CallSummary, N_TERMS, Outcome};
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::policy::{Observation, Policy};
use offhook_env::rng::{Rng, Stream, derive};
use rand::Rng as _;

/// Levels of the four features; every combination is one state.
const LEVELS: [usize; 4] = [3, 2, 4, 2];
const N_ACTIONS: usize = 5;
/// Steps after which a call is truncated.
const TURN_LIMIT: u16 = 40;

/// One way an action may turn out.
#[derive(Clone, Copy)]
struct Branch {
    prob: f64,
    reward: f32,
    /// The state that follows; `None` ends the call.
    next: Option<u8>,
}

/// The MDP: masks and, per state and action, the ways it may turn out.
#[derive(Clone)]
pub struct Mdp {
    pub layout: Layout,
    masks: Vec<ActionMask>,
    branches: Vec<[Vec<Branch>; N_ACTIONS]>,
}

fn uniform(rng: &mut Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

impl Mdp {
    /// An MDP drawn from `seed`; every action ends the call with probability 0.15.
    pub fn random(seed: u64) -> Self {
        let mut rng = derive(seed, Stream::Train, 0);
        let features = LEVELS.iter().enumerate().map(|(i, n)| Feature {
            name: format!("f{i}"),
            levels: (0..*n).map(|l| format!("l{l}")).collect(),
        });
        let n_states: usize = LEVELS.iter().product();
        let mut masks = Vec::new();
        let mut branches = Vec::new();
        for _ in 0..n_states {
            let always = rng.next_u64() % N_ACTIONS as u64;
            let allowed = (0..N_ACTIONS as u8)
                .filter(|a| u64::from(*a) == always || rng.next_u64().is_multiple_of(2));
            masks.push(allowed.collect());
            branches.push(std::array::from_fn(|_| {
                let reward = (2.0 * uniform(&mut rng) - 1.0) as f32;
                let mut state = || Some((rng.next_u64() % n_states as u64) as u8);
                vec![
                    Branch {
                        prob: 0.15,
                        reward,
                        next: None,
                    },
                    Branch {
                        prob: 0.6,
                        reward,
                        next: state(),
                    },
                    Branch {
                        prob: 0.25,
                        reward,
                        next: state(),
                    },
                ]
            }));
        }
        let actions = (0..N_ACTIONS).map(|a| format!("a{a}")).collect();
        let layout = Layout {
            tracker: None,
            scenario: format!("mdp {seed}"),
            features: features.collect(),
            actions,
        };
        Self {
            layout,
            masks,
            branches,
        }
    }

    /// Undiscounted values of every state under a policy: `choose` picks an action's value among
    /// those of the allowed actions.
    fn values(&self, choose: impl Fn(usize, &[(ActionId, f64)]) -> f64) -> Vec<f64> {
        let mut values = vec![0.0; self.masks.len()];
        for _ in 0..500 {
            values = (0..values.len())
                .map(|s| {
                    let q = |a: ActionId| {
                        let branches = self.branches[s][a as usize].iter();
                        let worth = |b: &Branch| {
                            b.prob * (b.reward as f64 + b.next.map_or(0.0, |n| values[n as usize]))
                        };
                        (a, branches.map(worth).sum::<f64>())
                    };
                    choose(s, &self.masks[s].iter().map(q).collect::<Vec<_>>())
                })
                .collect();
        }
        values
    }

    /// Best expected return of a call, by value iteration.
    pub fn optimum(&self) -> f64 {
        mean(&self.values(|_, q| q.iter().map(|q| q.1).fold(f64::NEG_INFINITY, f64::max)))
    }

    /// Expected return of a call under the uniform policy.
    pub fn chance(&self) -> f64 {
        mean(&self.values(|_, q| q.iter().map(|q| q.1).sum::<f64>() / q.len() as f64))
    }

    /// Expected return of a call under `choice`, an action per state.
    pub fn worth(&self, choice: impl Fn(&[u8], ActionMask) -> ActionId) -> f64 {
        mean(&self.values(|s, q| {
            let action = choice(&codes(s), self.masks[s]);
            q.iter()
                .find(|q| q.0 == action)
                .expect("an allowed action")
                .1
        }))
    }

    /// Expected return of a call under a policy that may draw its actions.
    pub fn worth_of(&self, policy: &dyn Policy) -> f64 {
        mean(&self.values(|s, q| {
            let (codes, mask) = (codes(s), self.masks[s]);
            let mut probs = [0.0; N_ACTIONS];
            policy.probabilities(
                Observation {
                    codes: &codes,
                    mask,
                },
                &mut probs,
            );
            let worth = |&(a, q): &(ActionId, f64)| q * f64::from(probs[a as usize]);
            q.iter().map(worth).sum()
        }))
    }

    /// `n_calls` calls side by side.
    pub fn env(&self, n_calls: usize) -> TinyEnv {
        TinyEnv {
            mdp: self.clone(),
            seed: 0,
            stream: Stream::Train,
            calls: Vec::new(),
            n_calls,
        }
    }
}

fn mean(xs: &[f64]) -> f64 {
    xs.iter().sum::<f64>() / xs.len() as f64
}

fn codes(mut state: usize) -> [u8; LEVELS.len()] {
    LEVELS.map(|n| {
        let code = state % n;
        state /= n;
        code as u8
    })
}

#[derive(Clone)]
struct Call {
    episode: u64,
    state: u8,
    turns: u16,
    return_: f32,
    rng: Rng,
}

pub struct TinyEnv {
    mdp: Mdp,
    seed: u64,
    stream: Stream,
    calls: Vec<Call>,
    n_calls: usize,
}

impl TinyEnv {
    fn start(&self, episode: u64) -> Call {
        let mut rng = derive(self.seed, self.stream, episode);
        let state = (rng.next_u64() % self.mdp.masks.len() as u64) as u8;
        Call {
            episode,
            state,
            turns: 0,
            return_: 0.0,
            rng,
        }
    }

    fn observe(&self, out: &mut StepBatch) {
        for (slot, call) in self.calls.iter().enumerate() {
            let n = LEVELS.len();
            out.codes[slot * n..(slot + 1) * n].copy_from_slice(&codes(call.state as usize));
            out.masks[slot] = self.mdp.masks[call.state as usize];
        }
    }
}

impl VectorEnv for TinyEnv {
    fn layout(&self) -> &Layout {
        &self.mdp.layout
    }

    fn n_calls(&self) -> usize {
        self.n_calls
    }

    fn reset(&mut self, seed: u64, stream: Stream, out: &mut StepBatch) {
        (self.seed, self.stream) = (seed, stream);
        self.calls = (0..self.n_calls as u64)
            .map(|slot| self.start(slot))
            .collect();
        self.observe(out);
    }

    fn step(&mut self, actions: &[ActionId], out: &mut StepBatch) {
        let n = LEVELS.len();
        out.ended.clear();
        for (slot, &action) in actions.iter().enumerate() {
            let call = &mut self.calls[slot];
            let state = call.state as usize;
            assert!(
                self.mdp.masks[state].allows(action),
                "masked action {action}"
            );
            let mut left = uniform(&mut call.rng);
            let branches = &self.mdp.branches[state][action as usize];
            let taken = branches.iter().find(|b| {
                left -= b.prob;
                left < 0.0
            });
            let branch = taken.unwrap_or(&branches[2]);
            call.turns += 1;
            call.return_ += branch.reward;
            out.rewards[slot] = branch.reward;
            out.terminated[slot] = branch.next.is_none();
            out.truncated[slot] = branch.next.is_some() && call.turns == TURN_LIMIT;
            call.state = branch.next.unwrap_or(call.state);
            if out.terminated[slot] || out.truncated[slot] {
                let last = call.state as usize;
                out.final_codes[slot * n..(slot + 1) * n].copy_from_slice(&codes(last));
                out.final_masks[slot] = self.mdp.masks[last];
                let summary = CallSummary {
                    episode: call.episode,
                    outcome: if out.truncated[slot] {
                        Outcome::Truncated
                    } else {
                        Outcome::Completed
                    },
                    satisfaction: 3,
                    turns: call.turns,
                    seconds: 0.0,
                    return_: call.return_,
                    terms: [0.0; N_TERMS],
                    harms: 0,
                    rules_broken: 0,
                    held_back: 0,
                    attainable: true,
                    right_person: true,
                    items: None,
                    machine_seconds: 0.0,
                    taken_for_machine: None,
                };
                out.ended.push((slot as u32, summary));
                let episode = call.episode + self.n_calls as u64;
                self.calls[slot] = self.start(episode);
            }
        }
        self.observe(out);
    }

    fn fork(&self, slots: &[u32], seed: u64, out: &mut StepBatch) -> Box<dyn VectorEnv> {
        let call = |(position, slot): (usize, &u32)| Call {
            rng: derive(seed, Stream::Fork, position as u64),
            ..self.calls[*slot as usize].clone()
        };
        let calls: Vec<Call> = slots.iter().enumerate().map(call).collect();
        let (n_calls, stream) = (calls.len(), Stream::Fork);
        let fork = Self {
            mdp: self.mdp.clone(),
            seed,
            stream,
            calls,
            n_calls,
        };
        fork.observe(out);
        Box::new(fork)
    }
}
