//! `offhook bench learn`: environment steps a second of training, updates included.

use offhook_env::batch::CallBatch;
use offhook_policy::engine::Engine;
use offhook_policy::learner::ppo::{Ppo, PpoConfig};
use offhook_policy::weights::{NetworkConfig, Weights};

use super::{best_rate, report};
use crate::cli::BenchArgs;
use crate::error::Failure;
use crate::unit::Unit;
use crate::world;

/// Measures PPO on fraud alert with every engine.
///
/// # Errors
/// If the bundled scenario has mistakes or an update fails.
pub fn run(args: &BenchArgs) -> Result<(), Failure> {
    measure(args, Engine::Fused, "fused")?;
    measure(args, Engine::Burn, "burn")
}

fn measure(args: &BenchArgs, engine: Engine, name: &str) -> Result<(), Failure> {
    let world = world::load("fraud_alert", None)?.world;
    let config = PpoConfig {
        total_steps: u64::MAX / 2,
        n_calls: 256,
        n_steps: 32,
        minibatch_size: 1024,
        engine,
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
        ("engine", name.to_owned()),
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
