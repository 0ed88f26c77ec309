//! Writes what a batch of calls shows, step by step, as bytes: for comparison with other faces of
//! the environment, byte for byte.
//!
//! ```text
//! cargo run --release -p offhook-simulator --example play_bytes -- SCENARIO SEED N_CALLS N_STEPS
//! ```
//!
//! In step `t` (from 0) call `i` takes its allowed action number `(7 t + 3 i) mod n`, of the `n`
//! allowed ones in ascending order. After the reset and after every step: the codes of all calls, a
//! byte each; the masks, 8 bytes little-endian each. After every step also: the rewards, 4 bytes
//! little-endian each; `terminated`, then `truncated`, a byte each.

use std::io::{BufWriter, Write, stdout};

use offhook_env::call::batch::CallBatch;
use offhook_env::call::vector_env::{StepBatch, VectorEnv};
use offhook_env::rng::Stream;
use offhook_simulator::world;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, seed, n_calls, n_steps] = &arguments[..] else {
        return Err("expected SCENARIO SEED N_CALLS N_STEPS".into());
    };
    let (n_calls, n_steps) = (n_calls.parse()?, n_steps.parse()?);
    let mut calls = CallBatch::new(world::load(file, None)?.world, n_calls, 0);
    let mut out = StepBatch::default();
    calls.reset(seed.parse()?, Stream::Train, &mut out);

    let mut bytes = BufWriter::new(stdout().lock());
    observe(&out, &mut bytes)?;
    for t in 0..n_steps {
        let choose = |(i, mask): (usize, &offhook_env::action::ActionMask)| {
            mask.nth(((7 * t + 3 * i) % mask.count() as usize) as u32)
        };
        let actions: Vec<_> = out.masks.iter().enumerate().map(choose).collect();
        calls.step(&actions, &mut out);
        observe(&out, &mut bytes)?;
        for reward in &out.rewards {
            bytes.write_all(&reward.to_le_bytes())?;
        }
        for flag in out.terminated.iter().chain(&out.truncated) {
            bytes.write_all(&[u8::from(*flag)])?;
        }
    }
    Ok(bytes.flush()?)
}

fn observe(out: &StepBatch, bytes: &mut impl Write) -> std::io::Result<()> {
    bytes.write_all(&out.codes)?;
    for mask in &out.masks {
        bytes.write_all(&mask.0.to_le_bytes())?;
    }
    Ok(())
}
