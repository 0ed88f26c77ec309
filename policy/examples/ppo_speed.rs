//! Speed of a PPO update: environment steps per CPU second, rollout and learning apart.
//!
//! `cargo run --release -p offhook-policy --example ppo_speed`

use std::time::Instant;

use offhook_env::action::{ActionId, ActionMask};
use offhook_env::layout::{Feature, Layout};
use offhook_env::rng::{Rng, Stream, derive};
use offhook_env::vector_env::{StepBatch, VectorEnv};
use offhook_policy::fused::FusedPolicy;
use offhook_policy::learner::ppo::{Ppo, PpoConfig};
use offhook_policy::rollout::Rollout;
use offhook_policy::weights::{NetworkConfig, Weights};
use rand::Rng as _;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const N_FEATURES: usize = 24;
const N_LEVELS: usize = 8;
const N_ACTIONS: usize = 24;

/// Random observations of the usual size and calls of about eight turns: it costs next to nothing.
struct Noise {
    layout: Layout,
    n_calls: usize,
    rng: Rng,
}

impl Noise {
    fn observe(&mut self, out: &mut StepBatch) {
        for codes in out.codes.chunks_exact_mut(8) {
            let bits = self.rng.next_u64().to_le_bytes();
            codes
                .iter_mut()
                .zip(bits)
                .for_each(|(code, bits)| *code = bits % N_LEVELS as u8);
        }
        for mask in &mut out.masks {
            *mask = ActionMask((self.rng.next_u64() | 1) & ActionMask::all(N_ACTIONS).0);
        }
    }
}

impl VectorEnv for Noise {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn n_calls(&self) -> usize {
        self.n_calls
    }

    fn reset(&mut self, seed: u64, stream: Stream, out: &mut StepBatch) {
        self.rng = derive(seed, stream, 0);
        self.observe(out);
    }

    fn step(&mut self, actions: &[ActionId], out: &mut StepBatch) {
        out.ended.clear();
        for (slot, action) in actions.iter().enumerate() {
            let code = out.codes[slot * N_FEATURES];
            out.rewards[slot] = f32::from(u8::from(*action == code));
            out.terminated[slot] = self.rng.next_u64().is_multiple_of(8);
        }
        self.observe(out);
    }

    fn fork(&self, _: &[u32], _: u64, _: &mut StepBatch) -> Box<dyn VectorEnv> {
        unimplemented!("not needed to measure an update")
    }
}

fn noise(n_calls: usize) -> Noise {
    let feature = |i: usize| Feature {
        name: format!("f{i}"),
        levels: (0..N_LEVELS).map(|l| l.to_string()).collect(),
    };
    let layout = Layout {
        scenario: "noise".to_owned(),
        features: (0..N_FEATURES).map(feature).collect(),
        actions: (0..N_ACTIONS).map(|a| a.to_string()).collect(),
    };
    Noise {
        layout,
        n_calls,
        rng: derive(0, Stream::Train, 0),
    }
}

/// User and system time of this process so far, in seconds; wall time where it cannot be read.
fn cpu_seconds(started: Instant) -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> = stat
        .split(' ')
        .skip(13)
        .take(2)
        .flat_map(str::parse)
        .collect();
    match fields[..] {
        [user, system] => (user + system) / 100.0,
        _ => started.elapsed().as_secs_f64(),
    }
}

fn main() {
    let started = Instant::now();
    println!("calls x steps  minibatch  env steps/CPU-s  rollout alone  explained variance");
    for (n_calls, n_steps, minibatch_size) in [
        (64, 32, 256),
        (64, 128, 1024),
        (128, 64, 512),
        (128, 64, 1024),
        (256, 32, 1024),
        (256, 64, 2048),
    ] {
        let config = PpoConfig {
            total_steps: 1 << 30,
            n_calls,
            n_steps,
            minibatch_size,
            target_kl: None,
            ..Default::default()
        };
        let mut env = noise(n_calls);
        let weights = Weights::initial(&NetworkConfig::default(), &env.layout, 1);
        let policy = FusedPolicy::new(&weights, &env.layout);
        let mut rollout = Rollout::new(&env, n_steps);
        let n_rollouts = (400_000 / rollout.len()) as u64;
        let t = cpu_seconds(started);
        (0..n_rollouts).for_each(|seed| rollout.play(&mut env, &policy, seed, 1.0));
        let rollout_rate = (n_rollouts * rollout.len() as u64) as f64 / (cpu_seconds(started) - t);

        let steps_per_iteration = config.steps_per_iteration();
        let mut ppo = Ppo::new(Box::new(env), weights, config, 1).expect("a valid config");
        ppo.update().expect("finite losses");
        let n_iterations = 250_000 / steps_per_iteration;
        let t = cpu_seconds(started);
        let mut explained = 0.0;
        for _ in 0..n_iterations {
            explained = ppo
                .update()
                .expect("finite losses")
                .explained_variance
                .unwrap_or(0.0);
        }
        let seconds = cpu_seconds(started) - t;
        let rate = (n_iterations * steps_per_iteration) as f64 / seconds;
        println!(
            "{:>13}  {minibatch_size:>9}  {rate:>15.0}  {rollout_rate:>13.0}  {explained:>18.2}",
            format!("{n_calls} x {n_steps}")
        );
    }
}
