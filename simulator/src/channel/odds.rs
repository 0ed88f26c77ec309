//! The tables of a confusion channel as probabilities, to tell how likely it is to hear something.

use offhook_env::act::UserAct;

use super::confusion::N_KINDS;
use super::model::N_BINS;
use super::table::{Bins, Fate, KindTable, SecondReading, Seconds};
use crate::dice::Pick;

/// Steps of a confidence within its bin.
pub(super) const GRID: u32 = 256;
/// Steps up to certainty.
pub(super) const CERTAIN: u32 = GRID * N_BINS as u32;
/// Where the highest bin begins.
pub(super) const HIGHEST: u32 = CERTAIN - GRID;

/// The channel's tables as probabilities.
#[derive(Clone, Debug)]
pub(super) struct Odds {
    /// As the channel's fates.
    pub(super) fates: Vec<[FateOdds; N_KINDS]>,
    pub(super) kinds: Vec<KindOdds>,
    /// Values that may be heard, by slot.
    pub(super) n_values: Vec<u32>,
}

/// What becomes of an act, as probabilities.
#[derive(Clone, Debug)]
pub(super) struct FateOdds {
    pub(super) right: f64,
    pub(super) about: f64,
    pub(super) value: f64,
    pub(super) lost: f64,
    pub(super) other: [f64; N_KINDS],
}

/// How surely a kind is heard, and what stands second; behind a right reading, then behind a wrong one.
#[derive(Clone, Debug)]
pub(super) struct KindOdds {
    pub(super) right: BinOdds,
    pub(super) wrong: BinOdds,
    pub(super) lost: BinOdds,
    pub(super) behind: [BehindOdds; 2],
}

#[derive(Clone, Debug)]
pub(super) struct BehindOdds {
    pub(super) readings: [ReadingOdds; 2],
    pub(super) share: BinOdds,
}

#[derive(Clone, Debug)]
pub(super) struct ReadingOdds {
    pub(super) altered: FateOdds,
    pub(super) silent: f64,
    pub(super) missing: f64,
}

/// A density that is flat within each bin.
#[derive(Clone, Debug)]
pub(super) struct BinOdds {
    mass: [f64; N_BINS],
    /// Probability of all bins above.
    above: [f64; N_BINS],
}

impl Odds {
    /// `informs` are the values that may be heard of all slots.
    pub(super) fn new(
        fates: &[[Pick<Fate>; N_KINDS]],
        kinds: &[KindTable; N_KINDS],
        informs: &[UserAct],
    ) -> Self {
        let of = |picks: &[Pick<Fate>; N_KINDS]| picks.each_ref().map(fate_odds);
        let mut n_values = Vec::new();
        for act in informs {
            let slot = usize::from(act.about);
            n_values.resize(n_values.len().max(slot + 1), 0);
            n_values[slot] += 1;
        }
        Self {
            fates: fates.iter().map(of).collect(),
            kinds: kinds.iter().map(KindOdds::new).collect(),
            n_values,
        }
    }
}

fn fate_odds(pick: &Pick<Fate>) -> FateOdds {
    let mut odds = FateOdds::NOTHING;
    let mut any = false;
    for (share, fate) in pick.shares() {
        odds.add(share, fate);
        any = true;
    }
    // What has no fates is heard right.
    odds.right += f64::from(u8::from(!any));
    odds
}

impl FateOdds {
    const NOTHING: Self = Self {
        right: 0.0,
        about: 0.0,
        value: 0.0,
        lost: 0.0,
        other: [0.0; N_KINDS],
    };

    fn add(&mut self, share: f64, fate: Fate) {
        *match fate {
            Fate::Right => &mut self.right,
            Fate::About => &mut self.about,
            Fate::Value => &mut self.value,
            Fate::Lost => &mut self.lost,
            Fate::As(kind) => &mut self.other[kind as usize],
        } += share;
    }

    pub(super) fn sum(&self) -> f64 {
        self.right + self.about + self.value + self.lost + self.other.iter().sum::<f64>()
    }
}

impl KindOdds {
    fn new(table: &KindTable) -> Self {
        Self {
            right: BinOdds::new(&table.right),
            wrong: BinOdds::new(&table.wrong),
            lost: BinOdds::new(&table.lost),
            behind: [&table.behind_right, &table.behind_wrong].map(BehindOdds::new),
        }
    }
}

impl BehindOdds {
    fn new(seconds: &Seconds) -> Self {
        let of = |pick: &Pick<SecondReading>| {
            let mut odds = ReadingOdds {
                altered: FateOdds::NOTHING,
                silent: 0.0,
                missing: 0.0,
            };
            let mut any = false;
            for (share, reading) in pick.shares() {
                any = true;
                match reading {
                    SecondReading::Missing => odds.missing += share,
                    SecondReading::Silence => odds.silent += share,
                    SecondReading::Altered(fate) => odds.altered.add(share, fate),
                }
            }
            odds.silent += f64::from(u8::from(!any));
            odds
        };
        Self {
            readings: seconds.readings.each_ref().map(of),
            share: BinOdds::new(&seconds.share),
        }
    }
}

impl BinOdds {
    fn new(bins: &Bins) -> Self {
        let mass = bins.masses();
        let above = std::array::from_fn(|k| mass[k + 1..].iter().sum());
        Self { mass, above }
    }

    /// Probability of a step.
    pub(super) fn at(&self, step: u32) -> f64 {
        self.mass[(step / GRID) as usize] / f64::from(GRID)
    }

    /// Probability of a step or any above it.
    #[inline]
    pub(super) fn at_least(&self, step: u32) -> f64 {
        if step >= CERTAIN {
            return 0.0;
        }
        let bin = (step / GRID) as usize;
        let rest = f64::from(GRID - step % GRID) / f64::from(GRID);
        self.above[bin] + self.mass[bin] * rest
    }
}
