//! Resamples of callers, each a function of (seed, number).

use offhook_env::rng::{Stream, derive};
use rand::Rng as _;

/// How often every group is drawn in resample number `b`; a function of its arguments.
pub fn resample(n_groups: usize, seed: u64, b: u64) -> Vec<u32> {
    let mut rng = derive(seed, Stream::Resample, b);
    let mut counts = vec![0; n_groups];
    for _ in 0..n_groups {
        // The high half of a product with a 64-bit draw; its bias is below 2^-32 for our sizes.
        let group = (u128::from(rng.next_u64()) * n_groups as u128) >> 64;
        counts[group as usize] += 1;
    }
    counts
}
