//! Plays with random and scripted robots: key figures, steps per second of one core and of two, and
//! the floor below which no model of this kind can go.

use std::sync::Arc;
use std::time::Instant;

use offhook_env::action::ActionId;
use offhook_env::call::batch::CallBatch;
use offhook_env::call::outcome::{CallSummary, Outcome};
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::call::{Call, World};
use offhook_env::policy::Policy;
use offhook_env::rng::{Rng, Stream, derive, mix};
use offhook_env::scenario::N_CODES;
use offhook_simulator::user::{AgendaCustomer, AgendaCustomers};
use offhook_simulator::world;
use rand::Rng as _;

const SCENARIOS: [&str; 6] = [
    "fraud_alert",
    "insurance_renewal",
    "fund_notice",
    "compliance_followup",
    "merchant_promotion",
    "arrears_reminder",
];
const N_CALLS: usize = 1024;

/// With a number as argument, it only steps each scenario so often, and with `floor` and a number
/// only the floor: for instruction counts.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut first = args.next();
    let only_floor = first.as_deref() == Some("floor");
    if only_floor {
        first = args.next();
    }
    let n_steps: Option<u64> = first.map(|n| n.parse()).transpose()?;
    if only_floor || n_steps.is_none() {
        let mut floor = Floor::new();
        match n_steps {
            Some(n_steps) => (0..n_steps).for_each(|_| floor.step()),
            None => println!(
                "floor: {:.2} M steps/s",
                best_rate(&mut [floor], Floor::step) / 1e6
            ),
        }
    }
    if only_floor {
        return Ok(());
    }
    println!("{} bytes a call", size_of::<Call<AgendaCustomer>>());
    for name in SCENARIOS {
        println!("{name}");
        let loaded = world::load(name, None)?;
        let scenario = loaded.world.scenario.clone();
        let world = Arc::new(World {
            scenario: scenario.clone(),
            customers: loaded.people,
            channel: loaded.world.channel.clone(),
        });
        if let Some(n_steps) = n_steps {
            let mut player = Player::new(&world, 0);
            (0..n_steps).for_each(|_| player.step());
            continue;
        }
        let script = scenario.script();
        for (name, policy) in [("script", Some(&script as &dyn Policy)), ("random", None)] {
            report(name, &play(&world, policy, 10_000));
        }
        for n_threads in [1, 2] {
            let rate = speed(&world, n_threads);
            println!("{:.2} M steps/s on {n_threads} cores", rate / 1e6);
        }
    }
    Ok(())
}

fn random(codes: &StepBatch, slot: usize, draw: u64) -> ActionId {
    let mask = codes.masks[slot];
    let bits = mix(draw) >> 32;
    mask.nth(((bits * u64::from(mask.count())) >> 32) as u32)
}

fn play(
    world: &Arc<World<AgendaCustomers>>,
    policy: Option<&dyn Policy>,
    n: usize,
) -> Vec<CallSummary> {
    let mut batch = CallBatch::new(world.clone(), N_CALLS, 0);
    let layout = batch.layout();
    let (n_features, n_actions) = (layout.n_features(), layout.actions.len());
    let mut out = StepBatch::new(N_CALLS, n_features);
    batch.reset(1, Stream::Evaluate, &mut out);
    let mut ended: Vec<CallSummary> = Vec::new();
    let mut actions = vec![0; N_CALLS];
    let mut draw = 0;
    // Play on until every episode below `n` is over, so that short calls are not over-counted.
    while ended.iter().filter(|s| s.episode < n as u64).count() < n {
        for (slot, action) in actions.iter_mut().enumerate() {
            draw += 1;
            *action = match policy {
                Some(policy) => policy.best(out.observation(slot, n_features), n_actions),
                None => random(&out, slot, draw),
            };
        }
        batch.step(&actions, &mut out);
        ended.extend(
            out.ended
                .iter()
                .map(|(_, summary)| *summary)
                .filter(|s| s.episode < n as u64),
        );
    }
    ended
}

fn report(name: &str, ended: &[CallSummary]) {
    let n = ended.len() as f64;
    let mean = |f: &dyn Fn(&CallSummary) -> f64| ended.iter().map(f).sum::<f64>() / n;
    println!("{name}: {n} calls");
    for outcome in Outcome::ALL {
        println!(
            "  {outcome:?} {:.4}",
            mean(&|s| f64::from(u8::from(s.outcome == outcome)))
        );
    }
    println!(
        "  satisfaction {:.3} (4+: {:.3})  turns {:.2}  seconds {:.1}  return {:.2}  harms/10k {:.1}  rules broken {}",
        mean(&|s| f64::from(s.satisfaction)),
        mean(&|s| f64::from(u8::from(s.satisfaction >= 4))),
        mean(&|s| f64::from(s.turns)),
        mean(&|s| f64::from(s.seconds)),
        mean(&|s| f64::from(s.return_)),
        mean(&|s| f64::from(s.harms)) * 1e4,
        mean(&|s| f64::from(s.rules_broken)) * n,
    );
}

/// Steps per second of `n_threads` free-running cores, the choice of random actions included.
fn speed(world: &Arc<World<AgendaCustomers>>, n_threads: u64) -> f64 {
    let mut players: Vec<Player> = (0..n_threads)
        .map(|seed| Player::new(world, seed))
        .collect();
    best_rate(&mut players, Player::step)
}

/// Steps per second of batches of [`N_CALLS`], one a thread: the best of several windows, since other
/// work only slows down.
fn best_rate<T: Send>(batches: &mut [T], step: fn(&mut T)) -> f64 {
    const N_WINDOWS: usize = 200;
    const STEPS: usize = 20;
    let n_steps = (batches.len() * STEPS * N_CALLS) as f64;
    let windows = (0..N_WINDOWS).map(|_| {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for batch in &mut *batches {
                scope.spawn(|| (0..STEPS).for_each(|_| step(batch)));
            }
        });
        n_steps / start.elapsed().as_secs_f64()
    });
    windows.fold(0.0, f64::max)
}

/// A batch that takes random legal actions.
struct Player {
    batch: CallBatch<AgendaCustomers>,
    out: StepBatch,
    actions: Vec<ActionId>,
    draw: u64,
}

impl Player {
    fn new(world: &Arc<World<AgendaCustomers>>, seed: u64) -> Self {
        let mut batch = CallBatch::new(world.clone(), N_CALLS, 0);
        let mut out = StepBatch::default();
        batch.reset(seed, Stream::Train, &mut out);
        Self {
            batch,
            out,
            actions: vec![0; N_CALLS],
            draw: seed << 32,
        }
    }

    fn step(&mut self) {
        for (slot, action) in self.actions.iter_mut().enumerate() {
            self.draw += 1;
            *action = random(&self.out, slot, self.draw);
        }
        self.batch.step(&self.actions, &mut self.out);
    }
}

/// What any step must do, with nothing decided and nothing foreseen wrongly: five generator calls
/// (the choice of an action, two for the reply, two for the line), some thirty look-ups (ten for the
/// mask, the rest for action, reply, reading and beliefs), and the row of the observation written.
struct Floor {
    calls: Vec<FloorCall>,
    table: Vec<[u64; 256]>,
    codes: Vec<u8>,
    masks: Vec<u64>,
    rewards: Vec<f32>,
}

struct FloorCall {
    rng: Rng,
    codes: [u8; N_CODES],
    reward: f32,
}

impl Floor {
    const N_FEATURES: usize = 32;
    const N_LOOK_UPS: usize = 30;

    fn new() -> Self {
        let call = |episode| FloorCall {
            rng: derive(0, Stream::Train, episode),
            codes: [0; N_CODES],
            reward: 0.0,
        };
        let row = |k: u64| std::array::from_fn(|at| mix(k << 8 | at as u64) | 1);
        Self {
            calls: (0..N_CALLS as u64).map(call).collect(),
            table: (0..Self::N_LOOK_UPS as u64).map(row).collect(),
            codes: vec![0; N_CALLS * Self::N_FEATURES],
            masks: vec![0; N_CALLS],
            rewards: vec![0.0; N_CALLS],
        }
    }

    fn step(&mut self) {
        let rows = self.codes.chunks_exact_mut(Self::N_FEATURES);
        for (((call, row), mask), reward) in
            (self.calls.iter_mut().zip(rows).zip(&mut self.masks)).zip(&mut self.rewards)
        {
            let draws: [u64; 5] = std::array::from_fn(|_| call.rng.next_u64());
            let bytes = draws.map(u64::to_le_bytes);
            let mut left = u64::MAX;
            for ((levels, byte), code) in self
                .table
                .iter()
                .zip(bytes.as_flattened())
                .zip(&mut call.codes)
            {
                let found = levels[usize::from(*byte)];
                left &= found;
                *code = (found >> 60) as u8;
            }
            call.reward += (left & 1) as f32;
            row.copy_from_slice(&call.codes[..Self::N_FEATURES]);
            (*mask, *reward) = (left, call.reward);
        }
    }
}
