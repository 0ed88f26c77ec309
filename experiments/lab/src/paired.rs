//! What pairs of calls contribute to the difference of a key figure, so that calls need not be kept.

use offhook_env::call::outcome::CallSummary;
use offhook_stats::{Estimate, Moments, simultaneous_mean};

use crate::key_figure::{KEY_FIGURES, KeyFigure};

/// Of every pair: whether the figure is of the first call and what that contributes, and the same of the second.
const N_TERMS: usize = 4;

/// Sums over pairs of calls of one figure.
///
/// A figure among some calls only is a ratio `R = sum(d v) / sum(d)`, and the difference of two ratios is the mean of
/// their linearized contributions, as [`KeyFigure::difference`] has it; the variance of that mean is a function of
/// the sums and products of `d v` and `d` on both sides.
#[derive(Clone, Copy, Debug, Default)]
struct PairSums {
    n: u64,
    /// Pairs whose calls contribute differently.
    n_differing: u64,
    sums: [f64; N_TERMS],
    products: [[f64; N_TERMS]; N_TERMS],
}

impl PairSums {
    fn add(&mut self, figure: &KeyFigure, [a, b]: [&CallSummary; 2]) {
        let [in_a, in_b] = [a, b].map(|call| figure.contribution(call));
        let [d_a, d_b] = [in_a, in_b].map(|value| f64::from(value.is_some()));
        let terms = [d_a, in_a.unwrap_or(0.0), d_b, in_b.unwrap_or(0.0)];
        self.n += 1;
        self.n_differing += u64::from(in_a != in_b);
        for (i, x) in terms.into_iter().enumerate() {
            self.sums[i] += x;
            for (j, y) in terms.into_iter().enumerate() {
                self.products[i][j] += x * y;
            }
        }
    }

    /// Mean and variance of what pairs contribute to `R_b - R_a`; `None` where either has no such call.
    fn moments(&self) -> Option<Moments> {
        let n = self.n as f64;
        let [d_a, v_a, d_b, v_b] = self.sums.map(|sum| sum / n);
        if self.n == 0 || d_a == 0.0 || d_b == 0.0 {
            return None;
        }
        let [ratio_a, ratio_b] = [v_a / d_a, v_b / d_b];
        let weights = [ratio_a / d_a, -1.0 / d_a, -ratio_b / d_b, 1.0 / d_b];
        let square = (0..N_TERMS).flat_map(|i| (0..N_TERMS).map(move |j| (i, j)));
        let square = square.map(|(i, j)| weights[i] * weights[j] * self.products[i][j]);
        // What is weighed sums to 0, so that its mean square is its variance.
        let variance = (square.sum::<f64>() / (n - 1.0)).max(0.0);
        let is_one = self.n == 1;
        Some(Moments {
            n: self.n as usize,
            mean: ratio_b - ratio_a,
            variance: if is_one { 0.0 } else { variance },
        })
    }
}

/// Sums of every one of [`KEY_FIGURES`].
#[derive(Clone, Debug)]
pub struct PairTallies(Vec<PairSums>);

impl Default for PairTallies {
    fn default() -> Self {
        Self(vec![PairSums::default(); KEY_FIGURES.len()])
    }
}

impl PairTallies {
    /// Adds the same call as the first policy played it and as another did.
    pub fn add(&mut self, first: &CallSummary, other: &CallSummary) {
        for (figure, sums) in KEY_FIGURES.iter().zip(&mut self.0) {
            sums.add(figure, [first, other]);
        }
    }

    /// How much more the other has of each figure, with an interval that is one of `n` which hold together; none for
    /// plain counts, of which there is no mean, and no interval where no pair differs.
    pub fn differences(&self, n: usize) -> Vec<Option<Estimate>> {
        let difference = |(figure, sums): (&KeyFigure, &PairSums)| {
            let moments = sums.moments().filter(|_| !figure.is_count())?;
            if sums.n_differing == 0 {
                return Some(Estimate::point(0.0));
            }
            simultaneous_mean(&[moments], n).map(|e| e.scaled(figure.scale()))
        };
        KEY_FIGURES.iter().zip(&self.0).map(difference).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::play::{self, Choice, Plan};
    use offhook_env::policy::RandomPolicy;
    use offhook_env::rng::Stream;

    #[test]
    fn sums_over_pairs_give_the_differences_of_the_calls() {
        let loaded = offhook_simulator::world::load("epidemic_survey", None);
        let world = loaded.unwrap_or_else(|e| panic!("{e}")).world;
        let plan = |choice| Plan {
            seed: 1,
            stream: Stream::Evaluate,
            first: 0,
            n_calls: 400,
            choice,
        };
        let first = play::evaluate(&world, &RandomPolicy, plan(Choice::Sample));
        let other = play::evaluate(&world, &world.scenario.script(), plan(Choice::Best));
        let mut tallies = PairTallies::default();
        for (first, other) in first.iter().zip(&other) {
            tallies.add(first, other);
        }
        for n in [1, 6] {
            for (figure, found) in KEY_FIGURES.iter().zip(tallies.differences(n)) {
                let known = figure.simultaneous_difference(&[&other[..]], &[&first[..]], n);
                let known = known.filter(|_| !figure.is_count());
                let ends = |e: Option<Estimate>| {
                    let e = e.unwrap_or(Estimate::point(0.0));
                    let (low, high) = e.bounds.unwrap_or((e.value, e.value));
                    [e.value, low, high]
                };
                for (a, b) in ends(found).into_iter().zip(ends(known)) {
                    let name = figure.name;
                    assert!((a - b).abs() < 1e-4 * (1.0 + b.abs()), "{name}: {a} {b}");
                }
            }
        }
    }
}
