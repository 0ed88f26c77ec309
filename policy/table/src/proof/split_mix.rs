//! Numbers that are as good as random and a function of their seed, for the self-test.

/// SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195): enough to choose where to
/// break a table, and no dependency.
#[derive(Clone, Debug)]
pub struct SplitMix(pub u64);

impl SplitMix {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; its bias of at most `n / 2^64` is none that a test can see.
    ///
    /// # Panics
    /// If `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next_u64() % n as u64) as usize
    }
}

/// One of the items, each as likely; `None` when there is none.
pub(crate) fn pick(items: impl Iterator<Item = usize>, rng: &mut SplitMix) -> Option<usize> {
    let items: Vec<usize> = items.collect();
    items.get(rng.below(items.len().max(1))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_stability() {
        let mut rng = SplitMix(1_234_567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
    }
}
