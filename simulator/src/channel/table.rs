//! The tables of a confusion channel: what becomes of each kind of act, how surely, and what stands second.

use offhook_env::act::UserActKind;

use super::model::{N_BINS, Rates, Second};
use crate::dice::Pick;

/// What becomes of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Right,
    /// The kind is right, what it is about is not.
    About,
    /// Kind and slot are right, the value is not.
    Value,
    /// Nothing is heard of it.
    Lost,
    /// An act of another kind.
    As(UserActKind),
}

/// What the second reading is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behind {
    Truth,
    Same,
    Other,
    Silence,
}

#[derive(Clone, Debug)]
pub(super) struct KindTable {
    pub(super) right: Bins,
    pub(super) wrong: Bins,
    pub(super) lost: Bins,
    pub(super) behind_right: Seconds,
    pub(super) behind_wrong: Seconds,
    /// Errors within the kind, and as other kinds.
    pub(super) same: Pick<Heard>,
    pub(super) other: Pick<Heard>,
}

#[derive(Clone, Debug)]
pub(super) struct Seconds {
    /// Chance that the first reading is the only one and certain, given that its confidence lies
    /// in the highest bin.
    pub(super) single: u32,
    pub(super) which: Pick<Behind>,
    pub(super) share: Bins,
}

/// A density on `[0, 1]` that is flat within each bin; the highest bins are looked at first.
#[derive(Clone, Debug)]
pub(super) struct Bins([u32; N_BINS]);

impl Bins {
    pub(super) fn new(weights: &[f64; N_BINS]) -> Self {
        let sum: f64 = weights.iter().sum();
        let mut below = 0.0;
        Self(std::array::from_fn(|k| {
            below += weights[N_BINS - 1 - k] / sum;
            (below * 4_294_967_296.0) as u32
        }))
    }

    #[inline]
    pub(super) fn at(&self, bits: u32) -> f32 {
        // Counting takes no branch; the bounds ascend. Rounding may leave a sliver behind the last.
        let passed = self.0.iter().filter(|&&below| bits >= below).count();
        let from_top = if passed == N_BINS { 0 } else { passed };
        // The lowest bits are as good as independent of the bin.
        let within = (bits & 0xFF) as f32 / 256.0;
        ((N_BINS - 1 - from_top) as f32 + within) / N_BINS as f32
    }
}

impl KindTable {
    pub(super) fn new(kind: UserActKind, rates: &Rates, weights: &[(f64, Heard)]) -> Self {
        let part = |same: bool| {
            let of = move |heard: Heard| match heard {
                Heard::About | Heard::Value => same,
                Heard::As(_) => !same,
                Heard::Right | Heard::Lost => false,
            };
            Pick::new(weights.iter().copied().filter(move |(_, heard)| of(*heard)))
        };
        let lost = if is_quiet(kind) {
            &rates.right
        } else {
            &rates.lost
        };
        Self {
            right: Bins::new(&rates.right),
            wrong: Bins::new(&rates.wrong),
            lost: Bins::new(lost),
            behind_right: Seconds::new(&rates.second_right, &rates.share_right, &rates.right),
            behind_wrong: Seconds::new(&rates.second_wrong, &rates.share_wrong, &rates.wrong),
            same: part(true),
            other: part(false),
        }
    }
}

impl Seconds {
    pub(super) fn new(second: &Second, share: &[f64; N_BINS], confidence: &[f64; N_BINS]) -> Self {
        let highest = confidence[N_BINS - 1] / confidence.iter().sum::<f64>();
        let single = if second.absent == 0.0 {
            0.0
        } else {
            (second.absent / highest.max(1e-9)).min(1.0)
        };
        let which = [
            (second.truth, Behind::Truth),
            (second.same, Behind::Same),
            (second.other, Behind::Other),
            (second.silence, Behind::Silence),
        ];
        Self {
            single: (single * 4_294_967_296.0) as u32,
            which: Pick::new(which),
            share: Bins::new(share),
        }
    }
}

/// Nothing was said that matters, so that hearing nothing is right.
pub(super) fn is_quiet(kind: UserActKind) -> bool {
    matches!(kind, UserActKind::Silence | UserActKind::Unrelated)
}

/// Fates of a kind with their weights as measured.
pub(super) fn weights(
    kind: UserActKind,
    rates: &Rates,
    can: impl Fn(UserActKind) -> bool,
) -> Vec<(f64, Heard)> {
    let mut weights = Vec::new();
    for &(heard, prob) in &rates.heard {
        if heard == kind && !is_quiet(kind) {
            let about = if kind.about().is_some() {
                rates.about_error
            } else {
                0.0
            };
            let value = if kind == UserActKind::Inform {
                rates.value_error
            } else {
                0.0
            };
            weights.push((prob * (1.0 - about - value), Heard::Right));
            weights.push((prob * about, Heard::About));
            weights.push((prob * value, Heard::Value));
        } else if is_quiet(heard) {
            weights.push((
                prob,
                if is_quiet(kind) {
                    Heard::Right
                } else {
                    Heard::Lost
                },
            ));
        } else {
            weights.push((
                prob,
                if can(heard) {
                    Heard::As(heard)
                } else {
                    Heard::Lost
                },
            ));
        }
    }
    weights
}

/// The weights with the odds of error multiplied by `odds`.
pub(super) fn scaled(kind: UserActKind, weights: &[(f64, Heard)], odds: f64) -> Vec<(f64, Heard)> {
    debug_assert!(
        weights.iter().all(|(weight, _)| *weight >= 0.0),
        "{kind}: {weights:?}"
    );
    let of = |heard: &Heard| if *heard == Heard::Right { 1.0 } else { odds };
    weights
        .iter()
        .map(|(weight, heard)| (weight * of(heard), *heard))
        .collect()
}
