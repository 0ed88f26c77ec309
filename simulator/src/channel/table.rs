//! The tables of a confusion channel: what becomes of each kind of act, how surely, and what stands second.

use offhook_env::act::UserActKind;

use super::model::{N_BINS, Rates, Second};
use crate::dice::Pick;

/// What becomes of an act on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
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

/// What stands second in the n-best list.
///
/// Say the customer says `affirm`, and the first reading is `deny`, which is wrong. Then `Altered(Fate::Right)`
/// puts the truth second, `affirm`; `Altered(Fate::As(thank))` puts `thank` there; `Silence` says that nothing
/// may have been said, and `Missing` leaves `deny` alone in the list. Of an utterance of several acts only
/// the doubted one is altered: the first that is wrong in the first reading, or the first where all are right.
#[derive(Clone, Copy, Debug)]
pub(super) enum SecondReading {
    /// There is none: the first reading is the only one, and certain.
    Missing,
    /// What was truly said, but for the doubted act, which met this fate.
    Altered(Fate),
    /// Silence.
    Silence,
}

/// How one kind of act is heard.
#[derive(Clone, Debug)]
pub(super) struct KindTable {
    pub(super) right: Bins,
    pub(super) wrong: Bins,
    pub(super) lost: Bins,
    pub(super) behind_right: Seconds,
    pub(super) behind_wrong: Seconds,
}

/// What stands second behind a right reading, or behind a wrong one.
#[derive(Clone, Debug)]
pub(super) struct Seconds {
    /// What stands second: while the first reading's confidence lies below the highest bin, and within it,
    /// where it may be the only one.
    pub(super) readings: [Pick<SecondReading>; 2],
    pub(super) share: Bins,
}

/// A density on `[0, 1]` that is flat within each bin.
#[derive(Clone, Debug)]
pub(super) struct Bins(Pick<f32>);

impl Bins {
    pub(super) fn new(weights: &[f64; N_BINS]) -> Self {
        let from = |(k, &weight)| (weight, k as f32 / N_BINS as f32);
        Self(Pick::new(weights.iter().enumerate().map(from)))
    }

    /// Probability of each bin.
    pub(super) fn masses(&self) -> [f64; N_BINS] {
        let mut masses = [0.0; N_BINS];
        for (share, from) in self.0.shares() {
            masses[(from * N_BINS as f32).round() as usize] += share;
        }
        if masses.iter().all(|mass| *mass == 0.0) {
            masses[0] = 1.0;
        }
        masses
    }

    #[inline]
    pub(super) fn at(&self, bits: u32) -> f32 {
        // The lowest bits are as good as independent of the bin.
        let within = (bits & 0xFF) as f32 / 256.0;
        self.0.at(bits).unwrap_or(0.0) + within / N_BINS as f32
    }
}

impl KindTable {
    pub(super) fn new(kind: UserActKind, rates: &Rates, weights: &[(f64, Fate)]) -> Self {
        let lost = if is_quiet(kind) {
            &rates.right
        } else {
            &rates.lost
        };
        Self {
            right: Bins::new(&rates.right),
            wrong: Bins::new(&rates.wrong),
            lost: Bins::new(lost),
            behind_right: Seconds::new(
                &rates.second_right,
                &rates.share_right,
                &rates.right,
                weights,
            ),
            behind_wrong: Seconds::new(
                &rates.second_wrong,
                &rates.share_wrong,
                &rates.wrong,
                weights,
            ),
        }
    }
}

impl Seconds {
    fn new(
        second: &Second,
        share: &[f64; N_BINS],
        confidence: &[f64; N_BINS],
        weights: &[(f64, Fate)],
    ) -> Self {
        // Errors within the kind, and as other kinds; nothing is heard where there are none.
        let errors = |sum: f64, fits: fn(Fate) -> bool| {
            let fitting: Vec<_> = weights
                .iter()
                .filter(|(w, h)| *w > 0.0 && fits(*h))
                .collect();
            let whole: f64 = fitting.iter().map(|(weight, _)| weight).sum();
            let mut list: Vec<_> = (fitting.iter())
                .map(|(weight, heard)| (sum * weight / whole, SecondReading::Altered(*heard)))
                .collect();
            if list.is_empty() {
                list.push((sum, SecondReading::Altered(Fate::Lost)));
            }
            list
        };
        let mut readings = vec![
            (second.truth, SecondReading::Altered(Fate::Right)),
            (second.silence, SecondReading::Silence),
        ];
        readings.extend(errors(second.same, |fate| {
            matches!(fate, Fate::About | Fate::Value)
        }));
        readings.extend(errors(second.other, |fate| matches!(fate, Fate::As(_))));
        let whole: f64 = readings.iter().map(|(weight, _)| weight).sum();
        let highest = confidence[N_BINS - 1] / confidence.iter().sum::<f64>();
        // A single reading is certain, so that it only stands for one in the highest bin.
        let alone = if second.absent == 0.0 {
            0.0
        } else {
            (second.absent / highest.max(1e-9)).min(1.0)
        };
        let with = |alone: f64| {
            let rest = readings
                .iter()
                .map(|&(weight, behind)| (weight / whole.max(1e-9) * (1.0 - alone), behind));
            Pick::new(rest.chain([(alone, SecondReading::Missing)]))
        };
        Self {
            readings: [with(0.0), with(alone)],
            share: Bins::new(share),
        }
    }
}

/// Nothing was said that matters, so that hearing nothing is right.
#[inline]
pub(super) fn is_quiet(kind: UserActKind) -> bool {
    matches!(kind, UserActKind::Silence | UserActKind::Unrelated)
}

/// Fates of a kind with their weights as measured.
pub(super) fn weights(
    kind: UserActKind,
    rates: &Rates,
    can: impl Fn(UserActKind) -> bool,
) -> Vec<(f64, Fate)> {
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
            weights.push((prob * (1.0 - about - value), Fate::Right));
            weights.push((prob * about, Fate::About));
            weights.push((prob * value, Fate::Value));
        } else if is_quiet(heard) {
            weights.push((
                prob,
                if is_quiet(kind) {
                    Fate::Right
                } else {
                    Fate::Lost
                },
            ));
        } else {
            weights.push((
                prob,
                if can(heard) {
                    Fate::As(heard)
                } else {
                    Fate::Lost
                },
            ));
        }
    }
    weights
}

/// The weights with the share `noise` of what is heard right made wrong, the way the kind goes wrong;
/// lost where it never does.
pub(super) fn noisier(weights: &[(f64, Fate)], noise: f64) -> Vec<(f64, Fate)> {
    let sum_of = |right: bool| {
        let fitting = weights.iter().filter(|(_, h)| (*h == Fate::Right) == right);
        fitting.map(|(weight, _)| weight).sum::<f64>()
    };
    let (right, wrong) = (sum_of(true), sum_of(false));
    let more = noise * right;
    let rise = if wrong > 0.0 { 1.0 + more / wrong } else { 1.0 };
    let of = |heard: &Fate| {
        if *heard == Fate::Right {
            1.0 - noise
        } else {
            rise
        }
    };
    let mut noisy: Vec<_> = (weights.iter())
        .map(|(weight, heard)| (weight * of(heard), *heard))
        .collect();
    if wrong == 0.0 {
        noisy.push((more, Fate::Lost));
    }
    noisy
}

/// The weights with the odds of error multiplied by `odds`.
pub(super) fn scaled(kind: UserActKind, weights: &[(f64, Fate)], odds: f64) -> Vec<(f64, Fate)> {
    debug_assert!(
        weights.iter().all(|(weight, _)| *weight >= 0.0),
        "{kind}: {weights:?}"
    );
    let of = |heard: &Fate| if *heard == Fate::Right { 1.0 } else { odds };
    weights
        .iter()
        .map(|(weight, heard)| (weight * of(heard), *heard))
        .collect()
}
