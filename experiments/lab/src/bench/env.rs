//! Speed of the environment: steps a second, what a step asks of the allocator, and where its time goes.

use std::sync::Arc;

use offhook_env::act::{NBest, Utterance};
use offhook_env::action::{ActionId, ActionMask};
use offhook_env::belief::tracker::BeliefState;
use offhook_env::call::Call;
use offhook_env::call::batch::CallBatch;
use offhook_env::call::customer::{Customers, SystemUtterance};
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::rng::{Rng, Stream, derive};
use offhook_simulator::bundled;
use offhook_simulator::user::{UserCustomer, UserModel};
use offhook_simulator::world::{self, CallWorld};
use rand::Rng as _;

use super::clock::best_rate;
use super::{OnSpeed, Speed};
use crate::error::Failure;
use crate::unit::Unit;

/// Calls side by side.
const BATCH: usize = 1024;
/// Steps between two looks at the clock.
const STEPS: u64 = 20;
/// Turns that are kept to time their parts one by one.
const N_TURNS: usize = 4096;

/// A batch that takes random legal actions.
struct Player {
    env: CallBatch<UserModel>,
    out: StepBatch,
    actions: Vec<ActionId>,
    rng: Rng,
    n_calls: u64,
}

impl Player {
    fn new(world: &Arc<CallWorld>, seed: u64) -> Self {
        let mut env = CallBatch::new(world.clone(), BATCH, 0);
        let mut out = StepBatch::default();
        env.reset(seed, Stream::Train, &mut out);
        Self {
            env,
            out,
            actions: vec![0; BATCH],
            rng: derive(seed, Stream::Act, 0),
            n_calls: 0,
        }
    }

    fn step(&mut self) {
        for (action, mask) in self.actions.iter_mut().zip(&self.out.masks) {
            *action = legal(*mask, &mut self.rng);
        }
        self.env.step(&self.actions, &mut self.out);
        self.n_calls += self.out.ended.len() as u64;
    }
}

fn legal(mask: ActionMask, rng: &mut Rng) -> ActionId {
    let draw = rng.next_u64() >> 32;
    mask.nth(((draw * u64::from(mask.count())) >> 32) as u32)
}

/// Measures every bundled scenario that can be played. `n_allocations` tells how often the current thread has asked
/// the allocator for memory so far.
///
/// # Errors
/// If a bundled file has mistakes.
pub fn measure(n_allocations: fn() -> u64, on_speed: OnSpeed<'_>) -> Result<(), Failure> {
    let files = bundled::SCENARIOS.files.iter();
    for file in files.filter(|file| bundled::has_population(file.text)) {
        let world = world::load(file.name, None)?.world;
        measure_scenario(file.name, &world, n_allocations, on_speed);
    }
    Ok(())
}

/// Measures one scenario with one thread and with two.
fn measure_scenario(
    scenario: &str,
    world: &Arc<CallWorld>,
    n_allocations: fn() -> u64,
    on_speed: OnSpeed<'_>,
) {
    let mut ns_per_step = 0.0;
    let mut calls_per_step = 0.0;
    for n_threads in [1, 2] {
        let mut players: Vec<Player> = (0..n_threads)
            .map(|seed| Player::new(world, seed))
            .collect();
        // Threads run free: they never wait for each other within a window.
        let (steps_per_s, n) = best_rate(
            |cost| cost.wall,
            || {
                std::thread::scope(|scope| {
                    for player in &mut players {
                        scope.spawn(|| (0..STEPS).for_each(|_| player.step()));
                    }
                });
                STEPS * (BATCH as u64) * n_threads
            },
        );
        let calls: u64 = players.iter().map(|p| p.n_calls).sum();
        let place = [
            ("scenario", scenario.to_owned()),
            ("threads", n_threads.to_string()),
            ("batch", BATCH.to_string()),
        ];
        let mut say = |metric, value: f64, n, unit| {
            on_speed(&Speed {
                metric,
                estimate: value.into(),
                n,
                unit,
                place: place.to_vec(),
            });
        };
        say("env.steps_per_s", steps_per_s, n, Unit::plain("steps/s", 0));
        say(
            "env.ns_per_step",
            1e9 / steps_per_s,
            n,
            Unit::plain("ns", 1),
        );
        let calls_per_s = steps_per_s * calls as f64 / n as f64;
        say(
            "env.calls_per_s",
            calls_per_s,
            calls,
            Unit::plain("calls/s", 0),
        );
        if n_threads == 1 {
            (ns_per_step, calls_per_step) = (1e9 / steps_per_s, calls as f64 / n as f64);
            let player = &mut players[0];
            let before = n_allocations();
            (0..STEPS).for_each(|_| player.step());
            let n = STEPS * BATCH as u64;
            let per_step = (n_allocations() - before) as f64 / n as f64;
            say(
                "env.allocations_per_step",
                per_step,
                n,
                Unit::plain("allocations", 6),
            );
            let row =
                player.out.codes.len() / BATCH * 2 + size_of::<(f32, [bool; 2], [ActionMask; 2])>();
            let bytes = (size_of::<Call<UserCustomer>>() + row) as f64;
            say("env.bytes_per_call", bytes, 1, Unit::plain("bytes", 0));
        }
    }
    parts(scenario, world, ns_per_step, calls_per_step, on_speed);
}

/// A turn with all that went into it.
struct Turn {
    customer: UserCustomer,
    belief: BeliefState,
    action: ActionId,
    value: u8,
    said: Utterance,
    difficulty: u8,
    heard: NBest,
}

/// Times the parts of a step on the inputs of played turns; copies of what a part changes are timed
/// with it. What is left of a step is the turn loop: rewards, harms, the end of calls, rows written.
fn parts(
    scenario: &str,
    world: &CallWorld,
    ns_per_step: f64,
    calls_per_step: f64,
    on_speed: OnSpeed<'_>,
) {
    let turns = played(world);
    let mut rng = derive(1, Stream::Fork, 0);
    let mut sum = 0u64;
    let n = turns.len() as u64;
    let customer = best_rate(
        |cost| cost.wall,
        || {
            for turn in &turns {
                let mut customer = turn.customer;
                let spoken = SystemUtterance {
                    action: turn.action,
                    acts: world.scenario.acts(turn.action),
                    value: turn.value,
                };
                let said =
                    world
                        .customers
                        .respond(&world.scenario, &mut customer, spoken, &mut rng);
                sum += said.acts().len() as u64;
            }
            n
        },
    );
    let mut heard = NBest::EMPTY;
    let channel = best_rate(
        |cost| cost.wall,
        || {
            for turn in &turns {
                world
                    .channel
                    .transmit(&turn.said, turn.difficulty, &mut rng, &mut heard);
                sum += heard.hypotheses().len() as u64;
            }
            n
        },
    );
    let tracker = best_rate(
        |cost| cost.wall,
        || {
            for turn in &turns {
                let mut belief = turn.belief.clone();
                belief.update(&world.scenario, turn.action, &turn.heard);
                sum += belief.mask().0;
            }
            n
        },
    );
    let mut episode = 0;
    let start = best_rate(
        |cost| cost.wall,
        || {
            for _ in 0..n {
                episode += 1;
                sum += Call::start(world, 1, Stream::Train, episode)
                    .belief
                    .mask()
                    .0;
            }
            n
        },
    );
    // The results are summed up so that nothing can be left out.
    std::hint::black_box(sum);
    let mut rest = ns_per_step;
    let mut say = |part: &str, ns: f64, n| {
        on_speed(&Speed {
            metric: "env.ns_per_step_part",
            estimate: ns.into(),
            n,
            unit: Unit::plain("ns", 1),
            place: vec![("scenario", scenario.to_owned()), ("part", part.to_owned())],
        });
    };
    for (part, (rate, n), share) in [
        ("customer", customer, 1.0),
        ("channel", channel, 1.0),
        ("tracker", tracker, 1.0),
        ("start of calls", start, calls_per_step),
    ] {
        let ns = 1e9 / rate * share;
        rest -= ns;
        say(part, ns, n);
    }
    say("turn loop", rest.max(0.0), n);
}

fn played(world: &CallWorld) -> Vec<Turn> {
    let mut rng = derive(2, Stream::Act, 0);
    let mut turns = Vec::with_capacity(N_TURNS);
    let mut episode = 0;
    while turns.len() < N_TURNS {
        let mut call = Call::start(world, 2, Stream::Train, episode);
        episode += 1;
        loop {
            let (customer, belief) = (*call.customer(), call.belief.clone());
            let action = legal(belief.mask(), &mut rng);
            let turn = call.step(world, action);
            turns.push(Turn {
                value: turn.value,
                difficulty: world.customers.difficulty(&customer),
                said: turn.said,
                heard: turn.heard,
                customer,
                belief,
                action,
            });
            if turn.summary.is_some() {
                break;
            }
        }
    }
    turns
}
