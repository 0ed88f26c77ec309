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
        let left = (0..k).fold(self.0, |left, _| left & left.wrapping_sub(1));
        assert_ne!(left, 0, "k is below the number of allowed actions");
        left.trailing_zeros() as ActionId
    }
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
}
