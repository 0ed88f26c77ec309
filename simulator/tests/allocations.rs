//! Stepping calls allocates nothing, packs into batches of any size with the same bytes, and breaks no
//! rule.

// A counting allocator is the only way to see an allocation, and `GlobalAlloc` is an unsafe trait.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use offhook_env::action::ActionId;
use offhook_env::call::World;
use offhook_env::call::batch::CallBatch;
use offhook_env::call::outcome::CallSummary;
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::policy::Observation;
use offhook_env::rng::{Stream, uniform_at};
use offhook_simulator::user::{LoggedCalls, UserModel, UserModelKind};
use offhook_simulator::world::load;

const SCENARIOS: [&str; 2] = ["fraud_alert", "insurance_renewal"];
const SEED: u64 = 11;
const BATCH: usize = 64;

/// The system's allocator, which counts how often each thread asks for memory.
struct Counting;

thread_local! {
    static N_ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    N_ALLOCATIONS.with(|n| n.set(n.get() + 1));
}

// SAFETY: every call goes to the system's allocator as it came; counting touches a `Cell` without
// a destructor, which allocates nothing itself.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, which is the same.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`, which is the same.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn world(name: &str) -> Arc<World<UserModel>> {
    load(name, None).unwrap_or_else(|e| panic!("{e}")).world
}

/// A random legal action that depends on episode and turn alone.
fn random(observation: Observation<'_>, episode: u64, turn: u64) -> ActionId {
    let draw = uniform_at(SEED, Stream::Act, episode, turn);
    let n = observation.mask.count();
    observation.mask.nth(((draw * n as f32) as u32).min(n - 1))
}

/// A batch that plays at random.
struct Player {
    batch: CallBatch<UserModel>,
    out: StepBatch,
    actions: Vec<ActionId>,
    /// Episode and turn of every call.
    place: Vec<(u64, u64)>,
}

impl Player {
    fn new(world: &Arc<World<UserModel>>, n_calls: usize) -> Self {
        let mut batch = CallBatch::new(world.clone(), n_calls, 0);
        let mut out = StepBatch::default();
        batch.reset(SEED, Stream::Train, &mut out);
        Self {
            batch,
            out,
            actions: vec![0; n_calls],
            place: (0..n_calls as u64).map(|episode| (episode, 0)).collect(),
        }
    }

    fn observation(&self, slot: usize) -> Observation<'_> {
        self.out.observation(slot, self.batch.layout().n_features())
    }

    fn step(&mut self) {
        for slot in 0..self.actions.len() {
            let (episode, turn) = self.place[slot];
            self.actions[slot] = random(self.observation(slot), episode, turn);
        }
        self.batch.step(&self.actions, &mut self.out);
        for (_, turn) in &mut self.place {
            *turn += 1;
        }
        for &(slot, _) in &self.out.ended {
            let (episode, turn) = &mut self.place[slot as usize];
            (*episode, *turn) = (*episode + self.actions.len() as u64, 0);
        }
    }
}

#[test]
fn the_counter_sees_an_allocation() {
    let before = N_ALLOCATIONS.get();
    std::hint::black_box(vec![1u8; 100]);
    assert!(N_ALLOCATIONS.get() > before);
}

#[test]
fn stepping_allocates_nothing_whatever_ends_and_starts() {
    for file in SCENARIOS {
        let mut player = Player::new(&world(file), BATCH);
        (0..5).for_each(|_| player.step());
        let before = N_ALLOCATIONS.get();
        let mut n_ended = 0;
        for _ in 0..10_000 {
            player.step();
            n_ended += player.out.ended.len();
        }
        assert_eq!(N_ALLOCATIONS.get() - before, 0, "{file}");
        assert!(n_ended > 50_000, "only {n_ended} calls of {file} ended");
    }
}

#[test]
fn a_privileged_batch_allocates_nothing_either_and_plays_the_same_calls() {
    for file in SCENARIOS {
        let world = world(file);
        let (mut plain, mut told) = (Player::new(&world, BATCH), Player::new(&world, BATCH));
        told.batch = CallBatch::privileged(world.clone(), BATCH, 0);
        told.batch.reset(SEED, Stream::Train, &mut told.out);
        let (n, m) = (
            plain.batch.layout().n_features(),
            told.batch.layout().n_features(),
        );
        assert!(m > n + 9, "{file}");
        (0..5).for_each(|_| told.step());
        let before = N_ALLOCATIONS.get();
        (0..2_000).for_each(|_| told.step());
        assert_eq!(N_ALLOCATIONS.get() - before, 0, "{file}");
        (0..2_005).for_each(|_| plain.step());
        assert_eq!(plain.out.ended, told.out.ended);
        let mut rows = plain.out.codes.chunks(n).zip(told.out.codes.chunks(m));
        assert!(rows.all(|(row, longer)| *row == longer[..n]), "{file}");
    }
}

#[test]
fn no_user_model_allocates_either() {
    const LOG: &str = r#"{"schema":2,"call_id":"a","scenario":"fraud_alert","turns":[
        {"action":"greet","user_acts":["affirm"]},
        {"action":"confirm_identity","user_acts":["affirm","ask(who_are_you)"]},
        {"action":"ask(payment)","user_acts":["inform(payment=no)"]},
        {"action":"close","user_acts":[]}]}"#;
    let call = offhook_env::log::parse_call(LOG.as_bytes()).expect("a call log");
    for &kind in UserModelKind::ALL {
        let loaded = load("fraud_alert", None).unwrap_or_else(|e| panic!("{e}"));
        let scenario = loaded.world.scenario.clone();
        let calls = || LoggedCalls::read(&scenario, [&call]);
        let customers = UserModel::new(kind, loaded.people, &scenario, calls).expect("it fits");
        let world = World {
            scenario: scenario.clone(),
            customers,
            channel: loaded.world.channel.clone(),
        };
        let mut player = Player::new(&Arc::new(world), BATCH);
        (0..5).for_each(|_| player.step());
        let before = N_ALLOCATIONS.get();
        (0..2_000).for_each(|_| player.step());
        assert_eq!(N_ALLOCATIONS.get() - before, 0, "{}", kind.name());
    }
}

/// All that a policy and a learner see of one episode.
#[derive(Debug, Default, PartialEq)]
struct Trace {
    /// Codes and masks, the last observation included.
    codes: Vec<u8>,
    masks: Vec<u64>,
    reward_bits: Vec<u32>,
    summary: Option<CallSummary>,
}

/// Plays a batch until the first `n_episodes` episodes are over.
fn traces(world: &Arc<World<UserModel>>, n_calls: usize, n_episodes: u64) -> BTreeMap<u64, Trace> {
    let mut player = Player::new(world, n_calls);
    let n_features = player.batch.layout().n_features();
    let mut traces: BTreeMap<u64, Trace> = BTreeMap::new();
    let mut n_over = 0;
    while n_over < n_episodes {
        let episodes: Vec<u64> = player.place.iter().map(|(episode, _)| *episode).collect();
        for (slot, episode) in episodes.iter().enumerate() {
            let trace = traces.entry(*episode).or_default();
            let observation = player.observation(slot);
            trace.codes.extend_from_slice(observation.codes);
            trace.masks.push(observation.mask.0);
        }
        player.step();
        for (episode, reward) in episodes.iter().zip(&player.out.rewards) {
            let trace = traces.entry(*episode).or_default();
            trace.reward_bits.push(reward.to_bits());
        }
        for &(slot, summary) in &player.out.ended {
            let row = slot as usize * n_features..(slot as usize + 1) * n_features;
            let trace = traces.entry(summary.episode).or_default();
            trace.codes.extend_from_slice(&player.out.final_codes[row]);
            trace.masks.push(player.out.final_masks[slot as usize].0);
            trace.summary = Some(summary);
            n_over += u64::from(summary.episode < n_episodes);
        }
    }
    traces.retain(|episode, _| *episode < n_episodes);
    traces
}

#[test]
fn an_episode_is_the_same_in_a_batch_of_one_and_of_many() {
    for file in SCENARIOS {
        let world = world(file);
        let (alone, packed) = (traces(&world, 1, 1000), traces(&world, BATCH, 1000));
        assert_eq!(alone.len(), 1000);
        assert!(alone.values().all(|trace| trace.summary.is_some()));
        assert!(alone == packed, "{file}");
    }
}

#[test]
fn rewards_add_up_to_the_return_and_its_terms() {
    for file in SCENARIOS {
        for trace in traces(&world(file), BATCH, 1000).values() {
            let rewards: f32 = trace.reward_bits.iter().map(|b| f32::from_bits(*b)).sum();
            let summary = trace.summary.expect("the episode is over");
            assert_eq!(summary.return_, summary.terms.iter().sum::<f32>());
            // Two orders of summing at most 30 turns of rewards below 100.
            assert!(
                (rewards - summary.return_).abs() < 1e-3,
                "{file}: {summary:?}"
            );
        }
    }
}

#[test]
fn no_allowed_action_breaks_a_rule_looked_at_one_by_one() {
    for file in SCENARIOS {
        let world = world(file);
        let mut player = Player::new(&world, BATCH);
        for _ in 0..1000 {
            for slot in 0..BATCH {
                let seen = player.observation(slot);
                for action in seen.mask.iter() {
                    let broken = world.scenario.broken_rules(seen.codes, action).next();
                    assert_eq!(broken, None, "{file}");
                }
            }
            player.step();
        }
    }
}
