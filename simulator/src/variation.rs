//! Calls that vary around a population: more noise on the line, other patience, other trust, drawn anew
//! for every call.
//!
//! Who learns on varied calls meets lines and customers that nobody measured (domain randomization,
//! Tobin et al., 2017, arXiv:1703.06907). The level of noise travels in a call's difficulty: the class
//! of the customer plus `N_CLASSES` per step of noise.

use serde::{Deserialize, Serialize};

use crate::dice::Coins;

/// Classes of difficulty without further noise.
pub(crate) const N_CLASSES: u8 = 3;
/// Steps of noise that a line tells apart, none among them.
pub(crate) const N_NOISES: usize = 31;
/// Share of the acts heard right that one step makes wrong.
pub(crate) const NOISE_STEP: f64 = 0.01;
/// Most noise that may be asked for, as a share of what would be heard right.
const MOST_NOISE: f32 = 0.3;

/// Ranges that every call draws from, evenly; bounds are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Variation {
    /// Share of what would be heard right that is misheard, the way the line mishears, in
    /// `[0, 0.3]`, to the nearest hundredth. Default none.
    pub noise: [f32; 2],
    /// Factor on patience, above 0. Default 1.
    pub patience: [f32; 2],
    /// Added to trust, which stays within `[0, 1]`; in `[-1, 1]`. Default 0.
    pub trust: [f32; 2],
}

impl Default for Variation {
    fn default() -> Self {
        Self {
            noise: [0.0; 2],
            patience: [1.0; 2],
            trust: [0.0; 2],
        }
    }
}

impl Variation {
    /// Customers as they are on a line with so much more noise.
    pub fn noise(share: f32) -> Self {
        Self {
            noise: [share; 2],
            ..Self::default()
        }
    }

    /// Says which range is out of bounds, if one is.
    ///
    /// # Errors
    /// The range with what was expected.
    pub fn check(&self) -> Result<(), String> {
        let ranges = [
            ("noise", self.noise, [0.0, MOST_NOISE]),
            ("patience", self.patience, [f32::MIN_POSITIVE, 100.0]),
            ("trust", self.trust, [-1.0, 1.0]),
        ];
        let fits = |[low, high]: [f32; 2], [least, most]: [f32; 2]| {
            least <= low && low <= high && high <= most
        };
        match ranges
            .iter()
            .find(|(_, found, bounds)| !fits(*found, *bounds))
        {
            None => Ok(()),
            Some((name, found, [least, most])) => Err(format!(
                "{name} is {found:?}, expected a range [low, high] between {least} and {most}"
            )),
        }
    }

    /// Draws the steps of noise on the line, and what becomes of a person's patience and trust.
    pub(crate) fn draw(&self, patience: f32, trust: f32, coins: &mut Coins<'_>) -> (u8, f32, f32) {
        let mut draw = |[low, high]: [f32; 2]| {
            let share = f32::from(coins.bits()) / 65_535.0;
            low + (high - low) * share
        };
        let noise = f64::from(draw(self.noise)) / NOISE_STEP;
        let n_steps = (noise.round() as u8).min(N_NOISES as u8 - 1);
        let patience = (patience * draw(self.patience)).max(1.0);
        let trust = (trust + draw(self.trust)).clamp(0.0, 1.0);
        (n_steps, patience, trust)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shop;
    use offhook_env::rng::{Stream, derive};

    #[test]
    fn a_varied_population_differs_from_the_plain_one_in_what_varies_alone() {
        let (_, plain) = shop();
        let variation = Variation {
            noise: [0.1, 0.3],
            patience: [0.5, 0.5],
            trust: [-0.2, -0.2],
        };
        let varied = plain.clone().varied(variation);
        let mut noises = Vec::new();
        for episode in 0..2_000 {
            let draw = |population: &crate::population::Population| {
                let mut rng = derive(3, Stream::Train, episode);
                population.draw(&mut Coins::new(&mut rng))
            };
            let (a, b) = (draw(&plain), draw(&varied));
            assert_eq!((a.slots, a.concerns, a.wish), (b.slots, b.concerns, b.wish));
            assert_eq!((a.difficulty, a.noise), (b.difficulty, 0));
            assert_eq!(b.patience, (a.patience * 0.5).max(1.0));
            assert_eq!(b.trust, (a.trust - 0.2).max(0.0));
            noises.push(f64::from(b.noise) * NOISE_STEP);
        }
        let mean = noises.iter().sum::<f64>() / noises.len() as f64;
        assert!((mean - 0.2).abs() < 0.01, "{mean}");
        let within = |noise: &f64| (0.0999..0.3001).contains(noise);
        assert!(noises.iter().all(within));
    }

    #[test]
    fn a_range_out_of_bounds_is_named() {
        assert_eq!(Variation::noise(0.3).check(), Ok(()));
        let error = Variation::noise(0.4).check().unwrap_err();
        assert!(error.contains("noise is [0.4, 0.4], expected"), "{error}");
        let turned = Variation {
            trust: [0.2, -0.2],
            ..Variation::default()
        };
        assert!(turned.check().unwrap_err().contains("trust"));
    }
}
