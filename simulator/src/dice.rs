//! Cheap draws: coins of 16 bits, weighted picks and tabulated quantiles, all from few generator calls.

use offhook_env::rng::Rng;
use rand::{Rng as _, SeedableRng};
use rand_distr::Distribution;

/// Deals two generator calls out as eight coins: enough for nearly every reply, so that whether
/// more are needed is easy to foresee.
pub(crate) struct Coins<'r> {
    rng: &'r mut Rng,
    bits: u128,
    left: u8,
}

impl<'r> Coins<'r> {
    pub(crate) fn new(rng: &'r mut Rng) -> Self {
        let mut coins = Self {
            rng,
            bits: 0,
            left: 0,
        };
        coins.refill();
        coins
    }

    #[inline]
    fn refill(&mut self) {
        let (low, high) = (self.rng.next_u64(), self.rng.next_u64());
        self.bits = u128::from(high) << 64 | u128::from(low);
        self.left = 8;
    }

    /// Sixteen fresh bits.
    #[inline]
    pub(crate) fn bits(&mut self) -> u16 {
        if self.left == 0 {
            self.refill();
        }
        let bits = self.bits as u16;
        self.bits >>= 16;
        self.left -= 1;
        bits
    }

    /// Whether something of probability `prob` happens, to within 1 in 65,536.
    #[inline]
    pub(crate) fn lands(&mut self, prob: f32) -> bool {
        f32::from(self.bits()) < prob * 65_536.0
    }
}

/// A weighted choice by one 32-bit draw and one look-up: the alias method (Walker, 1977).
///
/// Every cell is equally probable and shared by at most two choices.
#[derive(Clone, Debug)]
pub(crate) struct Pick<T> {
    cells: Vec<Cell<T>>,
}

#[derive(Clone, Debug)]
struct Cell<T> {
    /// Where the first choice's part of the cell ends.
    below: u32,
    choices: [T; 2],
}

impl<T: Copy> Pick<T> {
    /// A choice in proportion to weights that are not negative; empty when all are 0.
    pub(crate) fn new(weights: impl IntoIterator<Item = (f64, T)>) -> Self {
        let positive = weights.into_iter().filter(|(weight, _)| *weight > 0.0);
        let mut left: Vec<_> = positive.collect();
        let (n_cells, sum) = (left.len(), left.iter().map(|(w, _)| w).sum::<f64>());
        let share = sum / n_cells as f64;
        // The lightest choice fills a cell of its own as far as it goes, the heaviest the rest.
        let cells = (0..n_cells).filter_map(|_| {
            left.sort_by(|a, b| b.0.total_cmp(&a.0));
            let (weight, choice) = left.pop()?;
            let (rest, other) = left.first_mut().map_or((1.0, choice), |heaviest| {
                heaviest.0 -= share - weight;
                ((weight / share).min(1.0), heaviest.1)
            });
            Some(Cell {
                below: (rest * 4_294_967_296.0) as u32,
                choices: [choice, other],
            })
        });
        Self {
            cells: cells.collect(),
        }
    }

    /// Every choice with its probability; one that shares several cells comes several times.
    pub(crate) fn shares(&self) -> impl Iterator<Item = (f64, T)> {
        let each = 1.0 / self.cells.len().max(1) as f64;
        self.cells.iter().flat_map(move |cell| {
            let first = f64::from(cell.below) / 4_294_967_296.0;
            [
                (each * first, cell.choices[0]),
                (each * (1.0 - first), cell.choices[1]),
            ]
        })
    }

    /// The choice that `bits` falls on; `None` only when there is nothing to choose from.
    #[inline]
    pub(crate) fn at(&self, bits: u32) -> Option<T> {
        let place = u64::from(bits) * self.cells.len() as u64;
        let cell = self.cells.get((place >> 32) as usize)?;
        Some(cell.choices[usize::from(place as u32 >= cell.below)])
    }
}

/// Levels of a tabulated distribution.
const N_LEVELS: usize = 1024;
/// Samples behind each level.
const SAMPLES_PER_LEVEL: usize = 16;

/// A distribution as a table of equally probable levels, so that a draw costs one look-up.
#[derive(Clone, Debug)]
pub(crate) struct Quantiles(Vec<f32>);

impl Quantiles {
    /// Tabulates `distribution` from samples of a fixed seed; values are clamped to `range`.
    pub(crate) fn new(distribution: &impl Distribution<f64>, range: (f64, f64)) -> Self {
        let mut rng = Rng::seed_from_u64(1);
        let mut samples: Vec<f64> = (0..N_LEVELS * SAMPLES_PER_LEVEL)
            .map(|_| distribution.sample(&mut rng).clamp(range.0, range.1))
            .collect();
        samples.sort_by(f64::total_cmp);
        let mean = |chunk: &[f64]| (chunk.iter().sum::<f64>() / chunk.len() as f64) as f32;
        Self(samples.chunks(SAMPLES_PER_LEVEL).map(mean).collect())
    }

    pub(crate) fn draw(&self, coins: &mut Coins<'_>) -> f32 {
        self.0[(usize::from(coins.bits()) * N_LEVELS) >> 16]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_distr::{Beta, Normal};

    #[test]
    fn coins_land_as_often_as_told() {
        let mut rng = Rng::seed_from_u64(3);
        let mut coins = Coins::new(&mut rng);
        for prob in [0.0, 0.05, 0.5, 1.0] {
            let share = (0..100_000).filter(|_| coins.lands(prob)).count() as f32 / 1e5;
            assert!((share - prob).abs() < 0.006, "{share} for {prob}");
        }
    }

    #[test]
    fn picks_follow_their_weights_and_zero_is_never_picked() {
        let pick = Pick::new([(1.0, 'a'), (0.0, 'b'), (3.0, 'c')]);
        let count = |choice| {
            (0..4096u32)
                .filter(|k| pick.at(k << 20) == Some(choice))
                .count()
        };
        assert_eq!([count('a'), count('b'), count('c')], [1024, 0, 3072]);
        let pick = Pick::new((1..=7u8).map(|weight| (f64::from(weight), weight)));
        for weight in 1..=7 {
            let n = (0..28_000u32).filter(|k| pick.at(k * 153_391) == Some(weight));
            assert!(
                n.count().abs_diff(1000 * usize::from(weight)) < 10,
                "{weight}"
            );
        }
        assert!(pick.at(u32::MAX).is_some());
        assert_eq!(Pick::<u8>::new([(0.0, 1)]).at(5), None);
    }

    #[test]
    fn tables_keep_mean_and_spread() {
        let normal = Quantiles::new(&Normal::new(8.0, 3.0).expect("valid"), (-100.0, 100.0));
        let mean = normal.0.iter().sum::<f32>() / N_LEVELS as f32;
        let variance = normal.0.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / N_LEVELS as f32;
        assert!(
            (mean - 8.0).abs() < 0.1 && (variance.sqrt() - 3.0).abs() < 0.1,
            "{mean} {variance}"
        );
        let beta = Quantiles::new(&Beta::new(2.0, 3.0).expect("valid"), (0.0, 1.0));
        assert!((beta.0.iter().sum::<f32>() / N_LEVELS as f32 - 0.4).abs() < 0.01);
    }
}
