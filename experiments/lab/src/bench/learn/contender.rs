//! The learners that are measured, with the settings they are measured with.

use std::sync::Arc;

use offhook_env::call::batch::CallBatch;
use offhook_policy::learner::Learner;
use offhook_policy::learner::ppo::{Ppo, PpoConfig};
use offhook_policy::network::engine::Engine;
use offhook_policy::network::weights::{NetworkConfig, Weights};
use offhook_simulator::world::CallWorld;

use crate::error::Failure;

/// Starts a learner: world, engine, budget of environment steps, seed.
type Start = fn(Arc<CallWorld>, Engine, u64, u64) -> Result<Box<dyn Learner>, Failure>;

/// A learner with settings.
pub struct Contender {
    /// Name of the learner.
    pub learner: &'static str,
    /// What computes its updates.
    pub engine: Engine,
    /// Starts it from scratch.
    pub start: Start,
}

/// Both engines; the reference comes last.
pub const ENGINES: [Engine; 2] = [Engine::Fused, Engine::Burn];

/// All of them.
pub fn contenders() -> impl Iterator<Item = Contender> {
    ENGINES.into_iter().map(|engine| Contender {
        learner: "ppo",
        engine,
        start: ppo,
    })
}

/// Name of an engine, as a config has it.
pub fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Fused => "fused",
        Engine::Burn => "burn",
    }
}

/// PPO from scratch: the settings of the bundled experiments, but with more entropy to explore, and
/// smaller rollouts and minibatches, which reach the same success in fewer steps.
fn ppo(
    world: Arc<CallWorld>,
    engine: Engine,
    steps: u64,
    seed: u64,
) -> Result<Box<dyn Learner>, Failure> {
    let config = PpoConfig {
        engine,
        total_steps: steps,
        n_calls: 64,
        n_steps: 32,
        minibatch_size: 512,
        learning_rate: 2e-3,
        ent_coef: 0.05,
        gamma: 0.995,
        reward_scale: 0.05,
        ..PpoConfig::default()
    };
    let weights = Weights::initial(&NetworkConfig::default(), &world.scenario.layout, seed);
    let env = Box::new(CallBatch::new(world, config.n_calls, 0));
    Ok(Box::new(Ppo::new(env, weights, config, seed)?))
}
