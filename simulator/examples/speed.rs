//! Plays fraud alert with random and scripted robots: key figures, and steps per second of one core.

use std::sync::Arc;
use std::time::Instant;

use offhook_env::action::ActionId;
use offhook_env::batch::CallBatch;
use offhook_env::call::World;
use offhook_env::outcome::{CallSummary, Outcome};
use offhook_env::policy::Policy;
use offhook_env::rng::{Stream, mix};
use offhook_env::scenario::Scenario;
use offhook_env::vector_env::{StepBatch, VectorEnv};
use offhook_simulator::channel::ConfusionChannel;
use offhook_simulator::population::Population;
use offhook_simulator::user::AgendaCustomers;

const SCENARIO: &str = include_str!("../../experiments/scenarios/fraud_alert.toml");
const CHANNEL: &str = include_str!("../../experiments/channels/dstc2.toml");
const N_CALLS: usize = 1024;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = Arc::new(Scenario::parse("fraud_alert.toml", SCENARIO)?);
    let population = Population::parse("fraud_alert.toml", SCENARIO, &scenario)?;
    let channel = Arc::new(ConfusionChannel::parse("dstc2.toml", CHANNEL, &scenario)?);
    let customers = AgendaCustomers::new(population, &scenario);
    let world = Arc::new(World {
        scenario: scenario.clone(),
        customers,
        channel,
    });
    let script = scenario.script();
    for (name, policy) in [("script", Some(&script as &dyn Policy)), ("random", None)] {
        let ended = play(&world, policy, 10_000);
        report(name, &ended);
    }
    speed(&world);
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

fn speed(world: &Arc<World<AgendaCustomers>>) {
    /// Chunks are short and the fastest counts, so that other work on the machine hardly does.
    const N_CHUNKS: usize = 100;
    const STEPS: usize = 20;
    let mut batch = CallBatch::new(world.clone(), N_CALLS, 0);
    let mut out = StepBatch::new(N_CALLS, batch.layout().n_features());
    batch.reset(1, Stream::Train, &mut out);
    let mut actions = vec![0; N_CALLS];
    let (mut draw, mut n_ended, mut best) = (0, 0, f64::MAX);
    for _ in 0..N_CHUNKS {
        let mut in_env = 0.0;
        for _ in 0..STEPS {
            for (slot, action) in actions.iter_mut().enumerate() {
                draw += 1;
                *action = random(&out, slot, draw);
            }
            let start = Instant::now();
            batch.step(&actions, &mut out);
            in_env += start.elapsed().as_secs_f64();
            n_ended += out.ended.len();
        }
        best = f64::min(best, in_env);
    }
    let steps = (STEPS * N_CALLS) as f64;
    println!(
        "{:.2} M steps/s ({:.0} ns a step), {:.2} turns a call",
        steps / best / 1e6,
        best / steps * 1e9,
        (N_CHUNKS * STEPS * N_CALLS) as f64 / n_ended as f64
    );
}
