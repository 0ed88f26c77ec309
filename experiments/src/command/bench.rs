//! `offhook bench`: the speeds that matter, measured on this machine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook_env::action::ActionId;
use offhook_env::batch::CallBatch;
use offhook_env::rng::{Rng, Stream, derive};
use offhook_env::vector_env::{StepBatch, VectorEnv};
use offhook_policy::learner::ppo::{Ppo, PpoConfig};
use offhook_policy::weights::{NetworkConfig, Weights};
use offhook_simulator::user::UserModel;
use offhook_table::DecisionTable;
use offhook_table::testing::{SplitMix, random_codes, random_table};
use rand::Rng as _;

use crate::cli::{BenchArgs, BenchTarget};
use crate::error::Failure;
use crate::record::Record;
use crate::stats::Estimate;
use crate::terminal::outln;
use crate::unit::Unit;
use crate::world::{self, CallWorld};

/// Calls side by side.
const BATCH: usize = 1024;
/// Length of a window, and how many there are; the fastest counts, since other work on the machine
/// only slows down.
const WINDOW: Duration = Duration::from_millis(100);
const REPEATS: usize = 25;
/// Steps between two looks at the clock.
const STEPS: u64 = 40;

/// Runs the command.
///
/// # Errors
/// If a bundled file has mistakes.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    let wants = |target| args.target.is_none_or(|t| t == target);
    if wants(BenchTarget::Env) {
        for scenario in ["fraud_alert", "insurance_renewal"] {
            let world = world::load(scenario, None)?.world;
            bench_env(args, scenario, &world);
        }
    }
    if wants(BenchTarget::Learn) {
        bench_learn(args)?;
    }
    if wants(BenchTarget::Table) {
        bench_table(args)?;
    }
    Ok(())
}

/// One figure, as a line of text or JSON.
fn report(
    args: &BenchArgs,
    metric: &str,
    value: f64,
    n: u64,
    unit: &Unit,
    place: &[(&'static str, String)],
) {
    if args.json {
        let place = place.iter().map(|(name, value)| (*name, value.as_str()));
        outln!(
            "{}",
            Record::new(metric, Estimate::point(value), n, unit, place).to_json()
        );
    } else {
        let place: Vec<String> = place
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        outln!(
            "{metric:<28} {:>14} {:<12} {}",
            unit.text(value),
            unit.name(),
            place.join(", ")
        );
    }
}

/// Fastest of several runs of `work`, which returns how much it did: amount per second.
fn best_rate(mut work: impl FnMut() -> u64) -> (f64, u64) {
    let mut best = 0.0f64;
    let mut total = 0;
    for _ in 0..REPEATS {
        let start = Instant::now();
        let mut done = 0;
        while start.elapsed() < WINDOW {
            done += work();
        }
        best = best.max(done as f64 / start.elapsed().as_secs_f64());
        total += done;
    }
    (best, total)
}

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
            let draw = self.rng.next_u64() >> 32;
            *action = mask.nth(((draw * u64::from(mask.count())) >> 32) as u32);
        }
        self.env.step(&self.actions, &mut self.out);
        self.n_calls += self.out.ended.len() as u64;
    }
}

fn bench_env(args: &BenchArgs, scenario: &str, world: &Arc<CallWorld>) {
    for n_threads in [1, 2] {
        let mut players: Vec<Player> = (0..n_threads)
            .map(|seed| Player::new(world, seed))
            .collect();
        // Threads run free: they never wait for each other within a window.
        let (steps_per_s, n) = best_rate(|| {
            std::thread::scope(|scope| {
                for player in &mut players {
                    scope.spawn(|| (0..STEPS).for_each(|_| player.step()));
                }
            });
            STEPS * (BATCH as u64) * n_threads
        });
        let calls: u64 = players.iter().map(|p| p.n_calls).sum();
        let place = [
            ("scenario", scenario.to_owned()),
            ("threads", n_threads.to_string()),
            ("batch", BATCH.to_string()),
        ];
        report(
            args,
            "env.steps_per_s",
            steps_per_s,
            n,
            &Unit::plain("steps/s", 0),
            &place,
        );
        report(
            args,
            "env.ns_per_step",
            1e9 / steps_per_s,
            n,
            &Unit::plain("ns", 1),
            &place,
        );
        let calls_per_s = steps_per_s * calls as f64 / n as f64;
        report(
            args,
            "env.calls_per_s",
            calls_per_s,
            calls,
            &Unit::plain("calls/s", 0),
            &place,
        );
    }
}

fn bench_learn(args: &BenchArgs) -> Result<(), Failure> {
    let world = world::load("fraud_alert", None)?.world;
    let config = PpoConfig {
        total_steps: u64::MAX / 2,
        n_calls: 256,
        n_steps: 32,
        minibatch_size: 1024,
        ..PpoConfig::default()
    };
    let env = Box::new(CallBatch::new(world.clone(), config.n_calls, 0));
    let weights = Weights::initial(&NetworkConfig::default(), &world.scenario.layout, 1);
    let n_steps = config.steps_per_iteration();
    let mut ppo = Ppo::new(env, weights, config, 1)?;
    let mut failed = None;
    let (steps_per_s, n) = best_rate(|| {
        failed = ppo.update().err();
        n_steps
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    let place = [
        ("scenario", "fraud_alert".to_owned()),
        ("learner", "ppo".to_owned()),
        ("threads", "1".to_owned()),
    ];
    report(
        args,
        "learn.steps_per_s",
        steps_per_s,
        n,
        &Unit::plain("steps/s", 0),
        &place,
    );
    Ok(())
}

fn bench_table(args: &BenchArgs) -> Result<(), Failure> {
    const N_OBSERVATIONS: usize = 4096;
    let table = random_table(1, 200, 12);
    let mut draws = SplitMix(1);
    let observations: Vec<Vec<u8>> = (0..N_OBSERVATIONS)
        .map(|_| random_codes(table.layout(), &mut draws))
        .collect();
    let place = [
        ("rules", table.rules().len().to_string()),
        ("features", "12".to_owned()),
    ];
    let mut sum = 0u64;
    let (rate, n) = best_rate(|| {
        for codes in &observations {
            sum += u64::from(table.decide(codes).action);
        }
        N_OBSERVATIONS as u64
    });
    report(
        args,
        "table.ns_per_decision",
        1e9 / rate,
        n,
        &Unit::plain("ns", 1),
        &place,
    );
    let features = table.layout().features();
    let named: Vec<Vec<(&str, &str)>> = observations
        .iter()
        .map(|codes| {
            features
                .iter()
                .zip(codes)
                .map(|(f, &c)| (f.name.as_str(), f.levels[c as usize].as_str()))
                .collect()
        })
        .collect();
    let (rate, n) = best_rate(|| {
        for observation in &named {
            sum += table
                .decide_named(observation)
                .map_or(0, |d| u64::from(d.action));
        }
        N_OBSERVATIONS as u64
    });
    report(
        args,
        "table.ns_per_named_decision",
        1e9 / rate,
        n,
        &Unit::plain("ns", 1),
        &place,
    );
    let bytes = table.to_json();
    let (rate, n) = best_rate(|| {
        sum += DecisionTable::from_json(bytes.as_bytes()).map_or(0, |t| t.rules().len() as u64);
        1
    });
    report(
        args,
        "table.load_us",
        1e6 / rate,
        n,
        &Unit::plain("us", 1),
        &place,
    );
    // The decisions are summed up so that none can be left out.
    std::hint::black_box(sum);
    Ok(())
}
