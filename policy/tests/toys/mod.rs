//! Games small enough to solve by thought, behind the interface of the real environment.

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::layout::{Feature, HIDDEN, Layout};
use offhook_env::call::outcome::{CallSummary, N_TERMS, Outcome};
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::rng::{Rng, Stream, derive};
use rand::Rng as _;

/// Steps after which a call is truncated.
const TURN_LIMIT: u16 = 20;

/// What a step leads to: the reward, and the next state or how the call ends.
pub type After = (f32, Result<u8, Outcome>);

/// A game of a few states in which every action is allowed.
pub trait Game: Clone + Send + 'static {
    /// Names and numbers of levels of the features.
    const FEATURES: &'static [(&'static str, usize)];
    const N_ACTIONS: usize;

    fn start(&self, rng: &mut Rng) -> u8;
    /// Codes of a state, the hidden ones last.
    fn codes(state: u8) -> Vec<u8>;
    fn step(&self, state: u8, action: ActionId, rng: &mut Rng) -> After;
}

/// A coin.
fn heads(prob: f64, rng: &mut Rng) -> bool {
    ((rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64) < prob
}

/// Which of two sides is right stands in a hidden feature; asking shows it for 0.1.
///
/// Guessing at once is worth 1 to who sees the side and 0 to who does not; asking first is worth
/// 0.9, the best that can be had by observation.
#[derive(Clone)]
pub struct Guess;

impl Guess {
    pub const ASK: ActionId = 2;
}

impl Game for Guess {
    const FEATURES: &'static [(&'static str, usize)] = &[("told", 3), ("hidden_side", 2)];
    const N_ACTIONS: usize = 3;

    fn start(&self, rng: &mut Rng) -> u8 {
        u8::from(heads(0.5, rng))
    }

    /// States 0 and 1: not told; 2 and 3: told.
    fn codes(state: u8) -> Vec<u8> {
        let side = state % 2;
        vec![if state < 2 { 0 } else { 1 + side }, side]
    }

    fn step(&self, state: u8, action: ActionId, _: &mut Rng) -> After {
        match action {
            Self::ASK => (-0.1, Ok(2 + state % 2)),
            guess if guess == state % 2 => (1.0, Err(Outcome::Completed)),
            _ => (-1.0, Err(Outcome::Declined)),
        }
    }
}

/// A fork whose right side is hidden; who took the wrong one can go back.
///
/// An expert who sees the side never stands on the wrong one, so that its calls do not show what to
/// do there.
#[derive(Clone)]
pub struct Fork;

impl Fork {
    const BACK: ActionId = 2;
    const FINISH: ActionId = 3;

    /// What the expert does in a state: the right side, back from the wrong one, the end.
    pub fn expert(codes: &[u8]) -> ActionId {
        match codes {
            [0, side] => *side,
            [1, _] => Self::FINISH,
            _ => Self::BACK,
        }
    }
}

impl Game for Fork {
    const FEATURES: &'static [(&'static str, usize)] = &[("place", 3), ("hidden_side", 2)];
    const N_ACTIONS: usize = 4;

    fn start(&self, rng: &mut Rng) -> u8 {
        u8::from(heads(0.5, rng))
    }

    /// Place (0 the fork, 1 the right side, 2 the wrong one) times two plus the side.
    fn codes(state: u8) -> Vec<u8> {
        vec![state / 2, state % 2]
    }

    fn step(&self, state: u8, action: ActionId, _: &mut Rng) -> After {
        let side = state % 2;
        match (state / 2, action) {
            (0, 0 | 1) => (-0.1, Ok(if action == side { 2 } else { 4 } + side)),
            (1, Self::FINISH) => (1.0, Err(Outcome::Completed)),
            (2, Self::BACK) => (-0.1, Ok(2 + side)),
            _ => (-0.1, Ok(state)),
        }
    }
}

/// Four kinds of customer; pressing is worth 0.2, 0.4, 0.6 or 0.8, and makes four in ten hang up.
///
/// With at most a quarter of the calls hung up, the best is to press the two worth most, and every
/// second of the next: hang-ups `(2.5 / 4) x 0.4 = 0.25`, return `(0.8 + 0.6 + 0.2) / 4 = 0.4`. There a
/// hang-up costs as much as pressing the next kind gains: the multiplier is `0.4 / 0.4 = 1`.
#[derive(Clone)]
pub struct Press;

impl Game for Press {
    const FEATURES: &'static [(&'static str, usize)] = &[("kind", 4)];
    const N_ACTIONS: usize = 2;

    fn start(&self, rng: &mut Rng) -> u8 {
        (rng.next_u64() % 4) as u8
    }

    fn codes(state: u8) -> Vec<u8> {
        vec![state]
    }

    fn step(&self, state: u8, action: ActionId, rng: &mut Rng) -> After {
        let hung_up = action == 1 && heads(0.4, rng);
        let end = if hung_up {
            Outcome::HungUp
        } else {
            Outcome::Completed
        };
        (0.2 * f32::from(action) * f32::from(state + 1), Err(end))
    }
}

#[derive(Clone)]
struct Call {
    episode: u64,
    state: u8,
    turns: u16,
    return_: f32,
    rng: Rng,
}

/// Calls of a game side by side; without `hidden`, observations end before the hidden features.
#[derive(Clone)]
pub struct GameEnv<G> {
    game: G,
    layout: Layout,
    place: (u64, Stream),
    calls: Vec<Call>,
    n_calls: usize,
}

impl<G: Game> GameEnv<G> {
    pub fn new(game: G, n_calls: usize, hidden: bool) -> Self {
        let features = G::FEATURES
            .iter()
            .filter(|f| hidden || !f.0.starts_with(HIDDEN));
        let layout = Layout {
            tracker: None,
            scenario: "toy".to_owned(),
            features: features
                .map(|&(name, n)| Feature {
                    name: name.to_owned(),
                    levels: (0..n).map(|l| format!("l{l}")).collect(),
                })
                .collect(),
            actions: (0..G::N_ACTIONS).map(|a| format!("a{a}")).collect(),
        };
        Self {
            game,
            layout,
            place: (0, Stream::Train),
            calls: Vec::new(),
            n_calls,
        }
    }

    fn start(&self, episode: u64) -> Call {
        let mut rng = derive(self.place.0, self.place.1, episode);
        Call {
            episode,
            state: self.game.start(&mut rng),
            turns: 0,
            return_: 0.0,
            rng,
        }
    }

    fn observe(&self, out: &mut StepBatch) {
        let n = self.layout.n_features();
        *out = StepBatch {
            rewards: std::mem::take(&mut out.rewards),
            terminated: std::mem::take(&mut out.terminated),
            truncated: std::mem::take(&mut out.truncated),
            final_codes: std::mem::take(&mut out.final_codes),
            ended: std::mem::take(&mut out.ended),
            ..StepBatch::new(self.n_calls, n)
        };
        for (slot, call) in self.calls.iter().enumerate() {
            out.codes[slot * n..][..n].copy_from_slice(&G::codes(call.state)[..n]);
            out.masks[slot] = ActionMask::all(G::N_ACTIONS);
        }
    }
}

impl<G: Game> VectorEnv for GameEnv<G> {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn n_calls(&self) -> usize {
        self.n_calls
    }

    fn reset(&mut self, seed: u64, stream: Stream, out: &mut StepBatch) {
        self.place = (seed, stream);
        self.calls = (0..self.n_calls as u64)
            .map(|slot| self.start(slot))
            .collect();
        *out = StepBatch::new(self.n_calls, self.layout.n_features());
        self.observe(out);
    }

    fn step(&mut self, actions: &[ActionId], out: &mut StepBatch) {
        let n = self.layout.n_features();
        out.ended.clear();
        for (slot, &action) in actions.iter().enumerate() {
            let call = &mut self.calls[slot];
            let (reward, after) = self.game.step(call.state, action, &mut call.rng);
            call.turns += 1;
            call.return_ += reward;
            call.state = after.unwrap_or(call.state);
            out.rewards[slot] = reward;
            out.terminated[slot] = after.is_err();
            out.truncated[slot] = after.is_ok() && call.turns == TURN_LIMIT;
            let Some(outcome) = (match (after, out.truncated[slot]) {
                (Err(outcome), _) => Some(outcome),
                (Ok(_), cut) => cut.then_some(Outcome::Truncated),
            }) else {
                continue;
            };
            out.final_codes[slot * n..][..n].copy_from_slice(&G::codes(call.state)[..n]);
            let summary = CallSummary {
                episode: call.episode,
                outcome,
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
            let next = call.episode + self.n_calls as u64;
            self.calls[slot] = self.start(next);
        }
        self.observe(out);
    }

    fn fork(&self, _: &[u32], _: u64, _: &mut StepBatch) -> Box<dyn VectorEnv> {
        unreachable!("no learner under test forks these games")
    }
}
