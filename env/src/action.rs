//! Actions as a policy sees them: a small number, and a mask over them.

/// Most actions a scenario may have, so that a mask is one `u64`.
pub const MAX_ACTIONS: usize = 64;

/// The number of an action in its scenario, below [`MAX_ACTIONS`].
pub type ActionId = u8;

/// Which actions are allowed; bit `a` stands for action `a`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ActionMask(pub u64);

impl ActionMask {
    /// The mask that allows the first `n_actions` actions.
    pub const fn all(n_actions: usize) -> Self {
        Self(if n_actions >= 64 {
            u64::MAX
        } else {
            (1 << n_actions) - 1
        })
    }

    /// Whether `action` is allowed.
    pub const fn allows(self, action: ActionId) -> bool {
        self.0 >> action & 1 == 1
    }

    /// How many actions are allowed.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The allowed actions in ascending order.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = ActionId> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            (left != 0).then(|| {
                let action = left.trailing_zeros() as ActionId;
                left &= left - 1;
                action
            })
        })
    }

    /// The `k`-th allowed action, counted from 0.
    ///
    /// # Panics
    /// If fewer than `k + 1` actions are allowed.
    #[inline]
    pub fn nth(self, k: u32) -> ActionId {
        // Walking the bits would be foreseen wrongly at every random choice. Instead the eight bytes
        // are searched at once, then the eight bits of one, spread to a byte each (select by broadword
        // search; Vigna, 2008).
        let bytes = sums(byte_counts(self.0));
        let byte = n_at_most(bytes, u64::from(k)) * 8;
        assert!(byte < 64, "k is below the number of allowed actions");
        let rank = u64::from(k) - ((bytes << 8) >> byte & 0xFF);
        let spread = (self.0 >> byte & 0xFF).wrapping_mul(ONES) & 0x8040_2010_0804_0201;
        let bits = sums(((spread | ((spread | TOPS) - ONES)) & TOPS) >> 7);
        (byte + n_at_most(bits, rank)) as ActionId
    }
}

/// The lowest bit of each of eight bytes.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each of eight bytes.
const TOPS: u64 = ONES << 7;

/// The number of bits in each byte.
const fn byte_counts(set: u64) -> u64 {
    let pairs = set - (set >> 1 & 0x5555_5555_5555_5555);
    let fours = (pairs & 0x3333_3333_3333_3333) + (pairs >> 2 & 0x3333_3333_3333_3333);
    (fours + (fours >> 4)) & 0x0F0F_0F0F_0F0F_0F0F
}

/// Each byte with all below it.
const fn sums(bytes: u64) -> u64 {
    bytes.wrapping_mul(ONES)
}

/// How many bytes, each at most 64, are at most `k` below 64.
const fn n_at_most(bytes: u64, k: u64) -> u64 {
    let passed = (((k * ONES) | TOPS) - bytes) & TOPS;
    sums(passed >> 7) >> 56
}

impl FromIterator<ActionId> for ActionMask {
    fn from_iter<I: IntoIterator<Item = ActionId>>(actions: I) -> Self {
        Self(
            actions
                .into_iter()
                .fold(0, |mask, action| mask | 1 << action),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_lists_what_it_was_made_of() {
        let mask: ActionMask = [3, 0, 63].into_iter().collect();
        assert_eq!(mask.iter().collect::<Vec<_>>(), [0, 3, 63]);
        assert_eq!((mask.count(), mask.nth(1)), (3, 3));
        assert!(mask.allows(63) && !mask.allows(1));
        assert_eq!(ActionMask::all(64).count(), 64);
    }

    #[test]
    fn the_nth_action_is_the_nth_of_the_list() {
        for set in [1, 1 << 63, u64::MAX, 0x8000_0000_0000_0001, 0xF0F0]
            .into_iter()
            .chain((0..500).map(crate::rng::mix))
        {
            let mask = ActionMask(set);
            for (k, action) in mask.iter().enumerate() {
                assert_eq!(mask.nth(k as u32), action, "{k} of {set:x}");
            }
        }
    }
}
